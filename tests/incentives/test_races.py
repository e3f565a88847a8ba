"""Nights, payouts and closings that meet: the books are those of some order, one after the other."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError

from common.errors import Refused
from common.money import Money
from incentives.actions.payouts import record_payout
from incentives.actions.statements import close_statements
from incentives.models import Accrual, Journal, Statement
from incentives.queries.accruals import facts_for
from incentives.queries.ledger import balance_of
from incentives.queries.verification import problems
from partners import queries as partner_queries
from tests.factories.incentives import FINANCE, night, published, sold
from tests.factories.partners import PartnerFactory
from tests.races import SIDES, outcomes_of

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
EXPECTED = (Refused, IntegrityError)
SEPTEMBER_END = date(2026, 9, 30)
AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def at_once(work: Callable[[int], object]) -> list[object]:
    """What each side returned, or the kind of refusal that it met; another error is the test's."""
    outcomes = outcomes_of(*(lambda side=side: work(side) for side in range(SIDES)))
    unexpected = [found for found in outcomes if isinstance(found, Exception) and not isinstance(found, EXPECTED)]
    assert unexpected == []
    return [type(found) if isinstance(found, EXPECTED) else found for found in outcomes]


def sellers(count: int) -> list[int]:
    published(("0", "0.1"))
    partners = [PartnerFactory().pk for _ in range(count)]
    for partner_id in partners:
        sold(partner_id, "1000", date(2026, 9, 3))
    return partners


@pytest.fixture
def without_locks(monkeypatch):
    """The control: nobody waits for a partner's row. Gives a barrier at which all wait once they have looked."""
    monkeypatch.setattr(partner_queries, "lock_partners", sorted)
    return threading.Barrier(SIDES)


def test_nights_over_the_same_partners_post_once():
    partners = sellers(4)
    results = at_once(lambda side: night(SEPTEMBER_END, *(partners if side % 2 else partners[::-1])).journals_posted)
    assert sum(results) == Journal.objects.count() == Accrual.objects.count() == 4
    assert problems() == []


def test_control_without_the_lock_the_sequence_refuses_the_second_posting(without_locks, monkeypatch):
    partners = sellers(1)

    def look_then_wait(*args, **kwargs):
        facts = facts_for(*args, **kwargs)
        without_locks.wait()
        return facts

    monkeypatch.setattr("incentives.actions.accruals.facts_for", look_then_wait)
    outcomes = at_once(lambda _: night(SEPTEMBER_END, *partners).journals_posted)
    assert outcomes.count(IntegrityError) == SIDES - 1
    assert problems() == []


def pay(partner_id: int, side: int) -> object:
    return record_payout(partner_id, Money(Decimal(30), "EUR"), reference=f"S-{side}", by=FINANCE, at=AT).kind


def test_no_more_is_paid_than_is_owed():
    [partner_id] = sellers(1)
    night(SEPTEMBER_END, partner_id)
    outcomes = at_once(lambda side: pay(partner_id, side))
    assert (outcomes.count("payout"), outcomes.count(Refused)) == (3, SIDES - 3)
    assert balance_of(partner_id).amount == 10
    assert problems() == []


def test_control_without_the_lock_more_is_paid_than_is_owed(without_locks, monkeypatch):
    [partner_id] = sellers(1)
    night(SEPTEMBER_END, partner_id)

    def balance_seen_by_all(*args, **kwargs):
        balance = balance_of(*args, **kwargs)
        without_locks.wait()
        return balance

    monkeypatch.setattr("incentives.actions.payouts.balance_of", balance_seen_by_all)
    outcomes = at_once(lambda side: pay(partner_id, side))
    assert outcomes.count("payout") > 3
    assert balance_of(partner_id).amount < 0


def test_one_payout_per_reference():
    [partner_id] = sellers(1)
    night(SEPTEMBER_END, partner_id)
    assert set(at_once(lambda _: pay(partner_id, 1))) == {"payout"}
    assert balance_of(partner_id).amount == 70


def test_nothing_slips_into_a_month_that_is_being_closed():
    partners = sellers(SIDES)
    night(SEPTEMBER_END, partners[0])

    def close_or_post(side: int) -> object:
        return (
            close_statements(SEPTEMBER_END, at=AT)
            if side == 0
            else night(SEPTEMBER_END, partners[side]).journals_posted
        )

    at_once(close_or_post)
    september = Statement.objects.filter(month_starts_on=date(2026, 9, 1))
    assert set(september.values_list("status", flat=True)) == {"closed"}
    assert Journal.objects.count() == SIDES
    assert problems() == []
