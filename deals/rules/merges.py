"""What becomes of protections and of entries on lists when two customers turn out to be one, or why they cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from common.verdict import Reason
from deals.rules.sites import spans_overlap


@dataclass(frozen=True, slots=True)
class Held:
    """A protection that has not ended, half-open. `span` is its range of site numbers, `partner` a name."""

    pk: int
    registration: str  # public id
    partner_id: int
    partner: str
    family_id: int
    span: tuple[int | None, int | None]
    is_shared: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Piece:
    """A protection ends at the instant of the merge, and is written anew for this time of the kept customer.

    Half-open; an empty time keeps the end of a protection that lies within another of the same partner.
    """

    pk: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """What is to be written anew, which rows only end, and what stands against it all."""

    pieces: tuple[Piece, ...]
    ended: tuple[int, ...]
    reasons: tuple[Reason, ...]


def join_protections(kept: Sequence[Held], lost: Sequence[Held], at: datetime) -> Joined:
    """What both customers' protections are once they are one.

    What was past stays true. Of two that meet, those of one partner take turns: the one that ends first, then the
    other; so that each still ends when it was promised to. Those of different partners cannot both live.
    """
    pieces: list[Piece] = []
    ended: list[int] = []
    reasons: list[Reason] = []
    for row in lost:
        meeting = [other for other in kept if _meet(row, other)]
        if any(_is_twin(row, other) for other in kept):
            ended.append(row.pk)
        elif not meeting:
            pieces.append(Piece(row.pk, max(row.starts_at, at), row.ends_at))
        elif rivals := [other for other in meeting if other.partner_id != row.partner_id]:
            reasons += [_reason("merge.protected_twice", other, row) for other in rivals]
        elif len(meeting) == 1 and meeting[0].span == row.span and max(row.starts_at, meeting[0].starts_at) <= at:
            pieces += _in_turn(meeting[0], row, at)
        else:
            reasons += [_reason("merge.sites_overlap", other, row) for other in meeting]
    return Joined(tuple(pieces), tuple(ended), _once(reasons))


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Two registrations that meet in several families are one conflict."""
    return tuple({(each.code, *map(str, each.params.values())): each for each in reasons}.values())


def _reason(code: str, one: Held, other: Held) -> Reason:
    return Reason(
        code,
        {
            "one": one.registration,
            "one_partner": one.partner,
            "other": other.registration,
            "other_partner": other.partner,
        },
    )


def _meet(one: Held, other: Held) -> bool:
    """Whether the database would refuse both for one customer."""
    is_exclusive = not one.is_shared and not other.is_shared
    is_something = one.starts_at < one.ends_at and other.starts_at < other.ends_at
    in_time = one.starts_at < other.ends_at and other.starts_at < one.ends_at
    same_family = one.family_id == other.family_id
    return is_exclusive and is_something and in_time and same_family and spans_overlap(one.span, other.span)


def _is_twin(one: Held, other: Held) -> bool:
    """One registration that had found both records of the company."""
    return (one.registration, one.family_id, one.span, one.ends_at) == (
        other.registration,
        other.family_id,
        other.span,
        other.ends_at,
    )


def _in_turn(kept: Held, lost: Held, at: datetime) -> list[Piece]:
    if kept.ends_at <= lost.ends_at:
        return [Piece(lost.pk, kept.ends_at, lost.ends_at)]
    return [Piece(lost.pk, at, lost.ends_at), Piece(kept.pk, lost.ends_at, kept.ends_at)]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a list of customers, half-open by days; no end: until further notice."""

    pk: int
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Moved:
    """An entry that holds for the kept customer from this day on; before, it held for the lost one."""

    pk: int
    starts_on: date


def join_lists(kept: Sequence[Listed], lost: Sequence[Listed], day: date) -> tuple[Moved, ...] | None:
    """Which entries move, and from when on; those that have ended stay. None: two of them hold at once."""
    moved = []
    for entry in lost:
        if entry.ends_on is not None and entry.ends_on <= day:
            continue
        overlapping = [other for other in kept if _overlap(entry, other)]
        if any(other.ends_on is None or other.ends_on > day for other in overlapping):
            return None
        moved.append(
            Moved(entry.pk, max([entry.starts_on, *(other.ends_on for other in overlapping if other.ends_on)]))
        )
    return tuple(moved)


def _overlap(one: Listed, other: Listed) -> bool:
    return (other.ends_on is None or one.starts_on < other.ends_on) and (
        one.ends_on is None or other.starts_on < one.ends_on
    )
