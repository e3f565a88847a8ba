"""Registrations as CSV: one row, one registration of one product. Every problem by row and column, all at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import TypeVar

from common.sheets import SheetRow
from common.verdict import Reason, Verdict, objections
from crm.rules import matching
from crm.rules.matching import CustomerIdentity
from deals.choices.registrations import DealSource, SalesStage
from deals.rules.drafts import DraftLine, RegistrationDraft, draft_is_complete, draft_is_sound, web_or_tax
from deals.rules.preflight import question_text
from deals.rules.sites import site_key

MOST_ROWS = 500
REQUIRED = ("customer_name", "country", "contact", "product", "value", "expected_close")
OPTIONAL = ("web_or_tax_id", "quantity", "currency", "stage", "source", "why_now", "site", "for_partner")
COLUMNS = (
    *("customer_name", "country", "web_or_tax_id", "contact", "product", "quantity", "value", "currency"),
    *("expected_close", "stage", "source", "why_now", "site", "for_partner"),
)
_COLUMN_OF = {
    "customer_country": "country",
    "customer_domain": "web_or_tax_id",
    "customer_tax_id": "web_or_tax_id",
    "lines": "product",
    "lines.0.quantity": "quantity",
    "lines.0.amount": "value",
    "expected_close_on": "expected_close",
}
_VALUE = re.compile(r"(\d+)(?:[.,](\d{1,2}))?")
_DAYS = (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\.?"))

T = TypeVar("T")
Claim = tuple[int, str, int, str]  # partner, company, product family, site


@dataclass(frozen=True, slots=True)
class KnownProduct:
    pk: int
    family_id: int


@dataclass(frozen=True, slots=True)
class Known:
    """What cells may name, by what is written in lower case; and what is true on the day.

    `partners` are those that the actor may register for, `own` the one that is meant if none is named, with its
    currency. `live` are the claims that these partners have already; `currencies` have a rate.
    """

    products: Mapping[str, KnownProduct]
    countries: Mapping[str, str]
    stages: Mapping[str, str]
    sources: Mapping[str, str]
    partners: Mapping[str, int]
    own: int
    own_currency: str
    currencies: AbstractSet[str]
    live: AbstractSet[Claim] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row of the file with everything that is wrong with it; a problem's field is the column.

    `key` is the same for the same content, however often and in whichever file it comes. `is_live`: the partner has
    this claim already, as far as is known.
    """

    number: int
    cells: Mapping[str, str]
    draft: RegistrationDraft
    key: str
    problems: tuple[Reason, ...] = ()
    is_live: bool = False

    @property
    def is_good(self) -> bool:
        return not self.problems and not self.is_live


def columns_are_there(names: Sequence[str]) -> Verdict:
    """Whether the file has the columns without which no row can be read."""
    missing = [Reason("sheet.column_missing", {"column": name}) for name in REQUIRED if name not in names]
    return objections(missing)


def read_rows(rows: Sequence[SheetRow], known: Known, day: date) -> list[ReadRow]:
    """Every row in the order of the file. The same claim a second time is a problem of the later row."""
    read: list[ReadRow] = []
    first: dict[Claim, int] = {}
    for row in rows:
        found = _read_row(row, known, day)
        if not found.problems:
            for claim in claims_of(found.draft, known):
                if claim in first:
                    doubled = Reason("import.doubled", {"row": first[claim]}, "customer_name")
                    found = replace(found, problems=(doubled,))
                    break
                first[claim] = row.number
                found = replace(found, is_live=found.is_live or claim in known.live)
        read.append(found)
    return read


def claim_of(partner_id: int, identity: CustomerIdentity, family_id: int, site: str) -> Claim:
    """What makes two registrations of a partner one: the company however it is spelt, the family, the site."""
    return partner_id, question_text(matching.keys_of(identity)), family_id, site_key(site)


def claims_of(draft: RegistrationDraft, known: Known) -> Iterator[Claim]:
    families = {product.pk: product.family_id for product in known.products.values()}
    identity = CustomerIdentity(
        draft.customer_name, draft.customer_country, draft.customer_domain, draft.customer_tax_id
    )
    for line in draft.lines:
        yield claim_of(draft.partner_id, identity, families[line.product_id], draft.site)


