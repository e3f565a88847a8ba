"""What the partner's level gives a deal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.actor import Actor
from common.errors import Refused
from common.money import Money
from deals.models import Registration
from deals.queries.calendar import day_of
from tiers.queries.terms import terms_for


@dataclass(frozen=True, slots=True)
class DealDiscount:
    """`rate` is a share of the deal's value as registered; `day` is that of the decision, `level_name` held then."""

    rate: Decimal
    level_name: str
    day: date
    amount: Money


def discount_of(actor: Actor, registration: Registration) -> DealDiscount | None:
    """The deal discount by the terms of the decision's day; None for a deal that was never protected. One statement.

    For the partner whose deal it is and the vendor: what level a reseller holds does not concern its distributor.
    """
    if registration.protected_until is None or registration.decided_at is None:
        return None
    if not actor.is_vendor and registration.partner_id not in actor.partner_ids:
        return None
    day = day_of(registration.decided_at)
    try:
        terms = terms_for(registration.partner_id, day=day)
    except Refused:  # registered before there was a programme
        return None
    amount = Money(registration.total_amount * terms.deal_discount, registration.currency).rounded()
    return DealDiscount(terms.deal_discount, terms.level_name, day, amount)
