"""Judge every stored decision again: the same facts by the same rules must give the same verdict."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from deals.queries.decisions import replays


class Command(BaseCommand):
    help = "Judge all stored decisions again and report those that would come out differently."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=parse_datetime, help="only decisions from this instant on (ISO 8601)")

    def handle(self, *args: Any, **options: Any) -> None:
        count = different = 0
        for replay in replays(options["since"]):
            count += 1
            if not replay.is_same:
                different += 1
                self.stdout.write(f"{replay.registration} {replay.decision}: {', '.join(replay.differences)}")
        self.stdout.write(f"{count} decisions judged again, {different} differ")
        if different:
            raise CommandError("not all decisions replay")
