"""Whether what was typed into the registration form is well-formed and complete: all problems at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.period import add_months
from common.texts import is_readable
from common.verdict import ALLOWED, Reason, Verdict, objections
from crm.rules.domains import is_shared_domain, registrable_domain
from crm.rules.faults import COUNTRIES
from crm.rules.names import normalised_name
from deals.choices.registrations import DealSource, SalesStage
from deals.rules.participants import Share, shares_are_sound, with_lead

MAX_LINES = 20
MAX_QUANTITY = 1_000_000
MAX_AMOUNT = Decimal(10) ** 13
MAX_YEARS_AHEAD = 5
LIMITS = {
    "customer_name": 300,
    "customer_domain": 253,
    "customer_tax_id": 40,
    "contact": 200,
    "why_now": 2000,
    "site": 120,
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_SEPARATORS = re.compile(r"[,;\n]")
_LEAST_DIGITS = 4  # of a tax id


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A product with its quantity and the value of the whole line, in the registration's currency."""

    product_id: int
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RegistrationDraft:
    """What a partner types. `registration_id` None makes a new draft, otherwise that draft is changed.

    Country is ISO 3166 alpha-2, currency ISO 4217; texts may be empty in a draft, not when it is submitted. No site:
    the whole customer. `invited` are those who sell together with the partner, None leaves them as they are.
    """

    partner_id: int
    customer_name: str
    customer_country: str = ""
    customer_domain: str = ""
    customer_tax_id: str = ""
    contact: str = ""
    expected_close_on: date | None = None
    stage: str = SalesStage.PROSPECT.value
    why_now: str = ""
    source: str = DealSource.OWN.value
    currency: str = "EUR"
    lines: Sequence[DraftLine] = ()
    registration_id: int | None = None
    site: str = ""
    invited: Sequence[Share] | None = None


@dataclass(frozen=True, slots=True)
class WebOrTax:
    """What one field for both turned out to be; either may be empty."""

    domain: str = ""
    tax_id: str = ""


def web_or_tax(text: str) -> WebOrTax:
    """A web address, a tax id, or both with a comma between: what has a registrable domain is an address.

    What has several digits and no such domain is a tax id; anything else stays an address, which will be objected to.
    """
    domain = tax_id = ""
    for part in filter(None, (part.strip() for part in _SEPARATORS.split(text))):
        is_address = registrable_domain(part[:300]) or sum(c.isdigit() for c in part) < _LEAST_DIGITS or "@" in part
        if is_address:
            domain = part if not domain else f"{domain}, {part}"
        else:
            tax_id = part if not tax_id else f"{tax_id}, {part}"
    return WebOrTax(domain, tax_id)


def draft_is_sound(draft: RegistrationDraft) -> Verdict:
    """Whether what is there can be kept: lengths, characters, choices, numbers. Does not ask for what is missing."""
    shares = ALLOWED
    if draft.invited:
        shares = shares_are_sound(with_lead(draft.partner_id, draft.invited), lead_partner_id=draft.partner_id)
    return shares & objections([*_text_problems(draft), *_code_problems(draft), *_line_problems(draft.lines)])


def draft_is_complete(draft: RegistrationDraft, day: date) -> Verdict:
    """Whether the draft can be submitted on the day, in addition to being sound."""
    close_on = draft.expected_close_on
    too_far = add_months(day, 12 * MAX_YEARS_AHEAD)
    return objections(
        [
            None if draft.customer_country else Reason("registration.country_invalid", field="customer_country"),
            None if draft.contact.strip() else Reason("registration.contact_missing", field="contact"),
            None if draft.lines else Reason("registration.lines_missing", field="lines"),
            None if close_on and close_on >= day else Reason("registration.close_in_past", field="expected_close_on"),
            Reason("registration.close_too_far", {"years": MAX_YEARS_AHEAD}, "expected_close_on")
            if close_on and close_on > too_far
            else None,
        ]
    )


def _text_problems(draft: RegistrationDraft) -> Iterator[Reason]:
    for name, limit in LIMITS.items():
        text = getattr(draft, name)
        if len(text) > limit:
            yield Reason("registration.text_too_long", {"limit": limit}, name)
        if not is_readable(text, several_lines=name == "why_now"):
            yield Reason("registration.text_characters", field=name)
    if not draft.customer_name.strip():
        yield Reason("registration.customer_name_missing", field="customer_name")
    elif not normalised_name(draft.customer_name[:300], draft.customer_country):
        yield Reason("registration.customer_name_invalid", field="customer_name")
    domain = registrable_domain(draft.customer_domain[:300])
    if draft.customer_domain.strip() and (not domain or is_shared_domain(domain)):
        yield Reason("registration.domain_invalid", field="customer_domain")


def _code_problems(draft: RegistrationDraft) -> Iterator[Reason]:
    if draft.customer_country and draft.customer_country not in COUNTRIES:
        yield Reason("registration.country_invalid", field="customer_country")
    if not _CURRENCY.fullmatch(draft.currency):
        yield Reason("registration.currency_invalid", field="currency")
    if draft.stage not in SalesStage.values:
        yield Reason("registration.choice_invalid", field="stage")
    if draft.source not in DealSource.values:
        yield Reason("registration.choice_invalid", field="source")


def _line_problems(lines: Sequence[DraftLine]) -> Iterator[Reason]:
    if len(lines) > MAX_LINES:
        yield Reason("registration.too_many_lines", {"limit": MAX_LINES}, "lines")
    for number, line in enumerate(lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            yield Reason("registration.quantity_invalid", field=f"lines.{number}.quantity")
        if not _is_amount(line.amount):
            yield Reason("registration.amount_invalid", field=f"lines.{number}.amount")


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and 0 < amount < MAX_AMOUNT and amount == amount.quantize(Decimal("0.01"))
