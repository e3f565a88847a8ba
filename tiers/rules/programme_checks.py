"""Whether a draft can be a programme: everything that stands against it at once, each tied to its place.

A place is written ``levels.1.paths.0.requirements.2.threshold``; numbers count from zero. Whole numbers and decimals
that were no numbers when they were typed arrive as -1 and NaN.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args

from common.period import Measurement, add_months
from common.texts import is_readable
from common.verdict import Reason, Verdict, objections
from tiers.choices.programmes import Aggregation, SupportLevel
from tiers.rules.content import LevelContent, PathContent, ProgrammeContent, Proposal, RequirementContent
from tiers.rules.programme_order import MAX_THRESHOLD, order_problems

MAX_LEVELS, MAX_PATHS, MAX_REQUIREMENTS = 10, 5, 10
NAME_LENGTH, WORDS_LENGTH, LEVEL_NAME_LENGTH = 120, 2000, 60
MAX_COUNT = 1_000_000  # of credits that one partner can have in a window
MOST_DAYS = 3650
MOST_NOTICE_DAYS = 730
MOST_PRIORITY = 100
MAX_YEARS_AHEAD = 5
NPS_MOST = Decimal(100)  # by definition of the score
SUPPORT_ORDER = [level.value for level in SupportLevel]
RISING = ("protection_days", "deal_discount", "rebate_multiplier", "mdf_rate", "lead_priority", "support_level")
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a programme is judged beside. `metrics`: names by code; `credited`: codes that somebody credits."""

    metrics: Mapping[str, str]
    credited: frozenset[str]
    currency: str
    today: date
    first_day: date  # the earliest that partners can still be told of in time
    change_notice_days: int


def proposal_is_sound(proposal: Proposal, around: Surroundings) -> Verdict:
    """All that stands against saving it. A draft may still be without a first day and without words."""
    return objections(
        [
            *_text(proposal.name, "name", NAME_LENGTH, missing="programme.name_missing"),
            *_text(proposal.words, "words", WORDS_LENGTH, several_lines=True),
            *first_day_problems(proposal.starts_on, around),
            *_programme_problems(proposal.content, around),
        ]
    )


def words_to_partners_are_sound(words: str) -> Verdict:
    return objections(_text(words, "words", WORDS_LENGTH, several_lines=True, missing="programme.words_missing"))


def first_day_problems(starts_on: date | None, around: Surroundings) -> Iterator[Reason]:
    if starts_on is None:
        return
    if starts_on < around.today:
        yield Reason("programme.starts_in_past", field="starts_on")
    elif starts_on < around.first_day:
        params = {"day": around.first_day, "days": around.change_notice_days}
        yield Reason("programme.starts_too_soon", params, "starts_on")
    elif starts_on > add_months(around.today, 12 * MAX_YEARS_AHEAD):
        yield Reason("programme.starts_too_late", {"years": MAX_YEARS_AHEAD}, "starts_on")


def _programme_problems(content: ProgrammeContent, around: Surroundings) -> Iterator[Reason]:
    if content.demotion_period not in get_args(Measurement):
        yield Reason("programme.period_unknown", field="demotion_period")
    yield from _whole(content.notice_days, "notice_days", 1, MOST_NOTICE_DAYS)
    if content.currency != around.currency:
        yield Reason("programme.currency_differs", {"currency": around.currency}, "currency")
    if not content.levels:
        yield Reason("programme.levels_missing", field="levels")
    yield from _too_many(content.levels, MAX_LEVELS, "levels")
    for number, level in enumerate(content.levels[:MAX_LEVELS]):
        yield from _level_problems(level, f"levels.{number}", around, is_entry=number == 0)
    yield from _doubled([level.code for level in content.levels], "code", "programme.code_twice")
    yield from _doubled([level.name.strip().casefold() for level in content.levels], "name", "programme.level_twice")
    yield from order_problems(content.levels[:MAX_LEVELS])
    if not content.benefits_may_fall:
        yield from _falling_benefits(content.levels)


def _level_problems(level: LevelContent, place: str, around: Surroundings, *, is_entry: bool) -> Iterator[Reason]:
    if not _CODE.fullmatch(level.code):
        yield Reason("programme.code_invalid", field=f"{place}.code")
    yield from _text(level.name, f"{place}.name", LEVEL_NAME_LENGTH, missing="programme.level_name_missing")
    yield from _whole(level.protection_days, f"{place}.protection_days", 0, MOST_DAYS)
    yield from _share(level.deal_discount, f"{place}.deal_discount")
    yield from _share(level.mdf_rate, f"{place}.mdf_rate")
    if not (_is_number(level.rebate_multiplier) and 0 < level.rebate_multiplier < 100):
        yield Reason("programme.multiplier_invalid", field=f"{place}.rebate_multiplier")
    yield from _whole(level.lead_priority, f"{place}.lead_priority", 0, MOST_PRIORITY)
    if level.support_level not in SUPPORT_ORDER:
        yield Reason("programme.choice_unknown", field=f"{place}.support_level")
    yield from _too_many(level.paths, MAX_PATHS, f"{place}.paths")
    if not level.paths and not is_entry:
        yield Reason("programme.path_empty", {"level": level.name}, f"{place}.paths")
    for number, path in enumerate(level.paths[:MAX_PATHS]):
        if not path.requirements and not is_entry:
            yield Reason("programme.path_empty", {"level": level.name}, f"{place}.paths.{number}")
        yield from _path_problems(path, f"{place}.paths.{number}", around)
    yield from _never_credited(level, place, around)


