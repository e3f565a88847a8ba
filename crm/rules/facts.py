"""What other apps are told of customers, products, opportunities and sales: values, not rows."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from crm.rules.matching import Match


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What other apps need to know of a customer."""

    pk: int
    public_id: str
    external_id: str | None
    legal_name: str
    country: str
    domain: str
    tax_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known customer that may be the one asked for, and how sure that is.

    `has_lookalikes`: letters of another script pose as those of its name.
    """

    customer: CustomerFacts
    match: Match
    has_lookalikes: bool = False

    @property
    def sureness(self) -> tuple[int, int, int]:
        """Sorts candidates, the surest last: by score, then likeness, then the older first."""
        return self.match.score, self.match.likeness, -self.customer.pk


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    pk: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProductChoice:
    """A product that can be chosen in a form. `kind` is product, service or subscription."""

    pk: int
    public_id: str
    sku: str
    name: str
    kind: str
    family_id: int
    family_code: str
    family_name: str


@dataclass(frozen=True, slots=True)
class OpportunityFacts:
    """What the rules of engagement need to know of a direct opportunity. No family: it concerns all of them."""

    pk: int
    public_id: str
    external_id: str
    customer_id: int
    family_id: int | None
    owner_name: str
    stage: str
    stage_moved_at: datetime | None
    amount: Decimal
    currency: str
    close_on: date
    is_open: bool
    created_at_source: datetime
    updated_at_source: datetime
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """One revision of a sale, for those who listen to ``sale.changed``."""

    pk: int
    public_id: str
    external_id: str
    revision: int
    is_current: bool
    waits_for_rate: bool
    status: str
    partner_id: int | None
    customer_id: int
    booked_on: date
    currency: str
    registration_public_id: str
    family_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FamilyAmount:
    """What a sale sold of one family and kind, in the base currency; None while it waits for an exchange rate."""

    family_id: int
    family_code: str
    kind: str
    base_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class SaleLineFacts:
    """A line of a current, booked sale. `base_amount` is in the base currency."""

    line_id: int
    sale_id: int
    sale_public_id: str
    sale_external_id: str
    number: int
    booked_on: date
    customer_id: int
    customer_name: str
    registration_public_id: str
    product_id: int
    product_name: str
    kind: str
    family_code: str
    quantity: Decimal
    net_amount: Decimal
    currency: str
    base_amount: Decimal
    recurring_months: int


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """Sum of a partner's current, booked lines of one month, family and kind, in the base currency.

    `digest` is SHA-256 over the lines' keys and base amounts: who keeps it can tell later whether they are the same.
    """

    partner_id: int
    month_starts_on: date
    family_code: str
    kind: str
    base_amount: Decimal
    quantity: Decimal
    line_count: int
    digest: str


@dataclass(frozen=True, slots=True)
class ChannelMix:
    """Revenue of a calendar month in the base currency: through partners, and sold directly."""

    month_starts_on: date
    partner_amount: Decimal
    direct_amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenOpportunity:
    """An open direct opportunity, as far as whether it is alive depends on it."""

    external_id: str
    close_on: date
    updated_at: datetime
    stage_moved_at: datetime | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class PartnerBusiness:
    """The latest day on which a partner sold products of the family to a customer."""

    partner_id: int
    family_id: int
    booked_on: date


@dataclass(frozen=True, slots=True)
class FamilyCode:
    pk: int
    code: str


@dataclass(frozen=True, slots=True)
class CustomerActivity:
    """What direct sales is about to sell to a customer, what partners have sold it, in which families."""

    opportunities: tuple[OpenOpportunity, ...]
    business: tuple[PartnerBusiness, ...]
    families: tuple[FamilyCode, ...]
    segment: str  # of the first record that has one; empty: not known
