"""Writers at the same instant: one company, one row; one sale, one current revision; a rate and the sale that waits."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from crm.actions import batches, customers
from crm.actions.customers import ensure_customer, upsert_customers
from crm.actions.rates import upsert_rates
from crm.actions.sales import upsert_sales
from crm.models import Customer, FirstSale, Sale
from crm.rules.matching import CustomerIdentity, IdentityKeys
from crm.rules.rows import RateRow
from tests.crm.rows import CRM, customer_row, line, sale_row
from tests.factories.crm import CustomerFactory, ProductFactory
from tests.factories.partners import PartnerFactory
from tests.races import outcomes_of
from tiers.models import ScoreCredit

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
WRITERS = 8


def at_once(*deeds: Callable[[], object]) -> list[Exception]:
    """Do all deeds at one instant; returns what they raised."""
    return [outcome for outcome in outcomes_of(*deeds) if isinstance(outcome, Exception)]


def spellings(number: int) -> Iterator[CustomerIdentity]:
    """One company as different partners write it: no key is common to all of them but each to the next."""
    for writer in range(WRITERS):
        name = ("Żubr {} Sp. z o.o.", "ZUBR {} S.A.", "PHU Żubr {}", "zubr {}")[writer % 4].format(number)
        yield CustomerIdentity(name, "PL", f"www.zubr{number}.pl" if writer % 2 else "")


def ensure_all(at: datetime, rounds: int) -> None:
    for number in range(rounds):
        deeds = [lambda one=one: ensure_customer(one, by=CRM, at=at) for one in spellings(number)]
        assert at_once(*deeds) == []


def test_one_new_company_is_one_customer_however_many_bring_it(now: datetime) -> None:
    ensure_all(now, rounds=5)
    assert Customer.objects.count() == 5


def test_control_without_the_lock_it_is_doubled(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = threading.Barrier(WRITERS)

    def look_together(keys: IdentityKeys) -> bool:
        found = bool(customers._same_companies([keys]))
        meet.wait(timeout=30)
        return found

    monkeypatch.setattr(customers, "_lock_and_look", look_together)
    ensure_all(now, rounds=1)
    assert Customer.objects.count() > 1


def test_a_partner_and_the_crm_bring_the_same_company(now: datetime) -> None:
    for number in range(5):
        row = customer_row(number, legal_name=f"Acme {number}")
        identity = CustomerIdentity(f"ACME {number} Sp. z o.o.", "PL")
        raised = at_once(
            lambda row=row: upsert_customers([row], by=CRM, at=now),
            lambda identity=identity: ensure_customer(identity, by=CRM, at=now),
        )
        assert raised == []
    assert Customer.objects.count() == 5
    assert not Customer.objects.filter(external_id=None).exists()


@pytest.fixture
def partner_public_id() -> str:
    CustomerFactory(external_id="C1")
    ProductFactory(external_id="P1")
    return PartnerFactory().public_id


def test_the_same_sales_in_other_orders_do_not_deadlock_or_double(partner_public_id: str, now: datetime) -> None:
    def push(writer: int) -> None:
        rows = [sale_row(n, line(amount=f"{100 + writer}"), partner=partner_public_id) for n in range(20)]
        upsert_sales(rows[::-1] if writer % 2 else rows, by=CRM, at=now)

    assert at_once(*(lambda writer=writer: push(writer) for writer in range(WRITERS))) == []
    assert Sale.objects.filter(is_current=True).count() == 20
    assert Sale.objects.count() == 20 * WRITERS
    live = ScoreCredit.objects.filter(reverses=None, reversals=None)
    assert live.filter(metric__code="channel_revenue").count() == 20
    assert live.filter(metric__code="new_customers").count() == FirstSale.objects.count() == 1


def test_a_sale_and_its_rate_that_arrive_together_find_each_other(partner_public_id: str, now: datetime) -> None:
    for number in range(1, 6):
        day = date(2026, number, 1)
        row = sale_row(number, booked_on=day, currency="PLN", partner=partner_public_id)
        rate = RateRow(currency="PLN", on=day, rate=Decimal("0.25"))
        raised = at_once(
            lambda row=row: upsert_sales([row], by=CRM, at=now),
            lambda rate=rate: upsert_rates([rate], by=CRM, at=now),
        )
        assert raised == []
    assert not Sale.objects.filter(waits_for_rate=True).exists()


def test_control_locks_of_a_batch_hold_the_other(now: datetime) -> None:
    """The second batch waits for the first, although neither has a row yet."""
    order: list[str] = []
    locked, release = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            batches.lock_keys("test", ["a", "b"])
            locked.set()
            release.wait(timeout=30)
            order.append("first")

    def second() -> None:
        locked.wait(timeout=30)
        threading.Timer(0.2, release.set).start()
        with transaction.atomic():
            batches.lock_keys("test", ["b", "c"])
            order.append("second")

    assert at_once(first, second) == []
    assert order == ["first", "second"]
