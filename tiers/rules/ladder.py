"""Which level a partner's scores give: the programme as values, every requirement measured, and the steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from common.period import Measurement, add_months, period_of
from tiers.choices.programmes import Aggregation, SupportLevel, Window
from tiers.choices.scores import MetricUnit

SCORE_STEP = Decimal("0.0001")
ONE_DAY = timedelta(days=1)
Measure = tuple[str, str]  # (metric code, window)
TRAILING_MONTHS: dict[str, int] = {
    Window.TRAILING_3_MONTHS: 3,
    Window.TRAILING_6_MONTHS: 6,
    Window.TRAILING_12_MONTHS: 12,
    Window.TRAILING_24_MONTHS: 24,
}
FISCAL_PERIODS: dict[str, Measurement] = {Window.FISCAL_QUARTER: "quarter", Window.FISCAL_YEAR: "year"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a partner's level gives it on a day. Rates are shares: 0.03 is 3 %."""

    level_code: str
    level_name: str
    rank: int
    protection_days: int
    deal_discount: Decimal
    rebate_multiplier: Decimal
    mdf_rate: Decimal
    programme_version: int
    lead_priority: int = 0
    support_level: str = SupportLevel.STANDARD.value


@dataclass(frozen=True, slots=True)
class Requirement:
    """Met when the value reaches the threshold and rests on at least `minimum_samples` credits.

    `name` is the metric's name for people, `unit` how its values are printed.
    """

    metric: str
    window: Window
    threshold: Decimal
    aggregation: Aggregation = Aggregation.SUM
    minimum_samples: int = 0
    name: str = ""
    unit: str = MetricUnit.NUMBER

    @property
    def measure(self) -> Measure:
        return self.metric, str(self.window)


