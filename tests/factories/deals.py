"""Deals for tests: everything a registration needs, made by the program's own actions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from common.actor import SYSTEM, Actor
from crm.models import Customer, Product
from deals.actions.registrations import register_deal, save_draft
from deals.actions.rulebooks import publish_default_rulebook
from deals.models import Registration
from deals.rules.drafts import DraftLine, RegistrationDraft
from partners.models import Partner
from tests.factories.crm import CustomerFactory, ProductFactory
from tests.factories.partners import MembershipFactory, PartnerFactory, VendorRoleFactory
from tests.factories.tiers import default_programme

PUBLISHED_AT = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Channel:
    """Two rival partners with a seller each, a channel manager, a known customer and a product."""

    partner: Partner
    rival: Partner
    seller: Actor
    rival_seller: Actor
    manager: Actor
    customer: Customer
    product: Product


def a_channel() -> Channel:
    """The default programme and rulebook in force, everybody at Bronze: up to 10,000 EUR is approved automatically."""
    default_programme(starts_on=date(2026, 1, 1))
    publish_default_rulebook(effective_from=date(2026, 1, 1), by=SYSTEM, at=PUBLISHED_AT)
    partner, rival = PartnerFactory(name="Alpha Partner"), PartnerFactory(name="Rival Canary")
    return Channel(
        partner=partner,
        rival=rival,
        seller=seller_of(partner),
        rival_seller=seller_of(rival),
        manager=vendor("channel_manager"),
        customer=CustomerFactory(legal_name="Zwack Unicum Nyrt.", country="HU", domain="zwack.hu"),
        product=ProductFactory(),
    )


def seller_of(partner: Partner) -> Actor:
    membership = MembershipFactory(partner=partner, role="seller")
    return person(membership.user, partner_roles={partner.pk: "seller"})


def vendor(role: str) -> Actor:
    return person(VendorRoleFactory(role=role).user, vendor_roles=frozenset({role}))


def person(user: Any, **roles: Any) -> Actor:
    return Actor(kind="person", key=f"user:{user.pk}", label=str(user), user_id=user.pk, **roles)


def a_draft(partner: Partner, product: Product, *, amount: str | int = 5000, **typed: Any) -> RegistrationDraft:
    """A complete draft about a customer nobody knows, unless another is typed."""
    values: dict[str, Any] = {
        "customer_name": "Brand New Company",
        "customer_country": "DE",
        "contact": "Jan Kowalski",
        "expected_close_on": date(2026, 12, 15),
        "lines": [DraftLine(product.pk, 3, Decimal(amount))],
        **typed,
    }
    return RegistrationDraft(partner_id=partner.pk, **values)


def typed_as(customer: Customer) -> dict[str, str]:
    """What a partner types who knows the customer's web address."""
    return {
        "customer_name": customer.legal_name,
        "customer_country": customer.country,
        "customer_domain": customer.domain,
    }


def registered(channel: Channel, *, at: datetime, by_rival: bool = False, **typed: Any) -> Registration:
    """A registration of the known customer, submitted by the partner or by its rival."""
    partner, by = (channel.rival, channel.rival_seller) if by_rival else (channel.partner, channel.seller)
    draft = a_draft(partner, channel.product, **{**typed_as(channel.customer), **typed})
    return register_deal(draft, by=by, at=at)


def drafted(channel: Channel, *, at: datetime, **typed: Any) -> Registration:
    draft = a_draft(channel.partner, channel.product, **{**typed_as(channel.customer), **typed})
    return save_draft(draft, by=channel.seller, at=at)
