"""What can be wrong with a row by itself, before anything is looked up. Each check answers all faults of a row."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.numbers import list_currencies

from common.verdict import Reason
from crm.choices import ProductKind, SaleStatus
from crm.rules.rows import CustomerRow, FamilyRow, OpportunityRow, ProductRow, RateRow, SaleLineRow, SaleRow

LARGEST_AMOUNT = Decimal(10) ** 13
LARGEST_QUANTITY = Decimal(10) ** 9
LARGEST_RATE = Decimal(10) ** 4
LARGEST_BASE_AMOUNT = Decimal(10) ** 14  # exclusive: what the score book can hold
MOST_LINES = 500
MOST_MONTHS = 1200

COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()) - {
    "ZZ",
    "EU",
}
_CURRENCIES = frozenset(list_currencies())


def family_faults(row: FamilyRow) -> list[Reason]:
    return [*_text("code", row.code, 40), *_text("name", row.name, 200)]


def product_faults(row: ProductRow) -> list[Reason]:
    return [
        *_text("external_id", row.external_id, 100),
        *_text("sku", row.sku, 60),
        *_text("name", row.name, 200),
        *_one_of("kind", row.kind, ProductKind.values, "row.unknown_kind"),
        *_text("family", row.family, 40),
    ]


def customer_faults(row: CustomerRow) -> list[Reason]:
    return [
        *_text("external_id", row.external_id, 100),
        *_text("legal_name", row.legal_name, 300),
        *_one_of("country", row.country, COUNTRIES, "row.country_invalid"),
        *_text("domain", row.domain, 253, required=False),
        *_text("tax_id", row.tax_id, 40, required=False),
        *_text("segment", row.segment, 60, required=False),
    ]


def opportunity_faults(row: OpportunityRow) -> list[Reason]:
    return [
        *_text("external_id", row.external_id, 100),
        *_text("customer", row.customer, 100),
        *_text("family", row.family, 40, required=False),
        *_text("owner_name", row.owner_name, 200, required=False),
        *_text("stage", row.stage, 60),
        *_amount("amount", row.amount),
        *_one_of("currency", row.currency, _CURRENCIES, "row.currency_invalid"),
        *_day("close_on", row.close_on),
        *_time("created_at", row.created_at),
        *_time("updated_at", row.updated_at),
        *(_time("stage_moved_at", row.stage_moved_at) if row.stage_moved_at else ()),
    ]


def sale_faults(row: SaleRow) -> list[Reason]:
    found = [
        *_text("external_id", row.external_id, 100),
        *_text("customer", row.customer, 100),
        *_text("partner", row.partner, 24, required=False),
        *_text("registration", row.registration, 24, required=False),
        *_one_of("status", row.status, SaleStatus.values, "row.unknown_status"),
        *_day("booked_on", row.booked_on),
        *_one_of("currency", row.currency, _CURRENCIES, "row.currency_invalid"),
    ]
    if row.status == SaleStatus.BOOKED and not row.lines:
        found.append(Reason("row.lines_missing", field="lines"))
    if len(row.lines) > MOST_LINES:
        return [*found, Reason("row.too_many_lines", {"limit": MOST_LINES}, "lines")]
    for number, line in enumerate(row.lines):
        found += _line_faults(line, f"lines[{number}]")
    return found


def _line_faults(line: SaleLineRow, place: str) -> Iterator[Reason]:
    yield from _text(f"{place}.product", line.product, 100)
    if not _fits(line.quantity, LARGEST_QUANTITY, 4) or line.quantity <= 0:
        yield Reason("row.quantity_invalid", field=f"{place}.quantity")
    yield from _amount(f"{place}.net_amount", line.net_amount)
    if not 0 <= line.recurring_months <= MOST_MONTHS:
        yield Reason("row.months_invalid", field=f"{place}.recurring_months")


def rate_faults(row: RateRow, base_currency: str) -> list[Reason]:
    found = [*_one_of("currency", row.currency, _CURRENCIES, "row.currency_invalid"), *_day("on", row.on)]
    if row.currency == base_currency:
        found.append(Reason("row.base_currency", field="currency"))
    if not _fits(row.rate, LARGEST_RATE, 8) or row.rate <= 0:
        found.append(Reason("row.rate_invalid", field="rate"))
    return found


def _text(field: str, value: str, limit: int, *, required: bool = True) -> Iterator[Reason]:
    if required and not value:
        yield Reason("row.empty", field=field)
    if len(value) > limit:
        yield Reason("row.too_long", {"limit": limit}, field)
    if any(
        character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in value
    ):
        yield Reason("row.control_characters", field=field)


def _one_of(field: str, value: str, known: "frozenset[str] | list[str]", code: str) -> Iterator[Reason]:
    if value not in known:
        yield Reason(code, field=field)


def _amount(field: str, amount: Decimal) -> Iterator[Reason]:
    if not _fits(amount, LARGEST_AMOUNT, 4):
        yield Reason("row.amount_invalid", field=field)


def _fits(number: Decimal, largest: Decimal, decimals: int) -> bool:
    """Finite, below the largest in size, and with no more decimals than can be kept."""
    return number.is_finite() and abs(number) < largest and number == round(number, decimals)


def _day(field: str, day: date) -> Iterator[Reason]:
    if not 1970 <= day.year < 2100:
        yield Reason("row.date_invalid", field=field)


def _time(field: str, moment: datetime) -> Iterator[Reason]:
    yield from _day(field, moment.date())
    if moment.tzinfo is None:
        yield Reason("row.time_without_zone", field=field)
