"""Which single person's leaving, or whose one certificate, would cost the level."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tiers.choices.programmes import Aggregation
from tiers.rules.book import Credit, scores_of
from tiers.rules.ladder import Level, Measure, Programme, RequirementStep, Scores, Tally, tier_for


@dataclass(frozen=True, slots=True)
class Dependence:
    """Without this person the requirements of the level are not met any more.

    `credit`: the one that is enough to cost it, None where only all that the person holds together does. `missing`:
    what the nearest path of the level would then ask for.
    """

    holder: str
    credit: Credit | None
    kept: Level
    falls_to: Level
    missing: tuple[RequirementStep, ...]


@dataclass(frozen=True, slots=True)
class BusFactor:
    """On how many people the level rests at all, and on whom alone. `more`: what makes it safe, by requirement."""

    level: Level
    people: tuple[str, ...]
    dependences: tuple[Dependence, ...]

    @property
    def more(self) -> tuple[RequirementStep, ...]:
        """The most that anybody's leaving would leave missing of each requirement."""
        most: dict[tuple[Measure, str], RequirementStep] = {}
        for dependence in self.dependences:
            for step in dependence.missing:
                key = (step.requirement.measure, step.requirement.aggregation)
                if key not in most or most[key].missing < step.missing:
                    most[key] = step
        return tuple(most.values())


def bus_factor(credits: Iterable[Credit], *, held_rank: int, day: date, programme: Programme) -> BusFactor:
    """Take away each person in turn, as of the day. Credits are those that count: none that was undone.

    What can be lost is the level held or, if its requirements are not met any more, the one that is reached. Who costs
    the deepest fall comes first; then by name.
    """
    counted = list(credits)
    scores = scores_of(counted, day=day, measures=programme.measures)
    kept = programme.level_of_rank(min(held_rank, tier_for(scores, programme).level.rank))
    by_holder: dict[str, list[Credit]] = {}
    for credit in counted:
        if credit.holder:
            by_holder.setdefault(credit.holder, []).append(credit)
    people = [holder for holder, theirs in by_holder.items() if scores_of(theirs, day=day, measures=programme.measures)]
    look = _Look(counted, scores, day, programme, kept, _by_latest(programme))
    found = (look.without_person(holder, by_holder[holder]) for holder in people)
    alone = sorted(filter(None, found), key=lambda each: (each.falls_to.rank, each.holder))
    return BusFactor(kept, tuple(sorted(people)), tuple(alone))


def _by_latest(programme: Programme) -> frozenset[Measure]:
    asked = (each for level in programme.levels for path in level.paths for each in path.requirements)
    return frozenset(each.measure for each in asked if each.aggregation == Aggregation.LATEST)


@dataclass(frozen=True, slots=True)
class _Look:
    counted: Sequence[Credit]
    scores: Scores
    day: date
    programme: Programme
    kept: Level
    by_latest: frozenset[Measure]

    def without_person(self, holder: str, theirs: Sequence[Credit]) -> Dependence | None:
        found = tier_for(self._without(theirs), self.programme)
        if found.level.rank >= self.kept.rank:
            return None
        nearest = found.step_of_rank(self.kept.rank).nearest
        return Dependence(
            holder,
            next((credit for credit in theirs if self._costs(credit)), None),
            self.kept,
            falls_to=found.level,
            missing=nearest.unmet if nearest else (),
        )

    def _costs(self, credit: Credit) -> bool:
        return tier_for(self._without([credit]), self.programme).level.rank < self.kept.rank

    def _without(self, gone: Sequence[Credit]) -> Scores:
        """What is left. Sums and numbers are taken off; only what is newest has to be looked for again."""
        lost = scores_of(gone, day=self.day, measures=self.programme.measures)
        left = dict(self.scores)
        for measure, tally in lost.items():
            whole = left[measure]
            left[measure] = Tally(whole.total - tally.total, whole.samples - tally.samples, whole.latest)
        again = self.by_latest & lost.keys()
        if again:
            away = {credit.pk for credit in gone}
            rest = scores_of((each for each in self.counted if each.pk not in away), day=self.day, measures=again)
            left |= {measure: rest.get(measure, Tally()) for measure in again}
        return left
