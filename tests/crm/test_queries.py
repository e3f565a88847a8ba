"""What the CRM's facts look like to other apps, and how many statements they cost."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.actor import ANONYMOUS, SYSTEM, Actor
from common.period import Period, month_of
from crm import queries
from crm.rules.facts import ChannelMix
from crm.rules.matching import CustomerIdentity
from tests.crm.rows import READER
from tests.factories.crm import (
    SEEN_AT,
    CustomerFactory,
    ExchangeRateFactory,
    OpportunityFactory,
    ProductFactory,
    ProductFamilyFactory,
    SaleFactory,
    SaleLineFactory,
)
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db
JUNE = month_of(date(2026, 6, 1))
SELLER = Actor(kind="person", key="user:1", label="Seller", user_id=1, partner_roles={1: "seller"})


def found(identity: CustomerIdentity, limit: int = 10) -> list[tuple[str | None, str]]:
    return [(row.customer.external_id, row.match.kind) for row in queries.customer_candidates(identity, limit)]


def test_candidates_surest_first() -> None:
    CustomerFactory(external_id="similar", legal_name="Acme Systems Wine Travel")
    CustomerFactory(external_id="abroad", legal_name="Acme Systems Ltd", country="GB")
    CustomerFactory(external_id="name", legal_name="ACME Systems S.A.")
    CustomerFactory(external_id="domain", legal_name="Renamed", domain="acme.pl")
    CustomerFactory(external_id="tax", legal_name="Other", country="DE", tax_id="PL5260250274")
    CustomerFactory(external_id="nothing", legal_name="Zenith")
    asked = CustomerIdentity("Acme Systems Sp. z o.o.", "PL", "www.acme.pl", "526-025-02-74")
    assert found(asked) == [
        ("tax", "tax_id"),
        ("domain", "domain"),
        ("name", "name"),
        ("similar", "similar_name"),
        ("abroad", "related"),
    ]
    assert found(asked, limit=2) == [("tax", "tax_id"), ("domain", "domain")]


def test_the_surest_survive_a_crowd_of_equal_names() -> None:
    """Exact keys are looked for strongest first: namesakes that fill the limit must not hide the tax id."""
    for number in range(12):
        CustomerFactory(external_id=f"namesake-{number}", legal_name="Acme")
    CustomerFactory(external_id="tax", legal_name="Other", tax_id="5260250274")
    assert found(CustomerIdentity("Acme", "PL", "", "5260250274"), limit=5)[0] == ("tax", "tax_id")


def test_merged_customers_are_no_candidates() -> None:
    kept = CustomerFactory(external_id="kept", legal_name="Acme")
    CustomerFactory(external_id="merged", legal_name="Acme", merged_into=kept)
    assert found(CustomerIdentity("Acme", "PL")) == [("kept", "name")]


def test_candidates_cost_few_statements(django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        CustomerFactory(legal_name=f"Acme {'Energy' if number % 2 else 'Energies'}")
    with django_assert_max_num_queries(4):
        assert len(found(CustomerIdentity("Acme Energie", "PL"))) == 10


def test_nameless_and_unknown_find_nothing() -> None:
    CustomerFactory(legal_name="Acme", domain="", tax_id="")
    assert found(CustomerIdentity("", "PL")) == []
    assert found(CustomerIdentity("Zenith Logistics", "PL", "someone@gmail.com")) == []


def test_direct_opportunities_of_the_families_or_of_all() -> None:
    customer = CustomerFactory()
    asked, other = ProductFamilyFactory(), ProductFamilyFactory()
    late = OpportunityFactory(customer=customer, family=asked, first_seen_at=SEEN_AT + timedelta(days=1))
    general = OpportunityFactory(customer=customer, family=None)
    OpportunityFactory(customer=customer, family=other)
    OpportunityFactory(customer=customer, family=asked, is_open=False)
    OpportunityFactory(family=asked)
    open_ones = queries.activity_at([customer.pk], [asked.pk], since=SEEN_AT.date()).opportunities
    assert [row.external_id for row in open_ones] == [general.external_id, late.external_id]
    assert queries.opportunities_by_ids([late.pk])[late.pk].family_id == asked.pk


def a_line(amount: int, partner: Any, product: Any, **sale: Any) -> Any:
    return SaleLineFactory(
        sale=SaleFactory(partner=partner, **sale), product=product, net_amount=Decimal(amount), number=1
    )


def test_lines_that_count() -> None:
    partner, rival = PartnerFactory(), PartnerFactory()
    router = ProductFactory(kind="product", family=ProductFamilyFactory(code="net"))
    setup = ProductFactory(kind="service", family=ProductFamilyFactory(code="help"))
    first = a_line(100, partner, router, booked_on=date(2026, 6, 1))
    last = a_line(200, partner, setup, booked_on=date(2026, 6, 30))
    a_line(1, partner, router, booked_on=date(2026, 5, 31))
    a_line(2, partner, router, booked_on=date(2026, 7, 1))
    a_line(4, partner, router, status="cancelled")
    a_line(8, partner, router, is_current=False, revision=7)
    a_line(16, partner, router, waits_for_rate=True)
    a_line(32, rival, router)
    a_line(64, None, router)

    assert [line.line_id for line in queries.sale_lines_for(partner.pk, JUNE)] == [first.pk, last.pk]
    assert [line.line_id for line in queries.sale_lines_for(partner.pk, JUNE, ["help"])] == [last.pk]
    assert [line.base_amount for line in queries.sale_lines_for(partner.pk, Period(date(2026, 6, 2)))] == [200, 2]
    totals = queries.partner_month_totals([partner.pk, rival.pk], JUNE)
    assert [(row.partner_id, row.month_starts_on, row.family_code, row.kind, row.base_amount) for row in totals] == [
        (partner.pk, date(2026, 6, 1), "help", "service", 200),
        (partner.pk, date(2026, 6, 1), "net", "product", 100),
        (rival.pk, date(2026, 6, 1), "net", "product", 32),
    ]
    assert queries.partner_ids_with_sales(JUNE) == sorted([partner.pk, rival.pk])
    assert queries.channel_mix(JUNE) == [ChannelMix(JUNE.starts_on, Decimal(332), Decimal(64))]
    assert queries.waiting_sale_count() == 1


def test_sales_by_ids_name_their_families(django_assert_num_queries: Any) -> None:
    sale = SaleFactory(registration_public_id="reg_x")
    products = [ProductFactory(), ProductFactory()]
    for number, product in enumerate([*products, products[0]], start=1):
        SaleLineFactory(sale=sale, product=product, number=number)
    with django_assert_num_queries(2):
        facts = queries.sales_by_ids([sale.pk, 0])
    assert facts.keys() == {sale.pk}
    assert facts[sale.pk].family_ids == tuple(sorted(product.family_id for product in products))
    assert (facts[sale.pk].registration_public_id, facts[sale.pk].partner_id) == ("reg_x", None)


def test_rates(django_assert_num_queries: Any) -> None:
    for currency, on, rate in (("PLN", 1, "0.20"), ("PLN", 20, "0.25"), ("HUF", 1, "0.0025")):
        ExchangeRateFactory(currency=currency, on=date(2026, 1, on), rate=Decimal(rate))
    wanted = [("PLN", date(2026, 1, 19)), ("PLN", date(2026, 1, 20)), ("HUF", date(2026, 3, 1)), ("EUR", date.min)]
    with django_assert_num_queries(1):
        rates = queries.rates_on(wanted)
    assert rates == {wanted[0]: Decimal("0.20"), wanted[1]: Decimal("0.25"), wanted[3]: Decimal(1)}
    assert queries.rate_on("PLN", date(2026, 1, 20)) == Decimal("0.25")
    assert queries.rate_on("PLN", date(2025, 12, 31)) is None


def test_choices(django_assert_num_queries: Any) -> None:
    family = ProductFamilyFactory(code="net", name="Network")
    product = ProductFactory(name="Router", family=family)
    with django_assert_num_queries(2):
        assert [(row.code, row.name) for row in queries.families()] == [("net", "Network")]
        choice = queries.product_choices()[0]
    assert (choice.pk, choice.name, choice.family_code, choice.family_name) == (product.pk, "Router", "net", "Network")
    assert queries.product_choices([]) == []


@pytest.mark.parametrize(
    "visible_to", [queries.customers_visible_to, queries.opportunities_visible_to, queries.sales_visible_to]
)
def test_facts_are_for_the_vendor_only(visible_to: Any) -> None:
    OpportunityFactory(customer=SaleFactory().customer)
    assert visible_to(READER).exists()
    assert visible_to(SYSTEM).exists()
    assert not visible_to(SELLER).exists()
    assert not visible_to(ANONYMOUS).exists()


def test_what_goes_on_at_a_customer_is_one_statement(db, django_assert_num_queries):
    customer, product = CustomerFactory(segment="health"), ProductFactory()
    other = ProductFactory()
    partner = PartnerFactory()
    sold = SaleFactory(partner=partner, customer=customer, booked_on=date(2026, 3, 1))
    SaleLineFactory(sale=sold, product=product)
    SaleLineFactory(sale=sold, product=other, number=2)
    direct = SaleFactory(partner=None, customer=customer, booked_on=date(2026, 4, 1))
    SaleLineFactory(sale=direct, product=product)
    with django_assert_num_queries(1):
        found = queries.activity_at([customer.pk], [product.family_id], since=date(2026, 3, 1))
    assert [(won.partner_id, won.family_id, won.booked_on) for won in found.business] == [
        (partner.pk, product.family_id, date(2026, 3, 1))
    ]
    assert [family.code for family in found.families] == [product.family.code]
    assert found.segment == "health"
    later = queries.activity_at([customer.pk], [product.family_id], since=date(2026, 3, 2))
    assert later.business == ()
