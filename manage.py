#!/usr/bin/env python
"""Django's command line, with the embedded engines running where none are configured."""

import sys

from django.core.management import execute_from_command_line

from prm import celery


def main() -> None:
    celery.app.set_default()  # hints that a command sends reach our broker; importing it has started the engines
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
