"""Entries of the lists that the rules of engagement look at: what makes one sound, and what may become of it when.

What has begun is a fact that decisions rest on. It can be ended, never rewritten; only what has not begun may be
corrected or taken back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import ClassVar

from common.actor import Actor
from common.period import Period
from common.texts import is_readable
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.policies import BlockReason, PolicyKind, Validity
from partners import rules as partner_rules

LIMITS = {"note": 200, "segment": 60, "certificate": 120, "name": 120}
YEARS = range(1990, 2101)
KEPT_OPEN = frozenset({"ends_on", "note"})  # of what has begun these may still be changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Holds from `starts_on` until before `ends_on`; no end means until further notice."""

    kind: ClassVar[PolicyKind]
    starts_on: date
    ends_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAccountEntry(Entry):
    kind: ClassVar[PolicyKind] = PolicyKind.NAMED_ACCOUNTS
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedCustomerEntry(Entry):
    kind: ClassVar[PolicyKind] = PolicyKind.BLOCKED_CUSTOMERS
    customer_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusiveGrantEntry(Entry):
    """No country, segment or family listed means all of them."""

    kind: ClassVar[PolicyKind] = PolicyKind.EXCLUSIVE_GRANTS
    partner_id: int
    countries: tuple[str, ...] = ()
    segment: str = ""
    family_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationEntry(Entry):
    """No country, segment or family listed means all of them. `certificate` is what it rests on."""

    kind: ClassVar[PolicyKind] = PolicyKind.AUTHORISATIONS
    partner_id: int
    countries: tuple[str, ...] = ()
    segment: str = ""
    family_id: int | None = None
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayEntry:
    kind: ClassVar[PolicyKind] = PolicyKind.HOLIDAYS
    on: date
    name: str


AnyEntry = NamedAccountEntry | BlockedCustomerEntry | ExclusiveGrantEntry | AuthorisationEntry | HolidayEntry
Scoped = ExclusiveGrantEntry | AuthorisationEntry

ENTRIES: dict[str, type[AnyEntry]] = {
    entry.kind.value: entry
    for entry in (NamedAccountEntry, BlockedCustomerEntry, ExclusiveGrantEntry, AuthorisationEntry, HolidayEntry)
}


@dataclass(frozen=True, slots=True)
class Held:
    """An entry that is on its list, by its public id (a holiday's is its day). `partner` is its name, if it has one."""

    public_id: str
    entry: AnyEntry
    partner: str = ""


def may_view(actor: Actor) -> Verdict:
    """All of every list. A partner's own client, whatever its scopes, is not one of the vendor's."""
    return partner_rules.may(actor, "policy.view") if actor.is_vendor else refusal("actor.not_permitted")


def may_edit(actor: Actor) -> Verdict:
    return partner_rules.may(actor, "policy.edit") if actor.is_vendor else refusal("actor.not_permitted")


def validity_on(starts_on: date, ends_on: date | None, day: date) -> Validity:
    if day < starts_on:
        return Validity.ANNOUNCED
    return Validity.LIVE if ends_on is None or day < ends_on else Validity.ENDED


def first_day(entry: AnyEntry) -> date:
    return entry.on if isinstance(entry, HolidayEntry) else entry.starts_on


def key_of(entry: AnyEntry) -> tuple[object, ...]:
    """Equal for what is one and the same entry, however it ends and whatever is noted about it."""
    match entry:
        case HolidayEntry():
            return (entry.on,)
        case NamedAccountEntry() | BlockedCustomerEntry():
            return (entry.customer_id, entry.starts_on)
        case _:
            return (entry.partner_id, *_scope(entry), entry.starts_on)


def _scope(entry: Scoped) -> tuple[object, ...]:
    return (frozenset(entry.countries), entry.segment.casefold(), entry.family_id)


# Sound


def entry_is_sound(entry: AnyEntry) -> Verdict:
    """Lengths, characters, days that make sense; a grant is of something."""
    return objections(_problems(entry))


