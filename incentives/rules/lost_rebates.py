"""What a plan would have paid more if some business had been the partner's."""

from collections.abc import Iterable, Sequence
from datetime import date

from common.period import Period, period_of
from deals.rules.make_good import ZERO, LostLine, LostRebate
from incentives.rules.earnings import compute_earning
from incentives.rules.plans import level_takes_part, type_takes_part
from incentives.rules.postings import VolumePart
from incentives.rules.targets import Level, Promise, counts


def measured(promise: Promise, day: date) -> Period:
    """The plan's measurement period that the day lies in."""
    return period_of(day, promise.terms.measurement)


def takes_part(promise: Promise, day: date, *, types: Iterable[str], lines: Iterable[LostLine]) -> bool:
    """Whether business of the day would have counted for the partner under this plan."""
    terms = promise.terms
    of_the_plan = any(counts(terms, line.family_code, line.kind) for line in lines)
    return day in terms.period and type_takes_part(terms, types) and of_the_plan


def lost_rebate(
    promise: Promise, lines: Iterable[LostLine], *, sold: Sequence[VolumePart], level: Level
) -> LostRebate | None:
    """Earned with these lines and without them, on top of what the partner `sold` in the period; None if the level
    does not take part. The level is that of the day which decides for the period."""
    terms = promise.terms
    if not level_takes_part(terms, level.code):
        return None
    volume = sum((part.amount for part in sold if counts(terms, part.family_code, part.kind)), ZERO)
    added = sum((line.amount for line in lines if counts(terms, line.family_code, line.kind)), ZERO)
    without, with_it = (
        compute_earning(terms, volume=each, multiplier=level.multiplier, level_name=level.name).amount.amount
        for each in (volume, volume + added)
    )
    return LostRebate(promise.plan_name, without, with_it)
