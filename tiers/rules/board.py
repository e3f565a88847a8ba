"""What a row of the tier board says: the next step up, and what threatens the level."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tiers.rules.ladder import ONE_DAY, LevelStep, RequirementStep, window_starts_on

RISK_DAYS = timedelta(days=90)  # how far ahead a loss is a risk, that day included


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing most on the nearest path to a level, and how many other requirements of it are short."""

    step: RequirementStep
    other_count: int


@dataclass(frozen=True, slots=True)
class Loss:
    """The first day on which a level is no longer met if nothing happens, and the names of the metrics that end it.

    `expiring` are those whose credits expire; those of `leaving` leave their window. Neither: it is not met already.
    """

    lost_on: date
    leaving: tuple[str, ...] = ()
    expiring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned:
    """A demotion that was announced and runs."""

    level_name: str
    given_on: date
    effective_on: date


@dataclass(frozen=True, slots=True)
class Risk:
    """What threatens a level, and from when: an announced demotion, or a loss that is coming."""

    on: date
    notice: Warned | None = None
    loss: Loss | None = None
    short: tuple[str, ...] = ()  # names of what is missing already


def gap_of(level: LevelStep) -> Gap | None:
    """The requirement with the least progress on the nearest path; None when the path is met."""
    unmet = level.nearest.unmet if level.nearest else ()
    if not unmet:
        return None
    return Gap(min(unmet, key=lambda step: step.progress), len(unmet) - 1)


def risk_of(notice: Warned | None, loss: Loss | None, held: LevelStep) -> Risk | None:
    """A notice that runs goes before a loss that is coming, whatever their days; None: nothing threatens the level."""
    if notice is not None:
        return Risk(notice.effective_on, notice=notice)
    if loss is None:
        return None
    missing = held.nearest.unmet if held.nearest and not held.met else ()
    return Risk(loss.lost_on, loss=loss, short=tuple(step.requirement.name for step in missing))


def departures(window: str, day: date, until: date) -> Iterator[tuple[date, date]]:
    """First days of validity that the window sees from `day` and loses before `until`, each with the day it goes."""
    start = window_starts_on(window, day)
    for number in range(1, (until - day).days):
        leaves_on = day + number * ONE_DAY
        later = window_starts_on(window, leaves_on)
        while start < later:
            yield start, leaves_on
            start += ONE_DAY


@dataclass(frozen=True, slots=True)
class LevelTally:
    """How many partners hold a level on each of some days, in their order."""

    rank: int
    code: str
    name: str
    counts: tuple[int, ...]


def running_totals(changes: Iterable[tuple[int, int]], length: int) -> tuple[int, ...]:
    """What stands at each place when every change (place from 0, difference) counts from its place on."""
    differences = [0] * length
    for place, difference in changes:
        differences[place] += difference
    total, totals = 0, []
    for difference in differences:
        total += difference
        totals.append(total)
    return tuple(totals)