def _problems(entry: AnyEntry) -> Iterator[Reason | None]:
    for name, limit in LIMITS.items():
        text = getattr(entry, name, "")
        if len(text) > limit:
            yield Reason("policy.text_too_long", {"limit": limit}, name)
        if not is_readable(text, several_lines=False):
            yield Reason("policy.text_characters", field=name)
    if isinstance(entry, HolidayEntry):
        yield None if entry.name.strip() else Reason("holiday.name_missing", field="name")
        yield None if entry.on.year in YEARS else Reason("policy.day_absurd", field="on")
        return
    for place in ("starts_on", "ends_on"):
        day = getattr(entry, place)
        yield Reason("policy.day_absurd", field=place) if day and day.year not in YEARS else None
    if entry.ends_on is not None and entry.ends_on <= entry.starts_on:
        yield Reason("policy.ends_before_start", field="ends_on")
    if isinstance(entry, BlockedCustomerEntry) and entry.reason not in BlockReason.values:
        yield Reason("policy.choice_invalid", {"choices": ", ".join(BlockReason.values)}, "reason")
    if isinstance(entry, ExclusiveGrantEntry) and not (entry.countries or entry.segment or entry.family_id):
        yield Reason("exclusive_grant.of_nothing", field="countries")


# What may become of it


def may_add(entry: AnyEntry, others: Iterable[Held], today: date) -> Verdict:
    """Whether the entry can join these. Of what is already there nothing may hold for the same at the same time."""
    past = isinstance(entry, HolidayEntry) and entry.on < today
    sound = entry_is_sound(entry) & (refusal("holiday.in_past", field="on") if past else ALLOWED)
    return sound & _fits(entry, others) if sound else sound


def may_change(held: Held, entry: AnyEntry, others: Iterable[Held], today: date) -> Verdict:
    """Whether the entry may become this other one, of the same list; `others` are the rest of it."""
    sound = entry_is_sound(entry) & objections(_of_begun(held.entry, entry, today))
    return sound & _fits(entry, others) if sound else sound


def may_take_back(held: Held, today: date) -> Verdict:
    """Only what has not begun can be taken back: it was never a fact."""
    return ALLOWED if first_day(held.entry) > today else refusal("policy.has_begun")


def _of_begun(before: AnyEntry, after: AnyEntry, today: date) -> Iterator[Reason | None]:
    changed = {field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name)}
    if not changed or first_day(before) > today:
        if changed and isinstance(after, HolidayEntry) and after.on < today:
            yield Reason("holiday.in_past", field="on")
        return
    if isinstance(before, HolidayEntry) or isinstance(after, HolidayEntry):
        yield Reason("policy.has_ended")
        return
    if before.ends_on is not None and before.ends_on <= today:
        yield Reason("policy.has_ended")
        return
    yield from (Reason("policy.has_begun", field=name) for name in sorted(changed - KEPT_OPEN))
    if after.ends_on is not None and after.ends_on < today:
        yield Reason("policy.ends_in_past", field="ends_on")


def _fits(entry: AnyEntry, others: Iterable[Held]) -> Verdict:
    return objections([next((reason for other in others if (reason := _clash(entry, other))), None)])


def _clash(entry: AnyEntry, other: Held) -> Reason | None:
    held = other.entry
    if isinstance(entry, HolidayEntry) or isinstance(held, HolidayEntry):
        same_day = first_day(entry) == first_day(held)
        return Reason("holiday.overlaps", field="on") if same_day else None
    if not Period(entry.starts_on, entry.ends_on).overlaps(Period(held.starts_on, held.ends_on)):
        return None
    match entry, held:
        case ExclusiveGrantEntry(), ExclusiveGrantEntry():
            rivals = entry.partner_id != held.partner_id and _meet(entry, held)
            doubled = entry.partner_id == held.partner_id and _scope(entry) == _scope(held)
            clash = Reason("exclusive_grant.overlaps", {"partner": other.partner}, "starts_on")
            return clash if rivals or doubled else None
        case AuthorisationEntry(), AuthorisationEntry():
            same = entry.partner_id == held.partner_id and _scope(entry) == _scope(held)
            return Reason("authorisation.overlaps", field="starts_on") if same else None
    same = getattr(entry, "customer_id", 0) == getattr(held, "customer_id", None)
    return Reason("policy.overlaps", field="customer_id") if same else None


def _meet(one: Scoped, other: Scoped) -> bool:
    """Whether there is a deal that both are about; nothing listed means all."""
    countries = not one.countries or not other.countries or bool(set(one.countries) & set(other.countries))
    segments = not one.segment or not other.segment or one.segment.casefold() == other.segment.casefold()
    families = one.family_id is None or other.family_id is None or one.family_id == other.family_id
    return countries and segments and families
