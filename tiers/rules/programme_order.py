"""Whether levels ask for more the higher they are.

A path implies another when whoever meets the one meets the other: all that the other asks, the first asks for at least
as strictly. No way to a level may imply one to a level above. Paths of the same place in their levels are meant as the
same kind of way: what both ask for must not fall. Others may trade, less revenue for more certified people.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from common.verdict import Reason
from tiers.rules.content import LevelContent, PathContent, RequirementContent

MAX_THRESHOLD = Decimal(10) ** 13
_Measure = tuple[str, str, str]


def order_problems(levels: Sequence[LevelContent]) -> Iterator[Reason]:
    for upper in range(1, len(levels)):
        for lower in range(upper):
            yield from _implied(levels, lower, upper)
        yield from _falling(levels, upper)


def _implied(levels: Sequence[LevelContent], lower: int, upper: int) -> Iterator[Reason]:
    ways = [(place, path) for place, path in enumerate(levels[upper].paths) if path.requirements]
    below = levels[lower].paths or (PathContent(()),)
    names = {"below": levels[lower].name, "level": levels[upper].name}
    if ways and all(any(implies(path, way) for _, way in ways) for path in below):
        yield Reason("programme.levels_out_of_order", names, f"levels.{upper}.paths")
        return
    for place, way in ways:
        for number, path in enumerate(below, start=1):
            if implies(path, way):
                params = {**names, "number": number}
                yield Reason("programme.path_not_harder", params, f"levels.{upper}.paths.{place}")


def implies(path: PathContent, other: PathContent) -> bool:
    """Whether whoever meets the path meets the other one too."""
    asked = _by_measure(path)
    return all(
        (same := asked.get(_measure(wanted))) is not None
        and _is_sound(wanted)
        and _is_sound(same)
        and same.threshold >= wanted.threshold
        and same.minimum_samples >= wanted.minimum_samples
        for wanted in other.requirements
    )


def _falling(levels: Sequence[LevelContent], upper: int) -> Iterator[Reason]:
    """Thresholds below those of the nearest lower level that asks for the same on the path of the same place."""
    for place, path in enumerate(levels[upper].paths):
        for number, asked in enumerate(path.requirements):
            found = _nearest_below(levels[:upper], place, asked)
            if found and asked.threshold < found[1].threshold:
                params = {"below": found[0].name, "level": levels[upper].name}
                here = f"levels.{upper}.paths.{place}.requirements.{number}.threshold"
                yield Reason("programme.threshold_falls", params, here)


def _nearest_below(
    levels: Sequence[LevelContent], place: int, asked: RequirementContent
) -> tuple[LevelContent, RequirementContent] | None:
    if not _is_sound(asked):
        return None
    for level in reversed(levels):
        if place < len(level.paths):
            same = _by_measure(level.paths[place]).get(_measure(asked))
            if same is not None and _is_sound(same):
                return level, same
    return None


def _is_sound(asked: RequirementContent) -> bool:
    """Whether its threshold is one that can be compared: what is none is told of by itself."""
    return asked.threshold.is_finite() and 0 < asked.threshold < MAX_THRESHOLD


def _by_measure(path: PathContent) -> dict[_Measure, RequirementContent]:
    return {_measure(asked): asked for asked in path.requirements}


def _measure(asked: RequirementContent) -> _Measure:
    return asked.metric, str(asked.window), str(asked.aggregation)
