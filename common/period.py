"""Half-open periods of days: the first day belongs to it, the end does not; no end means open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Measurement = Literal["month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """``starts_on`` ≤ day < ``ends_on``. Refuses (ValueError) an end that is not after the start."""

    starts_on: date
    ends_on: date | None = None

    def __post_init__(self) -> None:
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError(f"a period must end after it starts: {self.starts_on} … {self.ends_on}")

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)

    @property
    def last_day(self) -> date | None:
        return None if self.ends_on is None else self.ends_on - timedelta(days=1)

    def overlaps(self, other: "Period") -> bool:
        starts_before_end = self.ends_on is None or other.starts_on < self.ends_on
        return starts_before_end and (other.ends_on is None or self.starts_on < other.ends_on)

    def months(self) -> Iterator["Period"]:
        """The calendar months that a closed period of whole months consists of."""
        if self.ends_on is None:
            raise ValueError("an open period has no last month")
        month = month_of(self.starts_on)
        while month.starts_on < self.ends_on:
            yield month
            month = month_of(add_months(month.starts_on, 1))

    def __str__(self) -> str:
        return f"{self.starts_on} … {self.ends_on or ''}".strip()


def add_months(day: date, count: int) -> date:
    """The same day `count` months later or, where that month is shorter, its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    first = date(year, month + 1, 1)
    return first + timedelta(days=min(day.day, days_in_month(first)) - 1)


def days_in_month(first: date) -> int:
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return (following - first.replace(day=1)).days


def month_of(day: date) -> Period:
    return period_of(day, "month")


def period_of(day: date, measurement: Measurement) -> Period:
    """The calendar month, quarter or year that the day lies in."""
    length = _MONTHS[measurement]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(first, add_months(first, length))


def trailing_year(day: date) -> Period:
    """The twelve months that end with `day` itself: it belongs to the period, the same day a year before does not."""
    end = day + timedelta(days=1)
    return Period(add_months(end, -12), end)
