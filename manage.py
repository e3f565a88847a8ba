#!/usr/bin/env python
"""Django's command line, with the embedded engines running where none are configured."""

import os
import sys

from django.core.management import execute_from_command_line

from prm import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    embedded.ensure_running()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
