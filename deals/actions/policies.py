"""Keeping the lists that the rules of engagement look at. What has begun can be ended, never rewritten or deleted."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.actor import Actor
from common.audit import record
from common.sheets import read_sheet
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from crm import queries as crm_queries
from deals.actions.locks import take
from deals.choices.policies import PolicyKind, RowOutcome
from deals.models import NamedAccount
from deals.queries import policies as policy_queries
from deals.queries.calendar import day_of
from deals.rules import policies as rules
from deals.rules.policies import AnyEntry, HolidayEntry, NamedAccountEntry
from deals.rules.policy_rows import COLUMNS, REQUIRED, Planned, plan_import
from partners import queries as partner_queries

EVENTS = {
    PolicyKind.NAMED_ACCOUNTS: "named_account",
    PolicyKind.BLOCKED_CUSTOMERS: "blocked_customer",
    PolicyKind.EXCLUSIVE_GRANTS: "exclusive_grant",
    PolicyKind.AUTHORISATIONS: "authorisation",
    PolicyKind.HOLIDAYS: "holiday",
}


def add_entry(entry: AnyEntry, *, by: Actor, at: datetime) -> Any:
    """Put an entry on its list. Refuses what is already there for the same at the same time. Returns its row."""
    rules.may_edit(by).or_refuse()
    _subject_is_known(entry).or_refuse()
    with transaction.atomic():
        _lock(entry.kind)
        rules.may_add(entry, policy_queries.held_entries(entry.kind), day_of(at)).or_refuse()
        return _insert(entry, by=by, at=at)


def change_entry(kind: str, public_id: str, entry: AnyEntry, *, by: Actor, at: datetime) -> Any:
    """End an entry, or correct one that has not begun. Of what has begun only the last day and the note may change."""
    rules.may_edit(by).or_refuse()
    _subject_is_known(entry).or_refuse()
    with transaction.atomic():
        _lock(kind)
        row = policy_queries.find_row(kind, policy_queries.policies_visible_to(by, kind), public_id)
        held = policy_queries.held_of_row(kind, row)
        others = [other for other in policy_queries.held_entries(kind) if other.public_id != public_id]
        rules.may_change(held, entry, others, day_of(at)).or_refuse()
        return row if entry == held.entry else _update(row, held.entry, entry, by=by, at=at)


def end_entry(kind: str, public_id: str, *, ends_on: date, by: Actor, at: datetime) -> Any:
    """Let an entry no longer hold from this day on, which is not past. A holiday has no end (refused)."""
    row = policy_queries.find_row(kind, policy_queries.policies_visible_to(by, kind), public_id)
    entry = policy_queries.entry_of_row(kind, row)
    if isinstance(entry, HolidayEntry):
        refusal("policy.has_ended").or_refuse()
        raise AssertionError
    return change_entry(kind, public_id, replace(entry, ends_on=ends_on), by=by, at=at)


def take_back_entry(kind: str, public_id: str, *, by: Actor, at: datetime) -> None:
    """Remove an entry that has not begun and so was never a fact; the audit entry keeps what it said."""
    rules.may_edit(by).or_refuse()
    with transaction.atomic():
        _lock(kind)
        row = policy_queries.find_row(kind, policy_queries.policies_visible_to(by, kind), public_id)
        held = policy_queries.held_of_row(kind, row)
        rules.may_take_back(held, day_of(at)).or_refuse()
        record(f"{EVENTS[PolicyKind(kind)]}.taken_back", on=row, by=by, at=at, **_facts(asdict(held.entry)))
        row.delete()


def import_entries(kind: str, content: bytes, *, by: Actor, at: datetime) -> list[Planned]:
    """Add and change what the good rows of a file say, and leave the others; the same file again changes nothing.

    Refuses a file that cannot be read. Returns what became of each row.
    """
    rules.may_edit(by).or_refuse()
    sheet, verdict = read_sheet(content, COLUMNS[kind], REQUIRED)
    verdict.or_refuse()
    with transaction.atomic():
        _lock(kind)
        held = policy_queries.held_entries(kind)
        planned = plan_import(kind, sheet, policy_queries.known_to(sheet), held, day_of(at))
        _carry_out(kind, planned, by=by, at=at)
    return planned


def preview_import(kind: str, content: bytes, *, by: Actor, at: datetime) -> tuple[list[Planned], Verdict]:
    """What `import_entries` would do, without doing it, and what stands against reading the file."""
    rules.may_edit(by).or_refuse()
    sheet, verdict = read_sheet(content, COLUMNS[kind], REQUIRED)
    if not verdict:
        return [], verdict
    held = policy_queries.held_entries(kind)
    return plan_import(kind, sheet, policy_queries.known_to(sheet), held, day_of(at)), ALLOWED


def add_named_account(
    customer_id: int, *, starts_on: date, ends_on: date | None = None, note: str = "", by: Actor, at: datetime
) -> NamedAccount:
    """Put a customer on the published direct-only list."""
    entry = NamedAccountEntry(customer_id=customer_id, starts_on=starts_on, ends_on=ends_on, note=note)
    named: NamedAccount = add_entry(entry, by=by, at=at)
    return named


def _carry_out(kind: str, planned: Sequence[Planned], *, by: Actor, at: datetime) -> None:
    """Changes first: they make room for what is new."""
    for row in planned:
        if row.outcome == RowOutcome.CHANGED and row.held is not None and row.entry is not None:
            stored = policy_queries.find_row(kind, policy_queries.policies_visible_to(by, kind), row.held.public_id)
            _update(stored, row.held.entry, row.entry, by=by, at=at)
    for row in planned:
        if row.outcome == RowOutcome.NEW and row.entry is not None:
            _insert(row.entry, by=by, at=at)


def _insert(entry: AnyEntry, *, by: Actor, at: datetime) -> Any:
    values = asdict(entry)
    try:
        with transaction.atomic():
            row = policy_queries.MODELS[entry.kind]._default_manager.create(**values)
    except IntegrityError:
        refusal("policy.overlaps", field="customer_id").or_refuse()
        raise
    record(f"{EVENTS[entry.kind]}.added", on=row, by=by, at=at, **_facts(values))
    return row


def _update(row: Any, before: AnyEntry, entry: AnyEntry, *, by: Actor, at: datetime) -> Any:
    was, values = asdict(before), asdict(entry)
    changed = {name: value for name, value in values.items() if was[name] != value}
    for name, value in changed.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save(update_fields=list(changed))
    except IntegrityError:
        refusal("policy.overlaps", field="customer_id").or_refuse()
        raise
    event = "ended" if "ends_on" in changed and changed.keys() <= rules.KEPT_OPEN else "corrected"
    record(
        f"{EVENTS[entry.kind]}.{event}", on=row, by=by, at=at, before={name: was[name] for name in changed}, **changed
    )
    return row


def _facts(values: dict[str, Any]) -> dict[str, Any]:
    """What an audit entry keeps of an entry's values; `on` is what the audit entry is about."""
    return {"day" if name == "on" else name: value for name, value in values.items()}


def _lock(kind: str) -> None:
    """One who changes a list at a time: what overlaps is looked for in all of it."""
    take([f"policy {kind}"])


def _subject_is_known(entry: AnyEntry) -> Verdict:
    customer_id, partner_id = getattr(entry, "customer_id", None), getattr(entry, "partner_id", None)
    family_id = getattr(entry, "family_id", None)
    known_countries = policy_queries.country_codes()
    unknown = next((code for code in getattr(entry, "countries", ()) if code not in known_countries), None)
    return objections(
        [
            Reason("policy.customer_unknown", field="customer_id")
            if customer_id is not None and not crm_queries.customers_by_ids([customer_id])
            else None,
            Reason("policy.partner_unknown", field="partner_id")
            if partner_id is not None and not partner_queries.partner_profiles([partner_id])
            else None,
            Reason("policy.family_unknown", field="family_id")
            if family_id is not None and family_id not in {family.pk for family in crm_queries.families()}
            else None,
            Reason("policy.country_unknown", {"country": unknown[:20]}, "countries") if unknown else None,
        ]
    )
