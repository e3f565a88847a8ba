"""What the score book adds up to, of credits at hand: the same as `tiers.queries.scores` says in SQL.

For whoever looks at many days of one partner: projections, simulations, replays, and what hangs on one person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from common.period import add_months, period_of
from tiers.choices.programmes import Window
from tiers.rules.ladder import FISCAL_PERIODS, ONE_DAY, TRAILING_MONTHS, Measure, Tally, window_starts_on


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit that is no reversal; `reversed_at`: when it was undone, None while it stands.

    `pk` is its place in the book, `holder` the person it stands and falls with.
    """

    pk: int
    metric: str
    amount: Decimal
    valid_from: date
    valid_until: date | None
    recorded_at: datetime
    reversed_at: datetime | None = None
    label: str = ""
    holder: str = ""


def scores_of(
    credits: Iterable[Credit], *, day: date, measures: Iterable[Measure], known_at: datetime | None = None
) -> Mapping[Measure, Tally]:
    """What each measure sees of one partner's credits from the day; measures without any credit are absent.

    `known_at` leaves out what was recorded, and what was undone, later.
    """
    starts = {measure: window_starts_on(measure[1], day) for measure in measures}
    by_metric: dict[str, list[Measure]] = {}
    for measure in starts:
        by_metric.setdefault(measure[0], []).append(measure)
    found: dict[Measure, list[Credit]] = {}
    for credit in credits:
        if credit.valid_from > day or not _stands(credit, known_at):
            continue
        for measure in by_metric.get(credit.metric, ()):
            if _is_seen(credit, measure[1], starts[measure], day):
                found.setdefault(measure, []).append(credit)
    return {measure: _tally(seen) for measure, seen in found.items()}


def _stands(credit: Credit, known_at: datetime | None) -> bool:
    if known_at is None:
        return credit.reversed_at is None
    return credit.recorded_at <= known_at and (credit.reversed_at is None or credit.reversed_at > known_at)


def _is_seen(credit: Credit, window: str, starts_on: date, day: date) -> bool:
    if window == Window.VALID_ON_DAY:
        return credit.valid_until is None or credit.valid_until > day
    return credit.valid_from >= starts_on


def _tally(seen: Sequence[Credit]) -> Tally:
    newest = max(seen, key=lambda credit: (credit.valid_from, credit.pk))
    return Tally(sum((credit.amount for credit in seen), Decimal(0)), len(seen), newest.amount)


def seen_until(credit: Credit, window: str) -> date | None:
    """The first day from which the window sees the credit no more; None: never."""
    if window == Window.VALID_ON_DAY:
        return credit.valid_until
    if window in FISCAL_PERIODS:
        return period_of(credit.valid_from, FISCAL_PERIODS[window]).ends_on
    if window not in TRAILING_MONTHS:
        return None
    months = TRAILING_MONTHS[window]
    following = add_months(credit.valid_from + ONE_DAY, months)
    while add_months(following, -months) <= credit.valid_from:  # a shorter month cut it
        following += ONE_DAY
    return following - ONE_DAY


def days_of_change(credits: Iterable[Credit], *, after: date, until: date, windows: Iterable[str]) -> list[date]:
    """Days, from the one after `after` to `until`, on which a window may see something else than the day before."""
    wanted = set(windows)
    days: set[date | None] = set()
    for credit in credits:
        days.update((credit.valid_from, credit.valid_until), (seen_until(credit, window) for window in wanted))
    return sorted(each for each in days if each is not None and after < each <= until)
