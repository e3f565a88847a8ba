"""The lists as CSV: records of a file to entries with every problem by row and column, and entries to the same file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from common.cells import guarded
from common.sheets import BYTE_ORDER_MARK, SheetRow, day_of_cell, line_of
from common.verdict import Reason
from deals.choices.policies import BlockReason, PolicyKind, RowOutcome
from deals.rules.policies import (
    ENTRIES,
    AnyEntry,
    Held,
    entry_is_sound,
    key_of,
    may_add,
    may_change,
)

_K = PolicyKind
_VALIDITY = ("starts_on", "last_day", "note")
_SCOPE = ("countries", "segment", "family")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    _K.NAMED_ACCOUNTS: ("customer", "customer_name", *_VALIDITY),
    _K.BLOCKED_CUSTOMERS: ("customer", "customer_name", "reason", *_VALIDITY),
    _K.EXCLUSIVE_GRANTS: ("partner", "partner_name", *_SCOPE, *_VALIDITY),
    _K.AUTHORISATIONS: ("partner", "partner_name", *_SCOPE, "certificate", *_VALIDITY),
    _K.HOLIDAYS: ("on", "name"),
}
REQUIRED = frozenset({"customer", "partner", "reason", "starts_on", "on", "name"})
_FIELD_OF = {"customer_id": "customer", "partner_id": "partner", "family_id": "family", "ends_on": "last_day"}


@dataclass(frozen=True, slots=True)
class Known:
    """What cells may name: keys by what is written (in lower case) and ISO codes of countries."""

    customers: Mapping[str, int]
    partners: Mapping[str, int]
    families: Mapping[str, int]
    countries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of a row. A problem's field is the column. `held` is the entry that it would change."""

    number: int
    cells: Mapping[str, str]
    outcome: RowOutcome
    problems: tuple[Reason, ...] = ()
    entry: AnyEntry | None = None
    held: Held | None = None


# From a file


def entry_of(kind: str, row: SheetRow, known: Known) -> tuple[AnyEntry | None, tuple[Reason, ...]]:
    """The entry that a row describes, or everything that is wrong with it."""
    problems: list[Reason] = [Reason("sheet.too_many_cells")] if row.is_too_long else []
    values: dict[str, Any] = {}
    for column in COLUMNS[kind]:
        if not column.endswith("_name"):
            try:
                values.update(_read(column, row.cells.get(column, ""), known))
            except _Wrong as wrong:
                problems.append(Reason(wrong.code, wrong.params, column))
    if problems:
        return None, tuple(problems)
    entry: AnyEntry = ENTRIES[kind](**values)
    return entry, in_columns(entry_is_sound(entry).reasons)


