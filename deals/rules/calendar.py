"""The vendor's business time: when the clock of a promise runs, and when it stands still."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Open on `business_days` (Monday = 0) but not on `holidays`, from `opens_at` until before `closes_at` in `zone`.

    Business time is time that passes while the vendor is open, so that a day on which the clocks change may be an hour
    shorter or longer. Instants are aware, those returned are in UTC. Refuses (ValueError) hours that never come.
    """

    opens_at: time
    closes_at: time
    business_days: frozenset[int]
    zone: tzinfo
    holidays: frozenset[date] = field(default=frozenset())

    def __post_init__(self) -> None:
        if self.opens_at >= self.closes_at or not self.business_days & set(range(7)):
            raise ValueError("a calendar needs a business day with hours")

    @property
    def day_length(self) -> timedelta:
        """The business time of one ordinary business day."""
        opens, closes = (datetime.combine(date.min, clock) for clock in (self.opens_at, self.closes_at))
        return closes - opens

    def is_business_day(self, day: date) -> bool:
        return day.weekday() in self.business_days and day not in self.holidays

    def add(self, start: datetime, business_time: timedelta) -> datetime:
        """When that much business time has passed since `start`; the closing of a day rather than the next opening.

        What starts while the vendor is closed counts from the next opening. Nothing added changes nothing.
        """
        if business_time <= _NOTHING:
            return start.astimezone(UTC)
        left = business_time
        for opening, closing in self._hours_from(start):
            if left <= closing - opening:
                return opening + left
            left -= closing - opening
        raise AssertionError  # business days never end

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The business time in the half-open time; nothing if `end` is not after `start`."""
        total = _NOTHING
        for opening, closing in self._hours_from(start):
            if opening >= end:
                break
            total += min(closing, end) - opening
        return total

    def _hours_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The half-open hours of each business day from `start` on, without what lies before it."""
        start = start.astimezone(UTC)
        day = start.astimezone(self.zone).date()
        while True:
            if self.is_business_day(day):
                opening, closing = max(self._instant(day, self.opens_at), start), self._instant(day, self.closes_at)
                if opening < closing:
                    yield opening, closing
            day += _DAY

    def _instant(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)
