"""Where a partner will stand if nothing happens: what runs out on which day, and what follows from it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from common.period import Period, add_months
from tiers.choices.programmes import Window
from tiers.rules.book import Credit, scores_of, seen_until
from tiers.rules.course import Announced, Course, InForce, Reached, Start, course, programme_in_force
from tiers.rules.ladder import (
    ONE_DAY,
    Ladder,
    Level,
    LevelStep,
    Programme,
    Requirement,
    RequirementStep,
    Scores,
    Tally,
    tier_for,
    value_of,
)

MONTHS = 12
CHECKPOINTS = (1, 3, 6, 12)  # months ahead at which each requirement is shown
SHOWN_TURNS = 12


@dataclass(frozen=True, slots=True)
class Cause:
    """A requirement of the level whose value changes on the day, and the credits that begin or end to count then."""

    requirement: Requirement
    before: Decimal | None
    after: Decimal | None
    credits: tuple[Credit, ...]

    @property
    def expires(self) -> bool:
        """Whether it counts what is valid; else what lies in a window that moves on."""
        return self.requirement.window == Window.VALID_ON_DAY

    @property
    def missing(self) -> Decimal:
        """How much more would keep it; zero where nothing is missing."""
        return max(self.requirement.threshold - (self.after or Decimal(0)), Decimal(0))


@dataclass(frozen=True, slots=True)
class Demotion:
    """To the level, on that day at the earliest."""

    level: Level
    effective_on: date


Kind = Literal["lost", "met", "announced", "rose", "fell"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens on a day: requirements of the level are ``lost`` or ``met``, a demotion to it is ``announced``, the
    partner ``rose`` or ``fell`` to it.

    `reaches`: the level whose requirements are met from the day on, where that changes. `announces`: the demotion that
    is announced then. `version`: the number of the programme's version that begins on the day and is why, None where
    only scores change.
    """

    day: date
    kind: Kind
    level: Level
    causes: tuple[Cause, ...] = ()
    reaches: Level | None = None
    announces: Demotion | None = None
    version: int | None = None

    @property
    def is_good(self) -> bool:
        return self.kind in ("met", "rose")


