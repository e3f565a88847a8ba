"""Run the night by hand."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.choices import RunStatus
from prm import nightly, tasks


class Command(BaseCommand):
    help = "Review tiers, recalculate rebates and close ended months for one business date (yesterday by default)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, help="business date, YYYY-MM-DD")
        parser.add_argument("--queue", action="store_true", help="leave the work to the Celery workers")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        day = options["date"] or timezone.localdate() - timedelta(days=1)
        run, is_new = nightly.open_night(day, at=now)
        if not is_new and run.status == RunStatus.DONE:
            self.stdout.write(f"The night of {day} was done at {run.finished_at:%Y-%m-%d %H:%M} UTC; nothing to do.")
            return
        if options["queue"]:
            tasks.hurry_nightly()
            self.stdout.write(f"The night of {day} waits for the workers.")
            return
        nightly.work()
        run.refresh_from_db()
        for part in run.slices.order_by("stage_number", "number"):
            figures = ", ".join(f"{name} {value}" for name, value in part.result.items())
            self.stdout.write(f"{part.stage} {part.number}: {part.status} {figures}")
        self.stdout.write(f"The night of {day}: {run.status}")
        if run.status != RunStatus.DONE:
            raise CommandError("the night is not finished: a slice failed or another worker is on it")
