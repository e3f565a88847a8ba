"""Credits that other programs and people report: one row, one credit. Every problem by row and column, all at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from common.choices import RowOutcome
from common.sheets import SheetRow, day_of_cell
from common.texts import is_readable
from common.verdict import Reason, Verdict, objections
from tiers.choices.scores import FOLLOWING, MetricUnit

LARGEST_AMOUNT = Decimal(10) ** 14  # the score book holds less than this
DECIMALS = 4
FIRST_YEAR, LAST_YEAR = 1970, 2199
LONGEST = {"source_key": 160, "label": 200, "holder": 120}
LONGEST_REASON = 500
LONGEST_NAME = 80
COLUMNS = (
    *("partner", "partner_name", "metric", "amount", "currency", "valid_from", "valid_until"),
    *("source_key", "label", "holder"),
)
PROBLEMS = "problems"  # what a file to mend says of each row; not read
REQUIRED = frozenset({"partner", "metric", "amount", "valid_from", "source_key"})
_AMOUNT = re.compile(r"([+-]?\d{1,60})(?:[.,](\d{1,60}))?")
_SOME_DAY = date(2000, 1, 1)
_DAYS = frozenset({"valid_from", "valid_until"})
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")

Place = tuple[str, str, str]  # source key, partner's public id, metric's code: credited once for ever


class _Row(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row of a batch."""


class CreditRow(_Row, frozen=True):
    """`partner` is a public id (``ptn_…``), `metric` a code; valid from the first day until before `valid_until`.

    `currency` belongs to amounts of money alone and must be that of the partner's programme. `source_key` is what the
    credit comes from, in the sender's words: credited once for ever per partner and metric. `label` is what the partner
    reads, `holder` the person it stands and falls with.
    """

    partner: str
    metric: str
    amount: Decimal
    valid_from: date
    source_key: str
    valid_until: date | None = None
    currency: str = ""
    label: str = ""
    holder: str = ""

    @property
    def place(self) -> Place:
        return self.source_key, self.partner, self.metric


class ReversalRow(_Row, frozen=True):
    """Undoes all that was credited under a source key; `reason` is kept in the audit."""

    source_key: str
    reason: str


R = TypeVar("R", bound=_Row)


def trimmed(row: R) -> R:
    """The row without spaces around its texts."""
    texts = {name: value.strip() for name in row.__struct_fields__ if isinstance(value := getattr(row, name), str)}
    return replace(row, **texts)