@dataclass(frozen=True, slots=True)
class Runway:
    """What a requirement of the level will still count, today and at each of the `CHECKPOINTS`."""

    requirement: Requirement
    steps: tuple[RequirementStep, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next twelve months. `turns` are in their order, the first `SHOWN_TURNS` of `turn_count`."""

    day: date
    until: date
    course: Course
    turns: tuple[Turn, ...]
    turn_count: int
    runway: tuple[Runway, ...]

    @property
    def first_loss(self) -> Turn | None:
        return next((turn for turn in self.turns if not turn.is_good), None)


def outlook(
    credits: Iterable[Credit], versions: Sequence[InForce], *, start: Start, frozen: Sequence[Period] = ()
) -> Outlook:
    """Follow the nights of the twelve months from `start.day` with the credits as they are.

    `versions`: the programmes in force on these days, of which the start's has to be one.
    """
    known, until = list(credits), add_months(start.day, MONTHS)
    way = course(known, versions, start=start, until=until + ONE_DAY, frozen=frozen)
    look = _Look(known, versions, way)
    turns = look.turns(start)
    explained = tuple(look.explained(turn) for turn in turns[:SHOWN_TURNS])
    return Outlook(start.day, until, way, explained, len(turns), _runway(known, versions, start))


@dataclass(frozen=True, slots=True)
class _Look:
    credits: Sequence[Credit]
    versions: Sequence[InForce]
    way: Course

    def turns(self, start: Start) -> list[Turn]:
        """All of them, without their causes."""
        pairs = zip(self.way.reached, self.way.reached[1:], strict=False)
        found = [turn for pair in pairs for turn in self._turned(*pair)]
        found += self._announced({turn.day for turn in found if turn.kind == "lost"}, start)
        for move in self.way.moves:
            level = self._level(move.after, move.day)
            found += [Turn(move.day, "rose" if move.rises else "fell", level)]
        return sorted(found, key=lambda turn: turn.day)

    def _announced(self, told: Collection[date], start: Start) -> Iterable[Turn]:
        """Demotions that are announced on other days than those on which a level is lost."""
        known = {(notice.level_code, notice.effective_on) for notice in start.notices}
        for notice in self.way.notices:
            if notice.given_on not in told and (notice.level_code, notice.effective_on) not in known:
                demotion = self._demotion(notice)
                yield Turn(notice.given_on, "announced", demotion.level, announces=demotion)

    def _turned(self, before: Reached, after: Reached) -> Iterable[Turn]:
        """Ranks are those of the programme in force on the later day."""
        programme = _programme(self.versions, after.day)
        new = _stood_at(after, programme)
        old = _stood_at(before, _programme(self.versions, before.day))
        rank = programme.rank_of(old.code, otherwise=old.rank)
        if rank == new.rank:
            return
        rises = new.rank > rank
        announced = next((each for each in self.way.notices if each.given_on == after.day), None)
        is_new = before.programme_number != after.programme_number
        yield Turn(
            after.day,
            "met" if rises else "lost",
            new if rises else programme.level_of_rank(rank),
            reaches=new,
            announces=None if rises or announced is None else self._demotion(announced),
            version=programme.number if is_new else None,
        )

    def _demotion(self, notice: Announced) -> Demotion:
        return Demotion(self._level(notice.level_code, notice.given_on), notice.effective_on)

    def _level(self, code: str, day: date) -> Level:
        programme = _programme(self.versions, day)
        return programme.level_of_rank(programme.rank_of(code, otherwise=programme.entry.rank))

    def explained(self, turn: Turn) -> Turn:
        """With what counts from that day or counts no more."""
        if turn.kind not in ("met", "lost"):
            return turn
        programme = _programme(self.versions, turn.day)
        earlier, now = (_measured(self.credits, day, programme) for day in (turn.day - ONE_DAY, turn.day))
        rank = turn.level.rank
        decisive = _decisive(earlier.step_of_rank(rank), now.step_of_rank(rank), rises=turn.is_good)
        return replace(turn, causes=tuple(_cause(was, is_, self.credits, turn.day) for was, is_ in decisive))


def _stood_at(found: Reached, programme: Programme) -> Level:
    """The level to stand at by what was found: never below the entry level."""
    return next((level for level in programme.levels if level.code == found.level_code), programme.entry)


def _programme(versions: Sequence[InForce], day: date) -> Programme:
    """The one in force; on a first day after all of them, the last."""
    return programme_in_force(versions, day) or versions[-1].programme


def _measured(credits: Sequence[Credit], day: date, programme: Programme) -> Ladder:
    return tier_for(scores_of(credits, day=day, measures=programme.measures), programme)


def _decisive(earlier: LevelStep, now: LevelStep, *, rises: bool) -> list[tuple[RequirementStep, RequirementStep]]:
    """The requirements that decided, before and on the day, of the nearest path that was or is now met."""
    pairs = list(zip(earlier.paths, now.paths, strict=True))
    decisive = [pair for pair in pairs if pair[1 if rises else 0].met] or pairs
    was, is_ = max(decisive, key=lambda pair: (pair[1].progress, -pair[1].number), default=(None, None))
    if was is None or is_ is None:
        return []
    steps = zip(was.requirements, is_.requirements, strict=True)
    return [(old, new) for old, new in steps if (not old.met if rises else not new.met)]


def _cause(was: RequirementStep, is_: RequirementStep, credits: Sequence[Credit], day: date) -> Cause:
    asked = is_.requirement
    mine = (credit for credit in credits if credit.metric == asked.metric)
    turning = [each for each in mine if day in (each.valid_from, seen_until(each, asked.window))]
    return Cause(asked, was.value, is_.value, tuple(turning))


def _runway(credits: Sequence[Credit], versions: Sequence[InForce], start: Start) -> tuple[Runway, ...]:
    """Of the level held, along its path that is met or nearest today, measured by the programme of today."""
    programme = programme_in_force(versions, start.day)
    if programme is None:
        return ()
    days = [start.day, *(add_months(start.day, months) for months in CHECKPOINTS)]
    scores = [scores_of(credits, day=day, measures=programme.measures) for day in days]
    rank = programme.rank_of(start.level_code, otherwise=start.level_rank)
    nearest = tier_for(scores[0], programme).step_of_rank(rank).nearest
    return tuple(_ahead(step.requirement, scores) for step in nearest.requirements) if nearest else ()


def _ahead(asked: Requirement, scores: Sequence[Scores]) -> Runway:
    tallies = [found.get(asked.measure, Tally()) for found in scores]
    return Runway(
        asked, tuple(RequirementStep(asked, value_of(each, asked.aggregation), each.samples) for each in tallies)
    )
