"""Judge past decisions by a rulebook, here and now."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.actor import SYSTEM
from common.choices import RunStatus
from common.errors import NotFound, Refused
from common.reasons import sentences
from deals.actions.backtests import do_waiting, start_back_test
from deals.queries.backtests import find_back_test, summary_of
from deals.queries.rulebooks import find_rulebook


class Command(BaseCommand):
    help = "Report which past decisions a rulebook, draft or published, would have made otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rulebook", help="its id, rbk_…")
        parser.add_argument("--since", type=date.fromisoformat, help="first day, YYYY-MM-DD (a year ago by default)")
        parser.add_argument("--until", type=date.fromisoformat, help="last day (today by default)")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        starts_on = options["since"] or today - timedelta(days=365)
        ends_on = (options["until"] or today) + timedelta(days=1)
        try:
            rulebook = find_rulebook(SYSTEM, options["rulebook"])
            test = start_back_test(rulebook.pk, starts_on=starts_on, ends_on=ends_on, by=SYSTEM, at=timezone.now())
        except NotFound:
            raise CommandError("there is no such rulebook") from None
        except Refused as refused:
            raise CommandError(" ".join(sentences(refused.reasons))) from None
        do_waiting(now=timezone.now)
        done = find_back_test(SYSTEM, test.public_id)
        summary = summary_of(done)
        for shift in summary.shifts:
            self.stdout.write(f"{shift.count} {shift.verdict_before} -> {shift.verdict_after} by {shift.rule}")
        self.stdout.write(f"{done.judged_count} decisions judged, {done.changed_count} would change")
        if done.status != RunStatus.DONE:
            raise CommandError("not all could be judged, or another worker is at it")