def _read_row(row: SheetRow, known: Known, day: date) -> ReadRow:
    cells, problems = row.cells, [Reason("sheet.too_many_cells")] if row.is_too_long else []
    reader = _Reader(cells, problems)
    partner_id = reader.one_of("for_partner", known.partners, "import.partner_unknown") or known.own
    product = reader.one_of("product", known.products, "registration.unknown_product")
    quantity, value = reader.quantity(), reader.value()
    known_by = web_or_tax(cells.get("web_or_tax_id", ""))
    draft = RegistrationDraft(
        partner_id=partner_id,
        customer_name=cells.get("customer_name", ""),
        customer_country=reader.one_of("country", known.countries, "registration.country_invalid") or "",
        customer_domain=known_by.domain,
        customer_tax_id=known_by.tax_id,
        contact=cells.get("contact", ""),
        expected_close_on=reader.day("expected_close"),
        stage=reader.one_of("stage", known.stages, "registration.choice_invalid") or SalesStage.PROSPECT.value,
        why_now=cells.get("why_now", ""),
        source=reader.one_of("source", known.sources, "registration.choice_invalid") or DealSource.OWN.value,
        currency=cells.get("currency", "").upper() or known.own_currency,
        lines=[DraftLine(product.pk, quantity, value)] if product else [],
        site=cells.get("site", ""),
    )
    wrong = {problem.field for problem in problems}
    for reason in (draft_is_sound(draft) & draft_is_complete(draft, day)).reasons:
        column = _COLUMN_OF.get(reason.field, reason.field)
        if column not in wrong:
            problems.append(replace(reason, field=column))
    if draft.currency not in known.currencies and "currency" not in {problem.field for problem in problems}:
        problems.append(
            Reason("registration.no_rate", {"currency": draft.currency, "day": day.isoformat()}, "currency")
        )
    return ReadRow(row.number, cells, draft, row_key(draft), tuple(problems))


def row_key(draft: RegistrationDraft) -> str:
    """The same for the same content, however often and in whichever file it comes."""
    said = (
        *(draft.partner_id, draft.customer_name, draft.customer_country, draft.customer_domain, draft.customer_tax_id),
        *(draft.contact, draft.expected_close_on, draft.stage, draft.why_now, draft.source, draft.currency),
        *(draft.site, tuple((line.product_id, line.quantity, str(line.amount)) for line in draft.lines)),
    )
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


class _Reader:
    """Cells into values; what cannot be read is noted at its column, and something harmless stands in for it."""

    def __init__(self, cells: Mapping[str, str], problems: list[Reason]) -> None:
        self.cells, self.problems = cells, problems

    def one_of(self, column: str, known: Mapping[str, T], code: str) -> T | None:
        text = self.cells.get(column, "")
        found = known.get(" ".join(text.casefold().split()))
        if text and found is None:
            self.problems.append(Reason(code, field=column))
        return found

    def day(self, column: str) -> date | None:
        """ISO, or with dots; with slashes nobody knows which is the month."""
        text = self.cells.get(column, "").replace(" ", "")
        iso, dotted = (pattern.fullmatch(text) for pattern in _DAYS)
        parts = iso.groups() if iso else dotted.groups()[::-1] if dotted else ()
        try:
            return date(*map(int, parts)) if parts or text else None
        except (TypeError, ValueError):
            self.problems.append(Reason("import.day_invalid", field=column))
        return None

    def quantity(self) -> int:
        text = self.cells.get("quantity", "")
        if not text:
            return 1
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        self.problems.append(Reason("registration.quantity_invalid", field="quantity"))
        return 1

    def value(self) -> Decimal:
        """Digits with at most two decimals after a point or comma; separators of thousands are not guessed at."""
        text = re.sub(r"\s", "", self.cells.get("value", ""))
        parts = _VALUE.fullmatch(text)
        if parts and len(text) < 40:
            return Decimal(f"{parts[1]}.{parts[2] or 0}")
        self.problems.append(Reason("import.value_invalid", field="value"))
        return Decimal(1)