@dataclass(frozen=True, slots=True)
class Booked:
    """A credit that the book has under a reported key."""

    amount: Decimal
    valid_from: date
    valid_until: date | None
    label: str
    holder: str
    was_reversed: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What rows may name, and what was credited under their keys before.

    `partners` are keys by public id, `units` those of metrics by code, `currencies` those of the programmes by
    partner's key; a partner without a programme in force has none.
    """

    partners: Mapping[str, int]
    units: Mapping[str, str]
    currencies: Mapping[int, str]
    booked: Mapping[Place, Booked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """What would become of a row. A problem's field is the column; `row` is None if the cells make none.

    `number` is the row's place in a batch, from 0, or in a file, as a spreadsheet counts.
    """

    number: int
    outcome: RowOutcome
    row: CreditRow | None = None
    problems: tuple[Reason, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return self.outcome == RowOutcome.CREATED


def judge_rows(rows: Sequence[CreditRow], known: Known) -> list[Judged]:
    """What would become of each row, in order. The same credit a second time is a problem of the later row."""
    first: dict[Place, int] = {}
    return [_judged(number, trimmed(row), known, first) for number, row in enumerate(rows)]


def judge_sheet(rows: Sequence[SheetRow], known: Known) -> list[Judged]:
    """The same of the records of a file."""
    first: dict[Place, int] = {}
    return [_judged_record(record, known, first) for record in rows]


def _judged_record(record: SheetRow, known: Known, first: dict[Place, int]) -> Judged:
    row, unreadable = row_of(record)
    if not unreadable:
        return _judged(record.number, trimmed(row), known, first, record.cells)
    told = {reason.field for reason in unreadable}
    if told & _DAYS:
        told |= _DAYS
    others = (reason for reason in credit_is_sound(trimmed(row), known).reasons if reason.field not in told)
    return Judged(record.number, RowOutcome.FAILED, None, (*unreadable, *others), record.cells)


def _judged(
    number: int, row: CreditRow, known: Known, first: dict[Place, int], cells: Mapping[str, str] | None = None
) -> Judged:
    earlier = first.setdefault(row.place, number)
    doubled = Reason("score.doubled", {"row": earlier}, "source_key") if earlier != number else None
    problems = (*credit_is_sound(row, known).reasons, *([doubled] if doubled else []))
    booked = known.booked.get(row.place)
    if not problems and booked is not None:
        problems = _may_repeat(row, booked).reasons
    outcome = RowOutcome.FAILED if problems else RowOutcome.UNCHANGED if booked else RowOutcome.CREATED
    return Judged(number, outcome, row, problems, cells or {})


def credit_is_sound(row: CreditRow, known: Known) -> Verdict:
    """Everything that is wrong with a row by itself."""
    partner_id = known.partners.get(row.partner)
    unit = known.units.get(row.metric)
    return objections(
        [
            Reason("score.partner_unknown", field="partner") if partner_id is None else None,
            Reason("metric.unknown", {"metric": row.metric[:40]}, "metric") if unit is None else None,
            None if amount_is_storable(row.amount) else Reason("score.amount_invalid", field="amount"),
            _currency_problem(row, unit, known.currencies.get(partner_id or 0)) if partner_id and unit else None,
            *_period_problems(row.valid_from, row.valid_until),
            None if row.source_key else Reason("score.key_missing", field="source_key"),
            *(_text_problem(name, getattr(row, name)) for name in LONGEST),
        ]
    )


def amount_is_storable(amount: Decimal) -> bool:
    """Finite, below 10¹⁴, and with at most four decimals that are not zero."""
    if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT:
        return False
    return amount == amount.quantize(Decimal(1).scaleb(-DECIMALS))


def _currency_problem(row: CreditRow, unit: str, wanted: str | None) -> Reason | None:
    if unit != MetricUnit.MONEY:
        return Reason("score.currency_unneeded", {"metric": row.metric}, "currency") if row.currency else None
    if wanted is None:
        return Reason("score.no_programme", field="currency")
    if not row.currency:
        return Reason("score.currency_missing", {"currency": wanted}, "currency")
    return None if row.currency == wanted else Reason("score.currency_other", {"currency": wanted}, "currency")


def _period_problems(starts_on: date, ends_on: date | None) -> Iterator[Reason]:
    for name, day in (("valid_from", starts_on), ("valid_until", ends_on)):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield Reason("score.day_absurd", field=name)
    if ends_on is not None and ends_on <= starts_on:
        yield Reason("score.validity_reversed", field="valid_until")


def _text_problem(name: str, text: str) -> Reason | None:
    if len(text) > LONGEST[name]:
        return Reason("score.text_long", {"limit": LONGEST[name]}, name)
    return None if is_readable(text, several_lines=False) else Reason("score.text_unreadable", field=name)


def _may_repeat(row: CreditRow, booked: Booked) -> Verdict:
    """The same credit again changes nothing; another one under its key is refused."""
    about = {"key": row.source_key, "metric": row.metric}
    if booked.was_reversed:
        return objections([Reason("score.source_reversed", about, "source_key")])
    given = (row.amount, row.valid_from, row.valid_until, row.label, row.holder)
    before = (booked.amount, booked.valid_from, booked.valid_until, booked.label, booked.holder)
    return objections([None if given == before else Reason("score.key_differs", about, "source_key")])


# From a file


def row_of(record: SheetRow) -> tuple[CreditRow, tuple[Reason, ...]]:
    """The row that a record describes, and which cells cannot be read: something else stands in the row for them."""
    cells = record.cells
    problems = [Reason("sheet.too_many_cells")] if record.is_too_long else []
    amount = _amount_of(cells.get("amount", ""))
    starts_on, ends_on = day_of_cell(cells.get("valid_from", "")), day_of_cell(cells.get("valid_until", ""))
    if amount is None:
        problems.append(Reason("score.amount_unreadable", field="amount"))
    if starts_on is None:
        code = "score.day_unreadable" if cells.get("valid_from") else "score.day_missing"
        problems.append(Reason(code, field="valid_from"))
    if ends_on is None and cells.get("valid_until"):
        problems.append(Reason("score.day_unreadable", field="valid_until"))
    row = CreditRow(
        partner=cells.get("partner", ""),
        metric=cells.get("metric", "").lower(),
        amount=amount or Decimal(0),
        currency=cells.get("currency", "").upper(),
        valid_from=starts_on or _SOME_DAY,
        valid_until=ends_on,
        source_key=cells.get("source_key", ""),
        label=cells.get("label", ""),
        holder=cells.get("holder", ""),
    )
    return row, tuple(problems)


def _amount_of(text: str) -> Decimal | None:
    found = _AMOUNT.fullmatch(text.replace(" ", ""))
    return Decimal(f"{found[1]}.{found[2] or 0}") if found and found[0].isascii() else None


# Reversing, and metrics


def may_reverse(source_kind: str, *, standing_count: int) -> Verdict:
    """Whether what a source was credited can be undone by hand: so much of it still stands."""
    return objections(
        [
            Reason("score.follows") if source_kind in FOLLOWING else None,
            None if standing_count else Reason("score.is_reversed"),
        ]
    )


def reason_is_sound(text: str) -> Verdict:
    """A reason for a reversal: a few words that can be read."""
    return objections(
        [
            None if text else Reason("score.reason_missing", field="reason"),
            Reason("score.reason_long", {"limit": LONGEST_REASON}, "reason") if len(text) > LONGEST_REASON else None,
            None if is_readable(text, several_lines=True) else Reason("score.text_unreadable", field="reason"),
        ]
    )


def metric_is_sound(code: str, name: str, unit: str) -> Verdict:
    """What a new metric needs: a code that files and programs can write, a name, a unit."""
    units = ", ".join(MetricUnit.values)
    return objections(
        [
            None if _CODE.fullmatch(code) else Reason("metric.code_invalid", field="code"),
            *name_is_sound(name).reasons,
            None if unit in MetricUnit.values else Reason("metric.unit_unknown", {"units": units}, "unit"),
        ]
    )


def name_is_sound(name: str) -> Verdict:
    """One line that can be read."""
    fits = len(name) <= LONGEST_NAME and is_readable(name, several_lines=False)
    return objections(
        [
            None if name else Reason("metric.name_missing", field="name"),
            None if fits else Reason("metric.name_invalid", {"limit": LONGEST_NAME}, "name"),
        ]
    )