def _path_problems(path: PathContent, place: str, around: Surroundings) -> Iterator[Reason]:
    yield from _too_many(path.requirements, MAX_REQUIREMENTS, place)
    seen: dict[tuple[str, str, str], RequirementContent] = {}
    for number, asked in enumerate(path.requirements[:MAX_REQUIREMENTS]):
        here = f"{place}.requirements.{number}"
        yield from _requirement_problems(asked, here, around)
        measure = (asked.metric, asked.window, asked.aggregation)
        if earlier := seen.get(measure):
            agree = (earlier.threshold, earlier.minimum_samples) == (asked.threshold, asked.minimum_samples)
            code = "programme.requirement_twice" if agree else "programme.requirements_contradict"
            yield Reason(code, {"metric": around.metrics.get(asked.metric, asked.metric)}, f"{here}.metric")
        seen.setdefault(measure, asked)


def _requirement_problems(asked: RequirementContent, place: str, around: Surroundings) -> Iterator[Reason]:
    if asked.metric not in around.metrics:
        yield Reason("programme.metric_unknown", {"metric": asked.metric[:40]}, f"{place}.metric")
    yield from _threshold_problems(asked, f"{place}.threshold")
    yield from _whole(asked.minimum_samples, f"{place}.minimum_samples", 0, MAX_COUNT)
    if asked.aggregation == Aggregation.AVERAGE and asked.minimum_samples == 0:
        yield Reason("programme.samples_missing", field=f"{place}.minimum_samples")
    is_count = asked.aggregation == Aggregation.COUNT and _is_number(asked.threshold)
    if is_count and asked.minimum_samples > asked.threshold:
        yield Reason("programme.samples_above_count", field=f"{place}.minimum_samples")


def _threshold_problems(asked: RequirementContent, place: str) -> Iterator[Reason]:
    value = asked.threshold
    if not _is_number(value) or not 0 < value < MAX_THRESHOLD:
        yield Reason("programme.threshold_invalid", field=place)
    elif asked.aggregation == Aggregation.COUNT and value != value.to_integral_value():
        yield Reason("programme.count_not_whole", field=place)
    elif asked.aggregation == Aggregation.COUNT and value > MAX_COUNT:
        yield Reason("programme.count_impossible", {"most": MAX_COUNT}, place)
    elif asked.metric == "nps" and asked.aggregation in (Aggregation.AVERAGE, Aggregation.LATEST) and value > NPS_MOST:
        yield Reason("programme.score_impossible", {"most": NPS_MOST}, place)


def _never_credited(level: LevelContent, place: str, around: Surroundings) -> Iterator[Reason]:
    """Where every path asks for something that nobody ever credits, the level cannot be reached."""
    dead = [
        [
            (f"{place}.paths.{i}.requirements.{j}.metric", asked.metric)
            for j, asked in enumerate(path.requirements)
            if asked.metric in around.metrics and asked.metric not in around.credited
        ]
        for i, path in enumerate(level.paths)
    ]
    if dead and all(dead):
        for here, metric in (each for path in dead for each in path):
            params = {"metric": around.metrics[metric], "level": level.name}
            yield Reason("programme.metric_never_credited", params, here)


def _falling_benefits(levels: Sequence[LevelContent]) -> Iterator[Reason]:
    for number, (below, level) in enumerate(pairwise(levels), start=1):
        for name in RISING:
            before, after = _rank(below, name), _rank(level, name)
            if before is not None and after is not None and after < before:
                params = {"level": level.name, "below": below.name}
                yield Reason("programme.benefit_falls", params, f"levels.{number}.{name}")


def _rank(level: LevelContent, name: str) -> Any:
    """The benefit as something that can be compared; None where it is no value at all."""
    value = getattr(level, name)
    if name == "support_level":
        return SUPPORT_ORDER.index(value) if value in SUPPORT_ORDER else None
    return value if _is_number(Decimal(value)) and value >= 0 else None


def _doubled(values: Sequence[str], name: str, code: str) -> Iterator[Reason]:
    for number, value in enumerate(values):
        if value and value in values[:number]:
            yield Reason(code, field=f"levels.{number}.{name}")


def _too_many(things: Sequence[Any], limit: int, place: str) -> Iterator[Reason]:
    if len(things) > limit:
        yield Reason("programme.too_many", {"limit": limit}, place)


def _text(text: str, place: str, limit: int, *, several_lines: bool = False, missing: str = "") -> Iterator[Reason]:
    if missing and not text.strip():
        yield Reason(missing, field=place)
    if len(text) > limit:
        yield Reason("programme.text_too_long", {"most": limit}, place)
    if not is_readable(text, several_lines=several_lines):
        yield Reason("programme.text_characters", field=place)


def _whole(value: int, place: str, least: int, most: int) -> Iterator[Reason]:
    if not least <= value <= most:
        yield Reason("programme.number_invalid", {"least": least, "most": most}, place)


def _share(value: Decimal, place: str) -> Iterator[Reason]:
    if not (_is_number(value) and 0 <= value <= 1):
        yield Reason("programme.share_invalid", field=place)


def _is_number(value: Decimal) -> bool:
    """Finite, and with at most the four decimals that are kept."""
    if not value.is_finite():
        return False
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -4 <= exponent <= 20
