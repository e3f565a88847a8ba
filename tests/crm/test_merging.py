"""Two customers become one: what moves, what stays, who may, and two merges at the same instant."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from common import events
from common.actor import Actor
from common.audit import entries_about
from common.errors import NotFound, Refused
from common.period import Period
from common.verdict import refusal
from crm import queries
from crm.actions import customers
from crm.actions.customers import ensure_customer, merge_customers, upsert_customers
from crm.actions.opportunities import upsert_opportunities
from crm.actions.sales import upsert_sales
from crm.models import Customer, FirstSale, Opportunity, Sale
from crm.rules.matching import CustomerIdentity
from crm.rules.merges import may_merge
from tests.crm.rows import CRM, customer_row, line, opportunity_row, sale_row
from tests.factories.crm import CustomerFactory, OpportunityFactory, ProductFactory
from tests.factories.partners import PartnerFactory
from tests.races import outcomes_of
from tiers.models import ScoreCredit

pytestmark = pytest.mark.django_db
CHIEF = Actor(kind="person", key="user:1", label="Chief", user_id=1, vendor_roles=frozenset({"channel_chief"}))
MANAGER = Actor(kind="person", key="user:2", label="Manager", user_id=2, vendor_roles=frozenset({"channel_manager"}))


@pytest.fixture
def keep() -> Customer:
    return CustomerFactory(external_id="C1", legal_name="Acme Systems", country="PL")


@pytest.fixture
def lose() -> Customer:
    return CustomerFactory(external_id="C2", legal_name="Zubrowka Trade", country="PL", tax_id="526-025-02-74")


def new_customers(partner: Any) -> dict[str, int]:
    """Score credits for new customers by the customer's name, reversed ones gone."""
    credits = ScoreCredit.objects.filter(partner=partner, metric__code="new_customers")
    rows = credits.values_list("valid_from").annotate(Sum("amount"))
    return {str(day): int(amount) for day, amount in rows if amount}


@pytest.mark.parametrize(
    ("keep_id", "lose_id", "merged", "codes"),
    [
        (1, 2, [], []),
        (1, 1, [], ["customer.merged_with_itself"]),
        (1, 2, [1], ["customer.already_merged"]),
        (1, 2, [2], ["customer.already_merged"]),
        (1, 1, [1], ["customer.merged_with_itself", "customer.already_merged"]),
    ],
)
def test_who_can_be_merged(keep_id: int, lose_id: int, merged: list[int], codes: list[str]) -> None:
    assert [reason.code for reason in may_merge(keep_id, lose_id, merged).reasons] == codes


def test_every_spelling_of_the_lost_one_leads_to_the_kept_one(keep: Customer, lose: Customer, now: datetime) -> None:
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    by_tax = CustomerIdentity("Anybody", "DE", "", "PL5260250274")
    by_name = CustomerIdentity("Trade Zubrowka S.A.", "PL")
    assert [(found.customer.pk, found.match.kind) for found in queries.customer_candidates(by_tax)] == [
        (keep.pk, "tax_id")
    ]
    assert [(found.customer.pk, found.match.kind) for found in queries.customer_candidates(by_name)] == [
        (keep.pk, "name")
    ]
    assert ensure_customer(by_tax, by=CRM, at=now).pk == keep.pk
    assert Customer.objects.count() == 2


def test_opportunities_and_sales_are_the_kept_one_s(keep: Customer, lose: Customer, now: datetime) -> None:
    ProductFactory(external_id="P1")
    partner = PartnerFactory()
    opportunity = OpportunityFactory(customer=lose)
    upsert_sales([sale_row(customer="C2", partner=partner.public_id)], by=CRM, at=now)
    sale = Sale.objects.get()
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    opportunity.refresh_from_db()
    assert (opportunity.customer_id, opportunity.updated_at) == (keep.pk, now)
    assert queries.sales_by_ids([sale.pk])[sale.pk].customer_id == keep.pk
    assert [row.customer_id for row in queries.sale_lines_for(partner.pk, Period(date(2026, 1, 1)))] == [keep.pk]
    family_id = ProductFactory(external_id="P2").family_id
    families = [family_id, *queries.sales_by_ids([sale.pk])[sale.pk].family_ids]
    seen = queries.activity_at([keep.pk], families, since=date(2026, 1, 1))
    assert [found.partner_id for found in seen.business] == [partner.pk]
    assert [found.external_id for found in seen.opportunities] == [opportunity.external_id]
    assert Sale.objects.get().customer_id == lose.pk  # as it was booked


