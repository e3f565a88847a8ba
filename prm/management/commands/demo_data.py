"""Load the demo."""

import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from prm.demo import build

INTERRUPTED = 3  # exit code that prm/run.py knows


class Command(BaseCommand):
    help = "Load a believable year of an invented vendor with 60 partners into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=2026, help="the same seed and day give the same data")
        parser.add_argument("--scale", type=int, default=1, help="multiplies partners, customers, deals and sales")
        parser.add_argument("--today", type=date.fromisoformat, help="the day on which the story is told")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there is data already")

    def handle(self, *args: Any, **options: Any) -> None:
        state = build.state()
        if state == "interrupted" and options["if_empty"]:
            sys.exit(INTERRUPTED)
        if state != "empty":
            if options["if_empty"]:
                return
            raise CommandError("The database is not empty. `make reset` deletes everything and loads fresh demo data.")
        started = time.monotonic()
        self.stdout.write("Loading demo data, a minute or two …")
        plan = build.Plan(seed=options["seed"], scale=options["scale"], today=options["today"] or timezone.localdate())
        figures = build.build(plan, progress=self._progress)
        logins = build.logins(plan.seed)
        Path(settings.VAR_DIR, "demo-logins.txt").write_text(logins)
        counts = ", ".join(f"{value} {name}" for name, value in figures.items())
        self.stdout.write(f"\nLoaded in {time.monotonic() - started:.0f} s: {counts}.\n\n{logins}")

    def _progress(self, day: date) -> None:
        self.stdout.write(f"  {day:%B %Y}", ending="\r")
        self.stdout.flush()
