"""The order of things: what happens when, each thing done through the action that a person or the CRM would use."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

Deed = Callable[[datetime], object]
BREATH = timedelta(minutes=100)


@dataclass
class Story:
    """A calendar of deeds. Deeds may add later ones while the story is being told."""

    rng: Random
    starts_on: date
    ends_on: date  # half-open: the day the story is told
    now: datetime = field(init=False)  # the moment of what is done last
    _waiting: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        self.now = datetime.combine(self.starts_on, time(), UTC)

    def clock(self) -> datetime:
        """What time it is in the story."""
        return self.now

    def at(self, moment: datetime, deed: Deed) -> None:
        """Have the deed done at its moment; what would lie in the future does not happen."""
        if moment < datetime.combine(self.ends_on, time(), UTC):
            self._count += 1
            heapq.heappush(self._waiting, (moment, self._count, deed))

    def moment_on(self, day: date, *, hours: int = 9) -> datetime:
        """Some moment within so many office hours of the day, or of the Monday after a weekend."""
        day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
        return datetime.combine(day, time(7), UTC) + timedelta(minutes=self.rng.randrange(hours * 60))

    def hours_after(self, moment: datetime, hours: int) -> datetime:
        """So much later, or in the morning after where that is no office hour."""
        later = moment + timedelta(hours=hours)
        if later.weekday() < 5 and 7 <= later.hour < 16:
            return later
        return self.moment_on(later.date() + timedelta(days=later.hour >= 16), hours=3)

    def in_turn(self, *beats: tuple[date, Deed]) -> None:
        """Have deeds done one after the other, each on its day; more than one on a day are hours apart."""
        earlier = datetime.min.replace(tzinfo=UTC)
        for day, deed in beats:
            earlier = max(self.moment_on(day, hours=2), earlier + BREATH)
            self.at(earlier, deed)

    def every(self, interval: timedelta, deed: Deed, *, since: datetime) -> None:
        """Have it done again and again until the story ends."""
        while since.date() < self.ends_on:
            self.at(since, deed)
            since += interval

    def days_before_end(self, number: int) -> date:
        return self.ends_on - timedelta(days=number)

    def some_day(self) -> date:
        return self.starts_on + timedelta(days=self.rng.randrange((self.ends_on - self.starts_on).days))

    def workday_before_end(self, number: int) -> date:
        """The last working day of the story, the one before it, and so on: 1, 2, …"""
        day = self.ends_on
        while number:
            day -= timedelta(days=1)
            number -= day.weekday() < 5
        return day

    def tell(self, progress: Callable[[date], None]) -> None:
        """Do everything in order of time; `progress` hears of every new month."""
        month = None
        while self._waiting:
            moment, _, deed = heapq.heappop(self._waiting)
            if (moment.year, moment.month) != month:
                month = (moment.year, moment.month)
                progress(moment.date())
            self.now = moment
            deed(moment)