def test_what_the_crm_sends_again_changes_nothing(keep: Customer, lose: Customer, now: datetime) -> None:
    ProductFactory(external_id="P1")
    upsert_sales([sale_row(customer="C2")], by=CRM, at=now)
    upsert_opportunities([opportunity_row(customer="C2")], by=CRM, at=now)
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    assert upsert_sales([sale_row(customer="C2")], by=CRM, at=now).counts["unchanged"] == 1
    assert upsert_opportunities([opportunity_row(customer="C2")], by=CRM, at=now).counts["unchanged"] == 1
    upsert_sales([sale_row(2, customer="C2")], by=CRM, at=now)
    upsert_customers([customer_row(2, legal_name="Renamed")], by=CRM, at=now)
    assert Sale.objects.get(external_id="S2").customer_id == keep.pk
    assert Customer.objects.get(external_id="C2").merged_into_id == keep.pk


def test_they_are_new_to_a_partner_once_by_the_earliest_sale(keep: Customer, lose: Customer, now: datetime) -> None:
    ProductFactory(external_id="P1")
    partner, other = PartnerFactory(), PartnerFactory()
    rows = [
        sale_row(1, customer="C1", partner=partner.public_id, booked_on=date(2026, 6, 15)),
        sale_row(2, customer="C2", partner=partner.public_id, booked_on=date(2026, 5, 1)),
        sale_row(3, customer="C2", partner=other.public_id, booked_on=date(2026, 4, 1)),
    ]
    upsert_sales(rows, by=CRM, at=now)
    assert new_customers(partner) == {"2026-06-15": 1, "2026-05-01": 1}
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    assert new_customers(partner) == {"2026-05-01": 1}
    assert new_customers(other) == {"2026-04-01": 1}
    held = FirstSale.objects.exclude(sale=None).values_list("partner_id", "customer_id", "sale__external_id")
    assert sorted(held) == sorted([(partner.pk, keep.pk, "S2"), (other.pk, keep.pk, "S3")])
    # and it goes on moving: the earliest is cancelled
    upsert_sales([sale_row(2, customer="C2", partner=partner.public_id, status="cancelled")], by=CRM, at=now)
    assert new_customers(partner) == {"2026-06-15": 1}
    assert FirstSale.objects.get(partner=partner, customer=keep).sale.external_id == "S1"


def test_chains_become_flat(keep: Customer, lose: Customer, now: datetime) -> None:
    third = CustomerFactory(external_id="C3", legal_name="Third")
    merge_customers(lose.pk, third.pk, by=CHIEF, at=now)
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    assert dict(Customer.objects.values_list("external_id", "merged_into")) == {
        "C1": None,
        "C2": keep.pk,
        "C3": keep.pk,
    }
    assert [found.customer.pk for found in queries.customer_candidates(CustomerIdentity("Third", "PL"))] == [keep.pk]


def test_it_is_recorded_and_told(keep: Customer, lose: Customer, now: datetime, monkeypatch: Any) -> None:
    heard: list[dict[str, Any]] = []
    monkeypatch.setitem(events._listeners, "customer.merged", (lambda **facts: heard.append(facts),))
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    assert heard == [{"kept_id": keep.pk, "lost_id": lose.pk, "at": now}]
    (entry,) = entries_about(lose)
    assert (entry.event, entry.facts) == ("customer.merged", {"kept": keep.public_id})
    (entry,) = entries_about(keep)
    assert (entry.event, entry.facts) == ("customer.absorbed", {"lost": lose.public_id})


def unchanged(keep: Customer, lose: Customer) -> bool:
    return not Customer.objects.exclude(merged_into=None).exists() and not entries_about(lose).exists()