@dataclass(frozen=True, slots=True)
class Path:
    """One way to a level: met when all of its requirements are; a path that requires nothing is met."""

    number: int
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """Met when any of its paths is."""

    rank: int
    code: str
    name: str
    paths: tuple[Path, ...]
    level_id: int = 0
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """One version of a programme, its levels in rising rank. Refuses (ValueError) to be without levels."""

    number: int
    levels: tuple[Level, ...]
    notice_days: int
    demotion_period: Measurement
    version_id: int = 0
    currency: str = "EUR"

    def __post_init__(self) -> None:
        ranks = [level.rank for level in self.levels]
        if not ranks or ranks != sorted(set(ranks)):
            raise ValueError("a programme needs levels, in rising rank")

    @property
    def entry(self) -> Level:
        return self.levels[0]

    @property
    def requirement_by_measure(self) -> dict[Measure, Requirement]:
        """Everything that is looked at, each with the first requirement that does."""
        found: dict[Measure, Requirement] = {}
        for level in self.levels:
            for path in level.paths:
                for requirement in path.requirements:
                    found.setdefault(requirement.measure, requirement)
        return found

    @property
    def measures(self) -> frozenset[Measure]:
        return frozenset(self.requirement_by_measure)

    @property
    def ordered_measures(self) -> tuple[Measure, ...]:
        """Everything that is looked at, in the order in which reviews store it."""
        return tuple(sorted(self.requirement_by_measure))

    @property
    def latest_measures(self) -> frozenset[Measure]:
        """Of which some requirement asks for the latest."""
        asked = (requirement for level in self.levels for path in level.paths for requirement in path.requirements)
        return frozenset(each.measure for each in asked if each.aggregation == Aggregation.LATEST)

    def level_of_rank(self, rank: int) -> Level:
        return next(level for level in self.levels if level.rank == rank)

    def rank_of(self, code: str, otherwise: int) -> int:
        """The rank of this level here; of a level that this version no longer has, the nearest one not above it."""
        for level in self.levels:
            if level.code == code:
                return level.rank
        return max((level.rank for level in self.levels if level.rank <= otherwise), default=self.entry.rank)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the score book adds up to for one measure: the total, and how many credits that were not reversed.

    `latest` is the amount of the one that became valid last, and of those the one recorded last; None without any.
    """

    total: Decimal = Decimal(0)
    samples: int = 0
    latest: Decimal | None = None


Scores = Mapping[Measure, Tally]


@dataclass(frozen=True, slots=True)
class RequirementStep:
    """A requirement beside the value found. An average without any credit has no value."""

    requirement: Requirement
    value: Decimal | None
    samples: int

    @property
    def target(self) -> Decimal:
        return self.requirement.threshold

    @property
    def met(self) -> bool:
        enough = self.samples >= self.requirement.minimum_samples
        return enough and self.value is not None and self.value >= self.target

    @property
    def missing(self) -> Decimal:
        """How much more the value must grow; zero when it is high enough."""
        return max(self.target - (self.value or Decimal(0)), Decimal(0))

    @property
    def progress(self) -> Decimal:
        """Share of the target that is reached, from 0 to 1. One only when the requirement is met."""
        share = (
            min(max((self.value or Decimal(0)) / self.target, Decimal(0)), Decimal(1)) if self.target else Decimal(1)
        )
        return share if self.met else min(share, Decimal("0.9999"))


@dataclass(frozen=True, slots=True)
class PathStep:
    number: int
    requirements: tuple[RequirementStep, ...]

    @property
    def met(self) -> bool:
        return all(step.met for step in self.requirements)

    @property
    def progress(self) -> Decimal:
        """The mean progress of the requirements."""
        shares = [step.progress for step in self.requirements]
        return sum(shares, Decimal(0)) / len(shares) if shares else Decimal(1)

    @property
    def unmet(self) -> tuple[RequirementStep, ...]:
        return tuple(step for step in self.requirements if not step.met)


@dataclass(frozen=True, slots=True)
class LevelStep:
    level: Level
    paths: tuple[PathStep, ...]

    @property
    def met(self) -> bool:
        return not self.paths or any(path.met for path in self.paths)

    @property
    def nearest(self) -> PathStep | None:
        """The path with the most progress; of equals the first. None when the level requires nothing."""
        return max(self.paths, key=lambda path: (path.progress, -path.number), default=None)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Every level of the programme with its steps, and the one that is reached."""

    programme: Programme
    steps: tuple[LevelStep, ...]

    @property
    def reached(self) -> Level | None:
        """The highest level that is met; None when not even the entry level is."""
        return next((step.level for step in reversed(self.steps) if step.met), None)

    @property
    def level(self) -> Level:
        """The level to stand at: the one reached, and never below the entry level."""
        return self.reached or self.programme.entry

    def step_of_rank(self, rank: int) -> LevelStep:
        return next(step for step in self.steps if step.level.rank == rank)

    def next_above(self, rank: int) -> LevelStep | None:
        """The level that follows in the ladder; None at the top."""
        return next((step for step in self.steps if step.level.rank > rank), None)


def tier_for(scores: Scores, programme: Programme) -> Ladder:
    """Measure the scores against every requirement: any path gives a level, a path needs all its requirements."""
    return Ladder(programme, tuple(_level_step(level, scores) for level in programme.levels))


def _level_step(level: Level, scores: Scores) -> LevelStep:
    paths = (
        PathStep(path.number, tuple(_requirement_step(requirement, scores) for requirement in path.requirements))
        for path in level.paths
    )
    return LevelStep(level, tuple(paths))


def _requirement_step(requirement: Requirement, scores: Scores) -> RequirementStep:
    tally = scores.get(requirement.measure, Tally())
    return RequirementStep(requirement, value_of(tally, requirement.aggregation), tally.samples)


def value_of(tally: Tally, aggregation: str) -> Decimal | None:
    """The tally as one number. An average is cut, not rounded, to four decimals: it never seems more than it is."""
    if aggregation == Aggregation.COUNT:
        return Decimal(tally.samples)
    if aggregation == Aggregation.LATEST:
        return tally.latest
    if aggregation == Aggregation.AVERAGE:
        return (tally.total / tally.samples).quantize(SCORE_STEP, ROUND_FLOOR) if tally.samples > 0 else None
    return tally.total


def window_starts_on(window: str, day: date) -> date:
    """The first day whose credits the window still sees from `day`; the beginning of time when it has no such bound."""
    if window in TRAILING_MONTHS:
        return add_months(day + ONE_DAY, -TRAILING_MONTHS[window])
    if window in FISCAL_PERIODS:
        return period_of(day, FISCAL_PERIODS[window]).starts_on
    return date.min
