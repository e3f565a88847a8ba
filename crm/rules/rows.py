"""The shapes of the rows that the CRM sends: what a batch consists of. Ids are the CRM's own unless said otherwise.

Texts come trimmed or not; amounts are exact decimals (in JSON best as strings); times carry their offset from UTC.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace


class Row(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row of a batch."""


class FamilyRow(Row, frozen=True):
    """A product family, known by its code."""

    code: str
    name: str


class ProductRow(Row, frozen=True):
    """`kind` is product, service or subscription; `family` a family's code."""

    external_id: str
    sku: str
    name: str
    kind: str
    family: str


class CustomerRow(Row, frozen=True):
    """`country` is ISO 3166 alpha-2; `domain` may be a web or e-mail address; `segment` is the CRM's own word."""

    external_id: str
    legal_name: str
    country: str
    domain: str = ""
    tax_id: str = ""
    segment: str = ""


class OpportunityRow(Row, frozen=True):
    """A direct opportunity. `customer` is a customer's external id; `family` a code, empty for all families."""

    external_id: str
    customer: str
    stage: str
    amount: Decimal
    currency: str
    close_on: date
    created_at: datetime
    updated_at: datetime
    family: str = ""
    owner_name: str = ""
    stage_moved_at: datetime | None = None
    is_open: bool = True


class SaleLineRow(Row, frozen=True):
    """`product` is a product's external id; `net_amount` in the sale's currency; `recurring_months` 0 if paid once."""

    product: str
    quantity: Decimal
    net_amount: Decimal
    recurring_months: int = 0


class SaleRow(Row, frozen=True):
    """A whole sale with all its lines, as it now is.

    `customer` is a customer's external id; `partner` the public id (``ptn_…``) of the partner of record, empty for a
    direct sale; `registration` the public id (``reg_…``) of the deal registration it fulfils, if any; `status` booked
    or cancelled.
    """

    external_id: str
    customer: str
    booked_on: date
    currency: str
    lines: list[SaleLineRow]
    partner: str = ""
    registration: str = ""
    status: str = "booked"

    def with_lines(self, lines: list[SaleLineRow]) -> "SaleRow":
        return replace(self, lines=lines)


class RateRow(Row, frozen=True):
    """Units of the base currency for one unit of `currency`, from the day `on`."""

    currency: str
    on: date
    rate: Decimal


R = TypeVar("R", bound=Row)


def trimmed(row: R) -> R:
    """The row without spaces around its texts."""
    texts = {name: value.strip() for name in row.__struct_fields__ if isinstance(value := getattr(row, name), str)}
    return replace(row, **texts)