def test_a_listener_can_refuse(keep: Customer, lose: Customer, now: datetime, monkeypatch: Any) -> None:
    def object_to_it(**facts: object) -> None:
        refusal("test.in_conflict").or_refuse()

    opportunity = OpportunityFactory(customer=lose)
    monkeypatch.setitem(events._listeners, "customer.merged", (object_to_it,))
    with pytest.raises(Refused):
        merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    assert unchanged(keep, lose)
    assert Opportunity.objects.get(pk=opportunity.pk).customer_id == lose.pk


@pytest.mark.parametrize(
    ("actor", "other", "code"),
    [
        (MANAGER, "lose", "actor.not_permitted"),
        (CRM, "lose", "actor.not_permitted"),
        (CHIEF, "keep", "customer.merged_with_itself"),
    ],
)
def test_refusals(keep: Customer, lose: Customer, now: datetime, actor: Actor, other: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        merge_customers(keep.pk, {"keep": keep, "lose": lose}[other].pk, by=actor, at=now)
    assert [reason.code for reason in refused.value.reasons] == [code]
    assert unchanged(keep, lose)


def test_a_merged_one_is_not_merged_again(keep: Customer, lose: Customer, now: datetime) -> None:
    merge_customers(keep.pk, lose.pk, by=CHIEF, at=now)
    for pair in ((keep.pk, lose.pk), (lose.pk, keep.pk)):
        with pytest.raises(Refused, match=r"customer\.already_merged"):
            merge_customers(*pair, by=CHIEF, at=now)
    with pytest.raises(NotFound):
        merge_customers(keep.pk, 0, by=CHIEF, at=now)


def opposite_merges(at: datetime) -> tuple[list[Exception], list[int | None]]:
    """What two merges at one instant, each of the other's kept one, raised, and where both customers lead then."""
    one, other = CustomerFactory(legal_name="One"), CustomerFactory(legal_name="Other")
    deeds: list[Callable[[], None]] = [
        lambda: merge_customers(one.pk, other.pk, by=CHIEF, at=at),
        lambda: merge_customers(other.pk, one.pk, by=CHIEF, at=at),
    ]
    raised = [outcome for outcome in outcomes_of(*deeds) if isinstance(outcome, Exception)]
    return raised, list(Customer.objects.order_by("pk").values_list("merged_into", flat=True))


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_two_opposite_merges_one_is_refused(now: datetime) -> None:
    raised, leads = opposite_merges(now)
    assert [type(error) for error in raised] == [Refused]
    assert leads.count(None) == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_both_are_lost(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = threading.Barrier(2)

    def look_together(ids: set[int]) -> dict[int, Customer]:
        rows = {row.pk: row for row in Customer.objects.filter(pk__in=ids)}
        meet.wait(timeout=30)
        return rows

    monkeypatch.setattr(customers, "lock_space", lambda *args, **how: None)
    monkeypatch.setattr(customers, "_locked", look_together)
    raised, leads = opposite_merges(now)
    assert raised == []
    assert None not in leads


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_sale_that_arrives_meanwhile_counts_for_the_kept_one(now: datetime) -> None:
    ProductFactory(external_id="P1")
    partner = PartnerFactory()
    for number in range(5):
        pair = [CustomerFactory(external_id=f"{side}{number}", legal_name=f"{side} {number}") for side in "KL"]
        row = sale_row(number, line(amount="10"), customer=f"L{number}", partner=partner.public_id)
        deeds: list[Callable[[], object]] = [
            lambda pair=pair: merge_customers(pair[0].pk, pair[1].pk, by=CHIEF, at=now),  # type: ignore[misc]
            lambda row=row: upsert_sales([row], by=CRM, at=now),  # type: ignore[misc]
            lambda number=number: upsert_opportunities(  # type: ignore[misc]
                [opportunity_row(number, customer=f"L{number}")], by=CRM, at=now
            ),
        ]
        assert [found for found in outcomes_of(*deeds) if isinstance(found, Exception)] == []
        first = FirstSale.objects.exclude(sale=None).get(sale__external_id=f"S{number}")
        assert first.customer_id == pair[0].pk
        assert Opportunity.objects.get(external_id=f"O{number}").customer_id == pair[0].pk
    assert new_customers(partner) == {"2026-06-15": 5}
    assert Decimal(5) == ScoreCredit.objects.filter(metric__code="new_customers").aggregate(all=Sum("amount"))["all"]
