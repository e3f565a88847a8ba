"""Send the daily summaries by hand."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from partners.actions.mails import send_digests


class Command(BaseCommand):
    help = "Mail everybody's summary of what waits; nobody gets a second one for the same day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="day of the summary, YYYY-MM-DD (today by default)")

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["day"] or timezone.localdate()
        count = send_digests(day, at=timezone.now())
        self.stdout.write(f"Summaries of {day}: {count.sent} sent, {count.failed} failed")
        if count.failed:
            raise CommandError("what failed is in the log, and in the next summary")
