"""When a standing changes: rising at once, falling only after notice and at a period's end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from common.period import Measurement, period_of
from tiers.rules.ladder import Programme

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """A partner's latest standing: it has no end yet and may begin tomorrow. `rank` is that of the level's code in the
    version that is in force."""

    partner_id: int
    standing_id: int
    starts_on: date
    level_code: str
    rank: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Announced: without recovery the partner falls to this rank, on that day at the earliest."""

    rank: int
    effective_on: date
    notice_id: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a night's review does to a standing: the rank from the next day, and the notices that end or begin."""

    rank: int
    closed: tuple[Notice, ...] = ()
    closed_as: Literal["cancelled", "took_effect"] = "cancelled"
    given: Notice | None = None


def demotion_effective_on(notice_on: date, *, notice_days: int, period: Measurement) -> date:
    """The first day of the lower level: a period's first day, at least `notice_days` after the notice."""
    earliest = notice_on + timedelta(days=notice_days)
    around = period_of(earliest, period)
    if earliest == around.starts_on or around.ends_on is None:
        return earliest
    return around.ends_on


def judge(held: int, reached: int, notices: Iterable[Notice], *, day: date, programme: Programme) -> Judgement:
    """Decide on `day` which rank is held from the next day.

    Rising is immediate and cancels every notice, as does holding on. Falling happens only to where it was announced,
    or less deep, and only once the notice has run; if the scores sink below what was announced, that is
    announced with a time of its own. Nobody is judged on a day before one of a freeze: what became due meanwhile takes
    effect on the first day after it.
    """
    notices = tuple(notices)
    if reached >= held:
        return Judgement(reached, closed=notices)
    due = [notice.rank for notice in notices if notice.effective_on <= day + ONE_DAY]
    rank = max(reached, min(due)) if due else held
    closed = tuple(notice for notice in notices if notice.rank >= rank or notice.effective_on <= day + ONE_DAY)
    announced = min((notice.rank for notice in notices if notice not in closed), default=rank)
    effective_on = demotion_effective_on(day, notice_days=programme.notice_days, period=programme.demotion_period)
    given = Notice(reached, effective_on) if reached < announced else None
    return Judgement(rank, closed, "took_effect", given)
