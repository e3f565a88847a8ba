"""What one programme says otherwise than another, and whether a draft may become a version, or a version be taken back.

Levels are the same by their code. Paths are the same when they ask for the same, whatever their number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from common.period import add_months
from common.verdict import Reason, Verdict, objections
from tiers.choices.programmes import Revision
from tiers.rules.content import Proposal, fingerprint
from tiers.rules.ladder import Level, Path, Programme, Requirement
from tiers.rules.programme_checks import Surroundings, proposal_is_sound

SIMULATED_MONTHS = 12
BENEFITS = ("protection_days", "deal_discount", "rebate_multiplier", "mdf_rate", "lead_priority", "support_level")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise. `level` is a code and empty for the whole programme, `path` a number from one.

    `about`: "level", "rank", "name", a benefit, "path", "requirement", "notice_days" or "demotion_period".
    """

    kind: Revision
    about: str
    before: Any = None
    after: Any = None
    level: str = ""
    path: int = 0


def differences(before: Programme, after: Programme) -> tuple[Difference, ...]:
    """What differs, level by level from the entry level upwards; then what is gone, and the rules of demotion."""
    return (*_level_differences(before, after), *_frame_differences(before, after))


def _level_differences(before: Programme, after: Programme) -> Iterator[Difference]:
    old = {level.code: level for level in before.levels}
    new = {level.code: level for level in after.levels}
    kept = [code for code in old if code in new]
    for place, code in enumerate(code for code in new if code in old):
        level, was = new[code], old[code]
        if kept.index(code) != place:
            yield Difference(Revision.MOVED, "rank", was.rank, level.rank, level=code)
        yield from _changed_level(was, level)
    for code, level in new.items():
        if code not in old:
            yield Difference(Revision.ADDED, "level", after=level, level=code)
    for code, level in old.items():
        if code not in new:
            yield Difference(Revision.REMOVED, "level", before=level, level=code)


def _changed_level(was: Level, level: Level) -> Iterator[Difference]:
    if was.name != level.name:
        yield Difference(Revision.CHANGED, "name", was.name, level.name, level=level.code)
    for name in BENEFITS:
        before, after = getattr(was.terms, name), getattr(level.terms, name)
        if before != after:
            yield Difference(Revision.CHANGED, name, before, after, level=level.code)
    yield from _path_differences(was, level)


def _path_differences(was: Level, level: Level) -> Iterator[Difference]:
    left = list(was.paths)
    pairs: list[tuple[Path | None, Path]] = []
    for path in sorted(level.paths, key=lambda path: _match(left, path) is None):
        same = _match(left, path) or next((each for each in left if each.number == path.number), None)
        if same is not None:
            left.remove(same)
        pairs.append((same, path))
    for same, path in sorted(pairs, key=lambda pair: pair[1].number):
        if same is None:
            yield Difference(Revision.ADDED, "path", after=path, level=level.code, path=path.number)
        else:
            yield from _requirement_differences(same, path, level.code)
    for path in left:
        yield Difference(Revision.REMOVED, "path", before=path, level=level.code, path=path.number)


def _match(paths: Sequence[Path], path: Path) -> Path | None:
    """The one that asks for the same things; of several the one of the same number."""
    found = [each for each in paths if set(_asked(each)) == set(_asked(path))]
    return min(found, key=lambda each: (each.number != path.number, each.number), default=None)


def _requirement_differences(was: Path, path: Path, level: str) -> Iterator[Difference]:
    old, new = _asked(was), _asked(path)
    for measure, asked in new.items():
        earlier = old.get(measure)
        if earlier is None:
            yield Difference(Revision.ADDED, "requirement", after=asked, level=level, path=path.number)
        elif (earlier.threshold, earlier.minimum_samples) != (asked.threshold, asked.minimum_samples):
            yield Difference(Revision.CHANGED, "requirement", earlier, asked, level=level, path=path.number)
    for measure, asked in old.items():
        if measure not in new:
            yield Difference(Revision.REMOVED, "requirement", before=asked, level=level, path=path.number)


def _asked(path: Path) -> dict[tuple[str, str, str], Requirement]:
    return {(*asked.measure, str(asked.aggregation)): asked for asked in path.requirements}


def _frame_differences(before: Programme, after: Programme) -> Iterator[Difference]:
    for name in ("notice_days", "demotion_period"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Difference(Revision.CHANGED, name, was, now)


@dataclass(frozen=True, slots=True)
class Publication:
    """How somebody asks to publish: from which day, having read what, and the number typed to confirm."""

    starts_on: date
    seen: str  # fingerprint of what was read
    confirmed_number: int | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What must be so before a draft is published. `last_starts_on`: first day of the last version there is."""

    number: int
    is_simulated: bool
    last_starts_on: date | None


def may_publish(asked: Publication, proposal: Proposal, around: Surroundings, ready: Readiness) -> Verdict:
    """Whether a draft becomes version `ready.number` from that day. Its wished first day no longer matters then."""
    judged = Proposal(proposal.name, proposal.content, asked.starts_on, proposal.words)
    is_early = ready.last_starts_on is not None and asked.starts_on <= ready.last_starts_on
    return proposal_is_sound(judged, around) & objections(
        [
            Reason("programme.changed_meanwhile") if asked.seen != fingerprint(proposal) else None,
            None if ready.is_simulated else Reason("programme.not_simulated"),
            None if proposal.words.strip() else Reason("programme.words_missing", field="words"),
            Reason("programme.before_last", {"day": ready.last_starts_on}, "starts_on") if is_early else None,
            None
            if asked.confirmed_number == ready.number
            else Reason("programme.not_confirmed", {"number": ready.number}, "confirmed_number"),
        ]
    )


def covers_enough(starts_on: date, ends_on: date, *, history_starts_on: date | None, asked_on: date) -> bool:
    """Whether a simulation of these days (half-open) says enough: twelve months, or all history until it was asked."""
    if add_months(starts_on, SIMULATED_MONTHS) <= ends_on:
        return True
    return history_starts_on is None or (starts_on <= history_starts_on and ends_on >= asked_on)
