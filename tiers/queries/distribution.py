"""How many partners hold each level, now and over time; who moved; what was announced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from common.period import add_months, month_of
from partners.choices import PartnerStatus
from tiers.choices.standings import NoticeOutcome, OverrideStatus
from tiers.models import DemotionNotice, Override
from tiers.queries.rungs import Rungs, rungs_on
from tiers.queries.scores import rows
from tiers.rules.board import LevelTally, running_totals
from tiers.rules.ladder import ONE_DAY

MONTHS = 24
BEFORE = (timedelta(days=30), timedelta(days=90))

# Each standing adds one from its first day and takes it away at its end: the table is read once, however many days.
_CHANGES = """
SELECT level_id, width_bucket(on_day - 1, %(days)s::date[]), sum(difference)::int
FROM tiers_standing standing
JOIN partners_partner partner ON partner.id = standing.partner_id AND partner.status <> 'terminated',
     LATERAL (VALUES (starts_on, 1), (ends_on, -1)) AS change(on_day, difference)
WHERE on_day <= %(last)s GROUP BY 1, 2
"""
_MOVES = """
SELECT before.level_id, after.level_id, count(*)
FROM tiers_standing after
JOIN tiers_standing before ON before.partner_id = after.partner_id AND before.ends_on = after.starts_on
JOIN partners_partner partner ON partner.id = after.partner_id AND partner.status <> 'terminated'
WHERE after.starts_on >= %(first)s AND after.starts_on <= %(day)s GROUP BY 1, 2
"""


def level_tallies(rungs: Rungs, days: Sequence[date]) -> list[LevelTally]:
    """How many partners that are not terminated held each level on these rising days, lowest level first."""
    changes: dict[str, list[tuple[int, int]]] = {level.code: [] for level in rungs.levels}
    for level_id, place, difference in rows(_CHANGES, days=list(days), last=days[-1]):
        if level_id in rungs.level_by_id:
            changes[rungs.level_by_id[level_id].code].append((place, difference))
    return [
        LevelTally(level.rank, level.code, level.name, running_totals(changes[level.code], len(days)))
        for level in rungs.levels
    ]


@dataclass(frozen=True, slots=True)
class LevelCard:
    """`change_month` and `change_quarter`: against 30 and 90 days before."""

    code: str
    name: str
    count: int
    change_month: int
    change_quarter: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The board in figures on a day; rises and falls are those that began in its calendar month so far."""

    levels: list[LevelCard]
    rise_count: int
    fall_count: int
    notice_count: int
    override_count: int


def summary_of(rungs: Rungs, *, day: date) -> Summary:
    """The figures above the board, of partners that are not terminated. Four statements."""
    tallies = level_tallies(rungs, [*(day - before for before in reversed(BEFORE)), day])
    moves = [
        (rungs.level_by_id[after].rank - rungs.level_by_id[before].rank, count)
        for before, after, count in rows(_MOVES, first=month_of(day).starts_on, day=day)
        if before in rungs.level_by_id and after in rungs.level_by_id
    ]
    return Summary(
        levels=[
            LevelCard(each.code, each.name, now, now - month, now - quarter)
            for each in tallies
            for quarter, month, now in [each.counts]
        ],
        rise_count=sum(count for steps, count in moves if steps > 0),
        fall_count=sum(count for steps, count in moves if steps < 0),
        notice_count=_counted(DemotionNotice.objects.filter(running_on(day))),
        override_count=_counted(
            Override.objects.filter(status=OverrideStatus.APPROVED, starts_on__lte=day, ends_on__gt=day)
        ),
    )


def _counted(found: QuerySet[Any]) -> int:
    kept = found.exclude(partner__status=PartnerStatus.TERMINATED)
    return int(kept.aggregate(partners=Count("partner", distinct=True))["partners"])


def running_on(day: date) -> Q:
    """Notices that were given by the day and had neither taken effect nor been cancelled."""
    return Q(given_on__lte=day) & (Q(closed_on=None) | Q(closed_on__gt=day))


@dataclass(frozen=True, slots=True)
class Distribution:
    """By month, oldest first: the count of each level on the last day of the month, of the last one on the day."""

    days: list[date]
    levels: list[LevelTally]

    @property
    def totals(self) -> list[int]:
        return [sum(level.counts[place] for level in self.levels) for place in range(len(self.days))]


def distribution_until(day: date) -> Distribution | None:
    """The last `MONTHS` months, the one of the day with them; None without a programme in force."""
    rungs = rungs_on(day)
    if not rungs:
        return None
    first = month_of(day).starts_on
    ends = [add_months(first, -back) - ONE_DAY for back in range(MONTHS - 2, -1, -1)]
    days = [*ends, day]
    return Distribution(days, level_tallies(rungs, days))


def notices_sent(*, day: date, outcome: str = "", search: str = "") -> QuerySet[DemotionNotice]:
    """Notices given by the day, newest first, each with what had become of it by then (`outcome_then`)."""
    then = Case(
        When(running_on(day), then=Value(NoticeOutcome.OPEN.value)), default=F("outcome"), output_field=CharField()
    )
    found = DemotionNotice.objects.filter(given_on__lte=day).annotate(outcome_then=then)
    if outcome in NoticeOutcome.values:
        found = found.filter(outcome_then=outcome)
    if search.strip():
        found = found.filter(partner__name__icontains=search.strip())
    return found.select_related("partner", "level").order_by("-given_on", "-pk")


def notice_cells(found: QuerySet[DemotionNotice]) -> Iterator[list[object]]:
    """The cells of `tiers.choices.board.NOTICE_COLUMNS`, row by row, without holding them all in memory."""
    for notice in found.iterator(chunk_size=1000):
        outcome = notice.outcome_then  # type: ignore[attr-defined]
        closed_on = "" if outcome == NoticeOutcome.OPEN else notice.closed_on
        yield [
            *(notice.partner.public_id, notice.partner.name, notice.level.name, notice.given_on, notice.effective_on),
            *(outcome, closed_on),
        ]
