"""What the dashboard computes from values in hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a registration: how long it took, whether before its clock ran out, whether by a person."""

    waited: timedelta
    in_time: bool
    is_automatic: bool


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """`median` and `p90` are of answers by a person; shares are of all. None where there is nothing to divide."""

    count: int
    person_count: int
    late_count: int
    median: timedelta | None
    p90: timedelta | None
    in_time_share: Decimal | None
    automatic_share: Decimal | None


def answer_figures(answers: Sequence[Answer]) -> AnswerFigures:
    waits = sorted(answer.waited for answer in answers if not answer.is_automatic)
    in_time = sum(answer.in_time for answer in answers)
    return AnswerFigures(
        count=len(answers),
        person_count=len(waits),
        late_count=len(answers) - in_time,
        median=quantile(waits, 50),
        p90=quantile(waits, 90),
        in_time_share=share(in_time, len(answers)),
        automatic_share=share(len(answers) - len(waits), len(answers)),
    )


def quantile(ordered: Sequence[timedelta], percent: int) -> timedelta | None:
    """By nearest rank: the smallest value that at least `percent` of all values do not exceed. None of nothing."""
    if not ordered:
        return None
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Part of a whole, between 0 and 1 where both are counts; None when there is no whole."""
    return Decimal(part) / Decimal(whole) if whole else None


def bucket_counts(waits: Sequence[timedelta], limits: Sequence[timedelta]) -> list[int]:
    """How many waits lie within each limit and above the one before; the last number is of those above all limits."""
    counts = [0] * (len(limits) + 1)
    for wait in waits:
        counts[next((place for place, limit in enumerate(limits) if wait <= limit), len(limits))] += 1
    return counts