def in_columns(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The same reasons, about the columns of a file."""
    return tuple(replace(reason, field=_FIELD_OF.get(reason.field, reason.field)) for reason in reasons)


class _Wrong(Exception):
    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def _read(column: str, text: str, known: Known) -> dict[str, Any]:
    match column:
        case "customer":
            return {"customer_id": _named(text, known.customers, "policy.customer_unknown")}
        case "partner":
            return {"partner_id": _named(text, known.partners, "policy.partner_unknown")}
        case "family":
            return {"family_id": _named(text, known.families, "policy.family_unknown") if text else None}
        case "countries":
            return {"countries": _countries(text, known.countries)}
        case "last_day":
            return {"ends_on": _day(text) + timedelta(days=1) if text else None}
        case "starts_on" | "on":
            return {column: _day(text)}
        case "reason":
            if text.lower() not in BlockReason.values:
                raise _Wrong("policy.choice_invalid", choices=", ".join(BlockReason.values))
            return {column: text.lower()}
    return {column: text}


def _named(text: str, known: Mapping[str, int], code: str) -> int:
    if text.lower() not in known:
        raise _Wrong(code)
    return known[text.lower()]


def _countries(text: str, known: frozenset[str]) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(re.findall(r"[^\s,;/|]+", text.upper())))
    for code in codes:
        if code not in known:
            raise _Wrong("policy.country_unknown", country=code[:20])
    return codes


def _day(text: str) -> date:
    if not text:
        raise _Wrong("policy.day_missing")
    day = day_of_cell(text)
    if day is None:
        raise _Wrong("policy.day_invalid")
    if day.year >= 9000:
        raise _Wrong("policy.day_absurd")
    return day


def plan_import(kind: str, rows: Sequence[SheetRow], known: Known, held: Iterable[Held], today: date) -> list[Planned]:
    """What would become of each row, in the order of the file.

    A row that means an entry of the list changes it, or says the same. The changes are made first and the new entries
    then have to fit in between, so that the order of the rows does not matter.
    """
    now = {key_of(found.entry): found for found in held}
    planned: dict[int, Planned] = {}
    waiting: list[tuple[SheetRow, AnyEntry]] = []
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        entry, problems = entry_of(kind, row, known)
        if entry is not None and not problems and key_of(entry) in seen:
            problems = (Reason("policy.doubled"),)
        if entry is None or problems:
            planned[row.number] = Planned(row.number, row.cells, RowOutcome.WRONG, problems)
            continue
        seen.add(key_of(entry))
        if key_of(entry) in now:
            planned[row.number] = _planned_change(row, entry, now, today)
        else:
            waiting.append((row, entry))
    for row, entry in waiting:
        planned[row.number] = _planned_addition(row, entry, now, today)
    return [planned[row.number] for row in rows]


def _planned_change(row: SheetRow, entry: AnyEntry, now: dict[tuple[object, ...], Held], today: date) -> Planned:
    key = key_of(entry)
    before = now[key]
    entry = _as_held(entry, before.entry)
    if entry == before.entry:
        return Planned(row.number, row.cells, RowOutcome.UNCHANGED, entry=entry, held=before)
    others = (other for other_key, other in now.items() if other_key != key)
    verdict = may_change(before, entry, others, today)
    if not verdict:
        return Planned(row.number, row.cells, RowOutcome.WRONG, in_columns(verdict.reasons))
    now[key] = replace(before, entry=entry)
    return Planned(row.number, row.cells, RowOutcome.CHANGED, entry=entry, held=before)


def _as_held(entry: AnyEntry, before: AnyEntry) -> AnyEntry:
    """The same entry written as it is held: the order of countries and the case of a segment are no change."""
    same = {name: getattr(before, name) for name in ("countries", "segment") if hasattr(before, name)}
    return replace(entry, **same)


def _planned_addition(row: SheetRow, entry: AnyEntry, now: dict[tuple[object, ...], Held], today: date) -> Planned:
    verdict = may_add(entry, now.values(), today)
    if not verdict:
        return Planned(row.number, row.cells, RowOutcome.WRONG, in_columns(verdict.reasons))
    now[key_of(entry)] = Held("", entry, row.cells.get("partner_name") or row.cells.get("partner", ""))
    return Planned(row.number, row.cells, RowOutcome.NEW, entry=entry)


# To a file


@dataclass(frozen=True, slots=True)
class Written:
    """An entry with the outside ids and names of what it is about."""

    entry: AnyEntry
    subject: str = ""  # public id of the customer or partner
    subject_name: str = ""
    family: str = ""


def write_sheet(kind: str, rows: Iterable[Written]) -> Iterator[str]:
    """The lines of the file that `read_sheet` and `entry_of` make the same entries of."""
    columns = COLUMNS[kind]
    yield BYTE_ORDER_MARK + line_of(columns)
    for row in rows:
        yield line_of(guarded(_cell(column, row)) for column in columns)


def _cell(column: str, row: Written) -> str:
    match column:
        case "customer" | "partner":
            return row.subject
        case "customer_name" | "partner_name":
            return row.subject_name
        case "family":
            return row.family
    values = {field.name: getattr(row.entry, field.name) for field in fields(row.entry)}
    if column == "last_day":
        return (values["ends_on"] - timedelta(days=1)).isoformat() if values["ends_on"] else ""
    value = values[column]
    return value.isoformat() if isinstance(value, date) else " ".join(value) if isinstance(value, tuple) else value
