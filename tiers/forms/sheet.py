"""The shape of a programme's form: how many levels, paths and requirements it has, and what moving and removing do.

Fields are named by their place: ``l1-name``, ``l1-p0-r2-metric``. A shape is written ``1|3,3``: two levels, the first
with one path of one requirement, the second with two paths of three.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tiers.choices.programmes import Aggregation, SupportLevel, Window
from tiers.rules.content import Proposal, fingerprint
from tiers.rules.programme_checks import MAX_LEVELS, MAX_PATHS, MAX_REQUIREMENTS

Shape = tuple[tuple[int, ...], ...]
_SHAPE = re.compile(r"[0-9,|]{0,400}")
_PLACE = re.compile(r"l(\d{1,2})(?:-p(\d{1,2})(?:-r(\d{1,2}))?)?")
NEW_LEVEL = {"rebate_multiplier": "1", "mdf_rate": "0", "lead_priority": "0", "support_level": SupportLevel.STANDARD}
NEW_REQUIREMENT = {"window": Window.TRAILING_12_MONTHS, "aggregation": Aggregation.SUM, "minimum_samples": ""}

Requirement = dict[str, Any]


@dataclass
class _Level:
    values: dict[str, Any]
    paths: list[list[Requirement]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The shape, and what each field begins with: values of a draft, or texts as they were typed."""

    shape: Shape
    values: Mapping[str, Any]

    def requirement_places(self) -> Iterator[str]:
        for level, paths in enumerate(self.shape):
            for path, count in enumerate(paths):
                yield from (f"l{level}-p{path}-r{number}" for number in range(count))

    @property
    def written_shape(self) -> str:
        return "|".join(",".join(str(count) for count in paths) for paths in self.shape)

    def changed(self, what: str) -> "Sheet":
        """With a level, path or requirement more, fewer or elsewhere: ``remove:l1-p0``, ``up:l2``, ``add:l1-p0``.

        ``add:`` alone adds a level. What makes no sense, or too much of it, changes nothing.
        """
        verb, _colon, place = what.partition(":")
        found = _PLACE.fullmatch(place)
        numbers = tuple(int(part) for part in found.groups() if part is not None) if found else ()
        levels = self._levels()
        if place and not found:
            return self
        if verb == "add":
            _add(levels, numbers)
        elif verb == "remove" and numbers:
            _remove(levels, numbers)
        elif verb in ("up", "down") and len(numbers) == 1:
            _move(levels, numbers[0], 1 if verb == "up" else -1)
        return _sheet(levels, {name: value for name, value in self.values.items() if not _is_part(name)})

    def _levels(self) -> list[_Level]:
        return [
            _Level(
                self._at(f"l{number}"),
                [[self._at(f"l{number}-p{path}-r{each}") for each in range(count)] for path, count in enumerate(paths)],
            )
            for number, paths in enumerate(self.shape)
        ]

    def _at(self, place: str) -> dict[str, Any]:
        start = f"{place}-"
        found = {name.removeprefix(start): value for name, value in self.values.items() if name.startswith(start)}
        return {name: value for name, value in found.items() if "-" not in name}


def sheet_of(proposal: Proposal) -> Sheet:
    """A draft as it is stored."""
    content = proposal.content
    levels = [
        _Level(
            {name: value for name, value in msgspec.structs.asdict(level).items() if name != "paths"},
            [[msgspec.structs.asdict(asked) for asked in path.requirements] for path in level.paths],
        )
        for level in content.levels
    ]
    frame = {name: getattr(content, name) for name in ("notice_days", "demotion_period", "benefits_may_fall")}
    said = {"seen": fingerprint(proposal), "name": proposal.name, "starts_on": proposal.starts_on}
    return _sheet(levels, {**frame, **said, "words": proposal.words})


def typed_sheet(data: Mapping[str, Any]) -> Sheet | None:
    """A form as it was sent; None if its shape is none that this editor wrote."""
    written = str(data.get("shape") or "")
    if not _SHAPE.fullmatch(written):
        return None
    shape = tuple(tuple(int(count) for count in level.split(",") if count) for level in written.split("|"))
    fits = len(shape) <= MAX_LEVELS and all(
        len(paths) <= MAX_PATHS and all(count <= MAX_REQUIREMENTS for count in paths) for paths in shape
    )
    return Sheet(shape, {name: data[name] for name in data}) if fits else None


def _add(levels: list[_Level], numbers: tuple[int, ...]) -> None:
    match numbers:
        case () if len(levels) < MAX_LEVELS:
            levels.append(_Level(dict(NEW_LEVEL), [[dict(NEW_REQUIREMENT)]]))
        case (level,) if level < len(levels) and len(levels[level].paths) < MAX_PATHS:
            levels[level].paths.append([dict(NEW_REQUIREMENT)])
        case (level, path) if level < len(levels) and path < len(levels[level].paths):
            if len(levels[level].paths[path]) < MAX_REQUIREMENTS:
                levels[level].paths[path].append(dict(NEW_REQUIREMENT))


def _remove(levels: list[_Level], numbers: tuple[int, ...]) -> None:
    inside: list[Any] = levels
    if len(numbers) > 1:
        inside = levels[numbers[0]].paths if numbers[0] < len(levels) else []
    if len(numbers) > 2:
        inside = inside[numbers[1]] if numbers[1] < len(inside) else []
    is_only_level = len(numbers) == 1 and len(levels) == 1
    if numbers[-1] < len(inside) and not is_only_level:
        del inside[numbers[-1]]


def _move(levels: list[_Level], number: int, step: int) -> None:
    if 0 <= number < len(levels) and 0 <= number + step < len(levels):
        levels.insert(number + step, levels.pop(number))


def _sheet(levels: list[_Level], frame: Mapping[str, Any]) -> Sheet:
    values = dict(frame)
    for number, level in enumerate(levels):
        values |= {f"l{number}-{name}": value for name, value in level.values.items()}
        for path, requirements in enumerate(level.paths):
            for each, asked in enumerate(requirements):
                values |= {f"l{number}-p{path}-r{each}-{name}": value for name, value in asked.items()}
    return Sheet(tuple(tuple(len(path) for path in level.paths) for level in levels), values)


def _is_part(name: str) -> bool:
    return _PLACE.match(name) is not None and "-" in name
