"""How a partner rises and falls over many days, by its credits alone: the nights' reviews, one after the other.

For whoever looks ahead ("if nothing happens"), tries a draft on the past, or proves the stored history. Only nights on
which something can change are judged, by the same `standing.judge` as every night.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heapify, heappop, heappush
from typing import Literal

from common.period import Period
from tiers.choices.programmes import Aggregation
from tiers.rules import standing
from tiers.rules.book import Credit, seen_until
from tiers.rules.ladder import ONE_DAY, Level, Measure, Programme, RequirementStep, Tally, value_of

Outcome = Literal["open", "cancelled", "took_effect"]


@dataclass(frozen=True, slots=True)
class InForce:
    """A programme, and the days on which it is the one in force."""

    programme: Programme
    period: Period


@dataclass(frozen=True, slots=True)
class Night:
    """A review: the day that it measured, and the instant until which it knew the score book; None: all there is."""

    day: date
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """A notice that was given: who does not recover falls to this level, on `effective_on` at the earliest."""

    level_code: str
    level_rank: int
    given_on: date
    effective_on: date
    outcome: Outcome = "open"
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where the course begins: the level held from the day, and the notices that are open then."""

    day: date
    level_code: str
    level_rank: int
    notices: tuple[Announced, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A new level from the day. Ranks are those of the programme in force."""

    day: date
    before: str
    after: str
    rises: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A level that is held for the half-open days; `level_rank` is its rank in the version that gave it."""

    level_code: str
    level_rank: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Reached:
    """What reviews found from the day on: the level whose requirements are met, None if not even the entry level's."""

    day: date
    level_code: str | None
    programme_number: int


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that happened: the level of each day, each change of it, the notices, and what the reviews found."""

    held: tuple[Held, ...]
    moves: tuple[Move, ...]
    notices: tuple[Announced, ...]
    reached: tuple[Reached, ...]

    def level_on(self, day: date) -> Held | None:
        """The level held on the day; None outside the course."""
        return next((held for held in self.held if held.starts_on <= day < held.ends_on), None)


def course(
    credits: Iterable[Credit],
    versions: Sequence[InForce],
    *,
    start: Start,
    until: date,
    frozen: Sequence[Period] = (),
    nights: Sequence[Night] | None = None,
) -> Course:
    """Review every night from `start.day` until the one before `until`; levels are told up to there, half-open.

    `versions` are the programmes by the days on which they are in force; a night without any reviews nothing. `nights`
    names the reviews in their order where not every night had one, or knew only what was recorded until an instant;
    without it every review knows all that is not reversed. What a review decides begins on the day after it.
    """
    given = _every_night(start.day, until) if nights is None else nights
    walk = _Walk(_Book(credits, versions, given), versions, start, frozen)
    for place in walk.agenda():
        walk.review(place)
    return walk.told(until)


def _every_night(first: date, until: date) -> list[Night]:
    return [Night(first + ONE_DAY * offset) for offset in range((until - first).days)]


class _Book:
    """The score book as the nights see it: for each measure, which credits come and go at which night."""

    def __init__(self, credits: Iterable[Credit], versions: Sequence[InForce], nights: Sequence[Night]) -> None:
        self.nights = nights
        self._days = [night.day for night in nights]
        asked = [level.paths for version in versions for level in version.programme.levels]
        requirements = [each for paths in asked for path in paths for each in path.requirements]
        self._by_latest = {each.measure for each in requirements if each.aggregation == Aggregation.LATEST}
        windows: dict[str, set[str]] = {}
        for metric, window in {each.measure for each in requirements}:
            windows.setdefault(metric, set()).add(window)
        self._changes: dict[int, list[tuple[Measure, Credit, bool]]] = {}
        for credit in credits:
            for window in windows.get(credit.metric, ()):
                self._note(credit, window)
        self.changing_nights = sorted(self._changes)
        self._position = 0
        self._tallies: dict[Measure, Tally] = {}
        self._seen: dict[Measure, list[Credit]] = {}

    def place_of(self, day: date) -> int:
        """The first night whose day is not before this one."""
        return bisect_left(self._days, day)

    def _note(self, credit: Credit, window: str) -> None:
        first = max(self.place_of(credit.valid_from), self._place_knowing(credit.recorded_at))
        gone = seen_until(credit, window)
        last = len(self.nights) if gone is None else self.place_of(gone)
        if credit.reversed_at is not None:
            last = min(last, self._place_knowing(credit.reversed_at))
        if first < last:
            measure = (credit.metric, window)
            self._changes.setdefault(first, []).append((measure, credit, True))
            if last < len(self.nights):
                self._changes.setdefault(last, []).append((measure, credit, False))

    def _place_knowing(self, recorded_at: datetime) -> int:
        """The first night that knows what was recorded then; nights without an instant know all."""
        return bisect_left(self.nights, True, key=lambda night: night.known_at is None or night.known_at >= recorded_at)

    def scores_at(self, place: int) -> Mapping[Measure, Tally]:
        """What the night sees; nights are asked for in their order."""
        while self._position < len(self.changing_nights) and self.changing_nights[self._position] <= place:
            for measure, credit, comes in self._changes[self.changing_nights[self._position]]:
                self._count(measure, credit, comes)
            self._position += 1
        return self._tallies

    def _count(self, measure: Measure, credit: Credit, comes: bool) -> None:
        tally = self._tallies.get(measure, Tally())
        sign = 1 if comes else -1
        latest = None
        if measure in self._by_latest:
            seen = self._seen.setdefault(measure, [])
            seen.append(credit) if comes else seen.remove(credit)
            latest = max(seen, key=lambda each: (each.valid_from, each.pk)).amount if seen else None
        self._tallies[measure] = Tally(tally.total + sign * credit.amount, tally.samples + sign, latest)


@dataclass
class _Walk:
    book: _Book
    versions: Sequence[InForce]
    start: Start
    frozen: Sequence[Period]
    held: list[Held] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    closed: list[Announced] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.level_code, self.level_rank, self.since = self.start.level_code, self.start.level_rank, self.start.day
        self.notices = list(self.start.notices)
        days = [day for each in self.versions for day in (each.period.starts_on, each.period.ends_on)]
        days += [each.ends_on - ONE_DAY for each in self.frozen if each.ends_on]
        days += [notice.effective_on - ONE_DAY for notice in self.notices]
        places = {0, *self.book.changing_nights, *(self.book.place_of(day) for day in days if day)}
        self.waiting = list(places)
        heapify(self.waiting)

    def agenda(self) -> Iterator[int]:
        """Nights on which something can change; a review may add later ones."""
        last = -1
        while self.waiting:
            place = heappop(self.waiting)
            if last < place < len(self.book.nights):
                last = place
                yield place

    def review(self, place: int) -> None:
        day = self.book.nights[place].day
        programme = programme_in_force(self.versions, day)
        if programme is None:
            return
        level = reached_level(self.book.scores_at(place), programme)
        found = Reached(day, level.code if level else None, programme.number)
        if not self.reached or (self.reached[-1].level_code, self.reached[-1].programme_number) != (
            found.level_code,
            found.programme_number,
        ):
            self.reached.append(found)
        if any(day + ONE_DAY in period for period in self.frozen):
            return
        rank = programme.rank_of(self.level_code, otherwise=self.level_rank)
        known = {number: self._as_ranked(each, number, programme) for number, each in enumerate(self.notices)}
        judgement = standing.judge(rank, (level or programme.entry).rank, known.values(), day=day, programme=programme)
        self._close({notice.notice_id for notice in judgement.closed}, judgement.closed_as, day)
        if judgement.given:
            self._announce(programme.level_of_rank(judgement.given.rank), day, judgement.given.effective_on)
        if judgement.rank != rank:
            self._move(programme.level_of_rank(judgement.rank), day + ONE_DAY, rises=judgement.rank > rank)
        if judgement.closed or judgement.given or judgement.rank != rank:
            heappush(self.waiting, place + 1)

    def _as_ranked(self, notice: Announced, number: int, programme: Programme) -> standing.Notice:
        rank = programme.rank_of(notice.level_code, otherwise=notice.level_rank)
        return standing.Notice(rank, notice.effective_on, number)

    def _close(self, numbers: Collection[int], outcome: Outcome, day: date) -> None:
        for number in sorted(numbers, reverse=True):
            notice = self.notices.pop(number)
            told = (notice.level_code, notice.level_rank, notice.given_on, notice.effective_on)
            self.closed.append(Announced(*told, outcome, day))

    def _announce(self, level: Level, day: date, effective_on: date) -> None:
        self.notices.append(Announced(level.code, level.rank, day, effective_on))
        heappush(self.waiting, self.book.place_of(effective_on - ONE_DAY))

    def _move(self, level: Level, day: date, *, rises: bool) -> None:
        self.moves.append(Move(day, self.level_code, level.code, rises))
        self._end_held(day)
        self.level_code, self.level_rank, self.since = level.code, level.rank, day

    def _end_held(self, day: date) -> None:
        if self.since < day:
            self.held.append(Held(self.level_code, self.level_rank, self.since, day))

    def told(self, until: date) -> Course:
        """Levels up to the day; what begins later is a move all the same."""
        self._end_held(until)
        notices = sorted((*self.closed, *self.notices), key=lambda notice: (notice.given_on, -notice.level_rank))
        return Course(tuple(self.held), tuple(self.moves), tuple(notices), tuple(self.reached))


def programme_in_force(versions: Iterable[InForce], day: date) -> Programme | None:
    return next((each.programme for each in versions if day in each.period), None)


def reached_level(scores: Mapping[Measure, Tally], programme: Programme) -> Level | None:
    """The highest level that is met, as `ladder.tier_for` finds it, without the steps."""
    for level in reversed(programme.levels):
        if not level.paths or any(
            all(
                RequirementStep(asked, value_of(tally, asked.aggregation), tally.samples).met
                for asked in path.requirements
                for tally in (scores.get(asked.measure, Tally()),)
            )
            for path in level.paths
        ):
            return level
    return None
