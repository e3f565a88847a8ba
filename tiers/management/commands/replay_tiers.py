"""Prove the stored history of levels: compute it again and compare."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from partners import queries as partner_queries
from tiers.queries.replays import Replayed, enrolled, replay

AT_ONCE = 2_000  # partners whose credits are in memory together


class Command(BaseCommand):
    help = "Replay the past with the published versions and print where the stored history differs from it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", action="append", help="only this one, prt_…; may be given several times")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = _wanted(options["partner"])
        partners = reviews = found = 0
        profiles = partner_queries.partner_profiles(wanted)
        for replayed in _replays(wanted, until=timezone.localdate()):
            partners, reviews = partners + 1, reviews + replayed.nights
            found += len(replayed.differences)
            for difference in replayed.differences:
                self.stdout.write(f"{profiles[replayed.partner_id].public_id} {difference}")
        self.stdout.write(f"{partners} partners, {reviews} reviews, {found} differences")
        if found:
            raise CommandError("the stored history is not what the rules give")


def _wanted(public_ids: list[str] | None) -> list[int] | None:
    if public_ids is None:
        return None
    known = partner_queries.partner_ids_by_public_id(public_ids)
    if missing := set(public_ids) - known.keys():
        raise CommandError(f"there is no partner {', '.join(sorted(missing))}")
    return list(known.values())


def _replays(wanted: list[int] | None, *, until: date) -> Iterator[Replayed]:
    for programme_id, ids in enrolled(wanted).items():
        for start in range(0, len(ids), AT_ONCE):
            yield from replay(ids[start : start + AT_ONCE], programme_id, until=until)
