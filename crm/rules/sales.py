"""What a sale adds to a partner's score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from crm.choices import ProductKind


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """A line of a booked sale as the score sees it; the amount is in the base currency."""

    number: int
    kind: str
    base_amount: Decimal


@dataclass(frozen=True, slots=True)
class Score:
    """An amount that a line adds to a metric."""

    line_number: int
    metric: str
    amount: Decimal


def is_solution(kinds: set[str]) -> bool:
    """Whether a sale combines a product with a service or a subscription."""
    return ProductKind.PRODUCT in kinds and len(kinds) > 1


def scores_of(lines: Sequence[ScoredLine]) -> Iterator[Score]:
    """Every line is channel revenue. Of a solution every line is solution revenue too, otherwise only services are."""
    solution = is_solution({line.kind for line in lines})
    for line in lines:
        if line.base_amount:
            yield Score(line.number, "channel_revenue", line.base_amount)
            if solution or line.kind == ProductKind.SERVICE:
                yield Score(line.number, "solution_revenue", line.base_amount)
