"""Where the machine plays: three rival partners, the vendor's people, companies that look alike, two families."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from common.actor import SYSTEM, Actor
from crm.models import Product
from deals.actions.rulebooks import publish_default_rulebook
from deals.rules.drafts import DraftLine, RegistrationDraft
from partners.models import Distribution, Partner
from tests.factories.crm import CustomerFactory, ProductFactory
from tests.factories.deals import PUBLISHED_AT, person, vendor
from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory
from tests.factories.tiers import default_programme

BEGINS_AT = datetime(2026, 10, 14, 8, 0, tzinfo=UTC)  # a Wednesday

# Who a partner may type: exactly known, known by name only, alike, and nobody's.
IDENTITIES: tuple[dict[str, str], ...] = (
    {"customer_name": "Kowalczyk Instalacje Sp. z o.o.", "customer_country": "PL", "customer_domain": "kowalczyk.pl"},
    {"customer_name": "Kowalczyk Instalacja", "customer_country": "PL", "customer_domain": "kowalczyk-serwis.pl"},
    {"customer_name": "Kowalczyk Instalacje", "customer_country": "PL", "customer_domain": ""},
    {"customer_name": "Zwack Unicum Nyrt.", "customer_country": "HU", "customer_domain": "zwack.hu"},
    {"customer_name": "Unicum Liquor House Kft.", "customer_country": "HU", "customer_domain": "unicum-house.hu"},
    {"customer_name": "Zwack Unicum", "customer_country": "HU", "customer_domain": ""},
    {"customer_name": "Quandary Robotics", "customer_country": "DE", "customer_domain": ""},
)
KNOWN = (0, 1, 3, 4)  # of these the CRM has told us
SITES = ("", "", "", "Plant North", "Plant South")


@dataclass(frozen=True)
class Company:
    """A partner, who acts for it, and what nobody else may read."""

    partner: Partner
    seller: Actor
    canary: str


@dataclass(frozen=True)
class Cast:
    companies: tuple[Company, ...]
    manager: Actor
    second_manager: Actor
    chief: Actor
    products: tuple[Product, ...]

    @property
    def canaries(self) -> dict[int, list[str]]:
        return {company.partner.pk: [company.canary] for company in self.companies}

    def seller_of(self, partner_id: int) -> Actor:
        return next(company.seller for company in self.companies if company.partner.pk == partner_id)

    def rival_of(self, partner_id: int) -> Company:
        return next(company for company in self.companies if company.partner.pk != partner_id)

    def company(self, partner_id: int) -> Company:
        return next(company for company in self.companies if company.partner.pk == partner_id)


def the_cast() -> Cast:
    """The default programme and rules; the third partner is a distributor who may register for the first."""
    default_programme(starts_on=date(2026, 1, 1))
    publish_default_rulebook(effective_from=date(2026, 1, 1), by=SYSTEM, at=PUBLISHED_AT)
    companies = (_company("Aster", "var"), _company("Borealis", "var"), _company("Cygnus", "distributor"))
    for number in KNOWN:
        typed = IDENTITIES[number]
        CustomerFactory(
            external_id=f"C{number}",
            legal_name=typed["customer_name"],
            country=typed["customer_country"],
            domain=typed["customer_domain"],
        )
    Distribution.objects.create(
        distributor=companies[2].partner, reseller=companies[0].partner, requested_at=PUBLISHED_AT, requested_by="x",
        answered_at=PUBLISHED_AT, answered_by="y", starts_on=date(2026, 1, 1),
    )  # fmt: skip
    return Cast(
        companies=companies,
        manager=vendor("channel_manager"),
        second_manager=vendor("channel_manager"),
        chief=vendor("channel_chief"),
        products=(ProductFactory(external_id="P0"), ProductFactory(external_id="P1")),
    )


def _company(name: str, kind: str) -> Company:
    canary = f"Canary-{name}"
    partner = PartnerFactory(name=canary, types=(kind,))
    user = UserFactory(full_name=f"{canary} Seller")
    MembershipFactory(partner=partner, user=user, role="admin")
    return Company(partner, person(user, partner_roles={partner.pk: "admin"}), canary)


def a_draft(company: Company, products: tuple[Product, ...], at: datetime, **typed: Any) -> RegistrationDraft:
    """Everything that its seller types beside the customer tells who it is, so that nobody else may read it."""
    amount = typed.pop("amount")
    values = {
        "contact": f"{company.canary} contact",
        "why_now": f"{company.canary} knows why",
        "expected_close_on": date.fromordinal(at.date().toordinal() + 30),
        "lines": [DraftLine(product.pk, 1, Decimal(amount)) for product in products],
        **typed,
    }
    return RegistrationDraft(partner_id=company.partner.pk, **values)
