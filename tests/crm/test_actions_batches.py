"""Families, products, customers, opportunities and rates: whole or not at all, and only what differs is written."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import events
from common.batches import BatchResult
from common.errors import Refused
from common.models import AuditEntry
from crm.actions.customers import Ensured, ensure_customer, upsert_customers
from crm.actions.families import upsert_families
from crm.actions.opportunities import upsert_opportunities
from crm.actions.products import upsert_products
from crm.actions.rates import upsert_rates
from crm.actions.sales import upsert_sales
from crm.models import Customer, Delivery, ExchangeRate, Opportunity, Product, ProductFamily
from crm.rules.matching import CustomerIdentity
from crm.rules.rows import FamilyRow, ProductRow, RateRow
from tests.crm.rows import CRM, READER, customer_row, opportunity_row
from tests.factories.crm import CustomerFactory, ProductFamilyFactory

pytestmark = pytest.mark.django_db


def outcomes(result: BatchResult) -> list[str]:
    return [row.outcome.value for row in result.results]


def codes(result: BatchResult) -> list[list[tuple[str, str]]]:
    return [[(error.field, error.code) for error in row.errors] for row in result.results]


@pytest.mark.parametrize(
    "action", [upsert_families, upsert_products, upsert_customers, upsert_opportunities, upsert_sales, upsert_rates]
)
def test_only_who_may_write(action: Any, now: datetime) -> None:
    with pytest.raises(Refused, match=r"actor\.not_permitted"):
        action([], by=READER, at=now)


def test_families_and_products_are_created_changed_and_left_alone(now: datetime) -> None:
    families = [FamilyRow(code="net", name="Network"), FamilyRow(code="sec", name="Security")]
    assert outcomes(upsert_families(families, by=CRM, at=now)) == ["created", "created"]
    assert outcomes(upsert_families([*families[:1], FamilyRow(code="sec", name="Safety")], by=CRM, at=now)) == [
        "unchanged",
        "updated",
    ]
    rows = [ProductRow(external_id="P1", sku="P-1", name=" Router ", kind="product", family="net")]
    assert outcomes(upsert_products(rows, by=CRM, at=now)) == ["created"]
    assert outcomes(upsert_products(rows, by=CRM, at=now + timedelta(hours=1))) == ["unchanged"]
    product = Product.objects.select_related("family").get()
    assert (product.name, product.family.code, product.updated_at) == ("Router", "net", now)
    assert ProductFamily.objects.get(code="sec").name == "Safety"


def test_every_fault_of_every_row_is_named_and_nothing_is_applied(now: datetime) -> None:
    rows = [
        customer_row(1),
        customer_row(2, country="XX", legal_name=""),
        customer_row(1),
        customer_row(3, legal_name="bell\x07", domain="d" * 254),
    ]
    result = upsert_customers(rows, by=CRM, at=now)
    assert result.failed
    assert outcomes(result) == ["unchanged", "failed", "failed", "failed"]
    assert codes(result) == [
        [],
        [("legal_name", "row.empty"), ("country", "row.country_invalid")],
        [("external_id", "row.duplicate")],
        [("legal_name", "row.control_characters"), ("domain", "row.too_long")],
    ]
    assert result.results[2].errors[0].message == "The same id occurs more than once in this batch; first in row 0."
    assert not Customer.objects.exists()
    assert not Delivery.objects.exists()


def test_unknown_references_are_faults_of_their_rows(now: datetime) -> None:
    CustomerFactory(external_id="C1")
    rows = [opportunity_row(1), opportunity_row(2, customer="C9", family="nope"), opportunity_row(3, family="nope")]
    result = upsert_opportunities(rows, by=CRM, at=now)
    assert codes(result) == [
        [],
        [("customer", "row.unknown_customer"), ("family", "row.unknown_family")],
        [("family", "row.unknown_family")],
    ]
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "10000000000000", "0.00001", "1E-400", "1E+999999"])
def test_amounts_that_cannot_be_kept(amount: str, now: datetime) -> None:
    CustomerFactory(external_id="C1")
    result = upsert_opportunities([opportunity_row(amount=Decimal(amount))], by=CRM, at=now)
    assert codes(result) == [[("amount", "row.amount_invalid")]]


@pytest.mark.parametrize("amount", ["9999999999999.9999", "-9999999999999.9999", "0", "1E+5"])
def test_amounts_that_can_be_kept(amount: str, now: datetime) -> None:
    CustomerFactory(external_id="C1")
    row = opportunity_row(amount=Decimal(amount))
    assert outcomes(upsert_opportunities([row], by=CRM, at=now)) == ["created"]
    assert Opportunity.objects.get().amount == Decimal(amount)
    assert outcomes(upsert_opportunities([row], by=CRM, at=now)) == ["unchanged"]


@pytest.mark.parametrize("name", ["created_at", "updated_at", "stage_moved_at"])
def test_times_need_their_offset(name: str, now: datetime) -> None:
    CustomerFactory(external_id="C1")
    row = opportunity_row(**{name: datetime(2026, 1, 1)})  # noqa: DTZ001 - that is the point
    assert codes(upsert_opportunities([row], by=CRM, at=now)) == [[(name, "row.time_without_zone")]]


def test_first_seen_is_ours_and_never_moves(now: datetime) -> None:
    CustomerFactory(external_id="C1")
    back_dated = opportunity_row(created_at=now - timedelta(days=400))
    upsert_opportunities([back_dated], by=CRM, at=now)
    later = now + timedelta(days=3)
    upsert_opportunities([opportunity_row(stage="won", is_open=False)], by=CRM, at=later)
    found = Opportunity.objects.get()
    assert (found.first_seen_at, found.updated_at, found.stage, found.is_open) == (now, later, "won", False)


def test_only_changed_opportunities_are_announced(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[dict[str, Any]] = []
    monkeypatch.setitem(events._listeners, "opportunity.changed", (lambda **news: heard.append(news),))
    CustomerFactory(external_id="C1")
    upsert_opportunities([opportunity_row(1), opportunity_row(2)], by=CRM, at=now)
    upsert_opportunities([opportunity_row(1), opportunity_row(2, stage="won")], by=CRM, at=now)
    upsert_opportunities([opportunity_row(1)], by=CRM, at=now)
    ids = {row.external_id: row.pk for row in Opportunity.objects.all()}
    assert [news["opportunity_ids"] for news in heard] == [[ids["O1"], ids["O2"]], [ids["O2"]]]


def test_a_delivery_is_noted_only_when_something_changed(now: datetime) -> None:
    upsert_customers([customer_row(1), customer_row(2)], by=CRM, at=now)
    upsert_customers([customer_row(1), customer_row(2)], by=CRM, at=now)
    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.created_count, delivery.sent_by) == ("customers", 2, "CRM")
    assert AuditEntry.objects.filter(event="crm.delivery_applied", actor_key="client:crm").count() == 1


def test_statements_do_not_grow_with_rows(now: datetime) -> None:
    def statements(count: int) -> int:
        rows = [customer_row(n, external_id=f"{count}-{n}", domain=f"c{count}x{n}.pl") for n in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as create:
            upsert_customers(rows, by=CRM, at=now)
        changed = [customer_row(n, external_id=f"{count}-{n}", legal_name=f"New {count} {n}") for n in range(count)]
        with CaptureQueriesContext(connection) as change:
            upsert_customers(changed, by=CRM, at=now)
        return len(create) + len(change)

    assert statements(200) == statements(2)


def test_unchanged_rows_are_not_written(now: datetime) -> None:
    rows = [customer_row(number) for number in range(50)]
    upsert_customers(rows, by=CRM, at=now)
    with CaptureQueriesContext(connection) as again:
        result = upsert_customers(rows, by=CRM, at=now + timedelta(days=1))
    assert result.counts["unchanged"] == 50
    assert not [query for query in again if query["sql"].startswith(("INSERT", "UPDATE"))]


# Customers: one company, one row


def test_ensure_customer_finds_what_is_the_same_company(now: datetime) -> None:
    first = ensure_customer(CustomerIdentity("Acme Sp. z o.o.", "PL", "acme.pl", "5260250274"), by=CRM, at=now)
    same = [
        CustomerIdentity("ACME S.A.", "PL"),
        CustomerIdentity("Renamed", "DE", "jan@acme.pl"),
        CustomerIdentity("Renamed", "DE", "", "PL 526-025-02-74"),
    ]
    other = [
        CustomerIdentity("Acme", "GB"),
        CustomerIdentity("Acme", "PL", "", "7010000001"),
        CustomerIdentity("Acma", "PL"),
    ]
    assert first.is_new
    again = Ensured(first.pk, first.public_id, is_new=False)
    assert [ensure_customer(identity, by=CRM, at=now) for identity in same] == [again] * 3
    others = [ensure_customer(identity, by=CRM, at=now) for identity in other]
    assert len({first, *others}) == 4
    assert all(ensured.is_new for ensured in others)
    assert AuditEntry.objects.filter(event="customer.created").count() == 4


def test_ensure_customer_heeds_a_person_who_knows_better(now: datetime) -> None:
    first = ensure_customer(CustomerIdentity("Acme", "PL"), by=CRM, at=now)
    second = ensure_customer(CustomerIdentity("Acme", "PL"), by=CRM, at=now, distinct_from=[first.pk])
    assert second.pk != first.pk
    assert second.is_new


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (CustomerIdentity("  ...", "PL"), "customer.name_missing"),
        (CustomerIdentity("Acme", ""), "customer.country_missing"),
    ],
)
def test_ensure_customer_refuses_the_nameless(identity: CustomerIdentity, code: str, now: datetime) -> None:
    with pytest.raises(Refused, match=code):
        ensure_customer(identity, by=CRM, at=now)
    assert not Customer.objects.exists()


def test_the_crm_adopts_a_partners_customer_instead_of_doubling_it(now: datetime) -> None:
    brought = ensure_customer(CustomerIdentity("Acme Sp. z o.o.", "PL", "acme.pl"), by=CRM, at=now).pk
    rows = [
        customer_row(7, legal_name="ACME Spółka Akcyjna", domain="www.acme.pl"),
        customer_row(8, legal_name="Acme", country="PL"),
    ]
    assert outcomes(upsert_customers(rows, by=CRM, at=now)) == ["updated", "created"]
    adopted = Customer.objects.get(external_id="C7")
    assert (adopted.pk, adopted.source, adopted.legal_name) == (brought, "registration", "ACME Spółka Akcyjna")
    assert Customer.objects.count() == 2


def test_the_crm_does_not_adopt_what_it_already_named(now: datetime) -> None:
    CustomerFactory(external_id="C1", legal_name="Acme", domain="acme.pl")
    assert outcomes(upsert_customers([customer_row(2, domain="acme.pl")], by=CRM, at=now)) == ["created"]


# Exchange rates


def test_rates_are_set_by_currency_and_day(now: datetime) -> None:
    day = date(2026, 1, 1)
    rows = [
        RateRow(currency="PLN", on=day, rate=Decimal("0.23")),
        RateRow(currency="HUF", on=day, rate=Decimal("0.0025")),
    ]
    assert outcomes(upsert_rates(rows, by=CRM, at=now)) == ["created", "created"]
    corrected = [RateRow(currency="PLN", on=day, rate=Decimal("0.24")), rows[1]]
    assert outcomes(upsert_rates(corrected, by=CRM, at=now)) == ["updated", "unchanged"]
    assert ExchangeRate.objects.get(currency="PLN").rate == Decimal("0.24")


def test_rates_that_cannot_be(now: datetime) -> None:
    day = date(2026, 1, 1)
    given = [("EUR", day, "1"), ("XXZ", day, "1"), ("PLN", day, "0"), ("PLN", date(1, 1, 1), "-1"), ("HUF", day, "NaN")]
    rows = [RateRow(currency=currency, on=on, rate=Decimal(rate)) for currency, on, rate in given]
    assert codes(upsert_rates(rows, by=CRM, at=now)) == [
        [("currency", "row.base_currency")],
        [("currency", "row.currency_invalid")],
        [("rate", "row.rate_invalid")],
        [("on", "row.date_invalid"), ("rate", "row.rate_invalid")],
        [("rate", "row.rate_invalid")],
    ]


def test_products_need_a_known_family_and_kind(now: datetime) -> None:
    ProductFamilyFactory(code="net")
    rows = [ProductRow(external_id="P1", sku="P1", name="P", kind="gadget", family="nope")]
    assert codes(upsert_products(rows, by=CRM, at=now)) == [
        [("kind", "row.unknown_kind"), ("family", "row.unknown_family")]
    ]
