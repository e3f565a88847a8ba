"""Many partners claim one customer at the same instant: one is protected, everybody else gets a clean answer at once.

The controls show that the test can fail: without the locks the constraint has to catch the doubles, and without both
there are doubles.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections, transaction

from common.actor import Actor
from common.audit import verify_chain
from deals.actions import claims as claim_actions
from deals.actions import locks
from deals.actions.registrations import save_draft, submit_registration
from deals.models import Decision, Protection, Registration
from tests.factories.crm import CustomerFactory
from tests.factories.deals import Channel, a_channel, a_draft, typed_as
from tests.factories.partners import PartnerFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
CLAIMANTS = 64
ROUNDS = 3
ONE_AT_A_TIME = threading.Lock()
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


@dataclass
class Race:
    """What everybody got, and how long each waited, in seconds from the common start."""

    answers: list[str]
    waits: list[float]


def rehearse(work: Callable[[], str]) -> None:
    """Do it once and take it back: web processes keep their connections, so none of them starts cold."""
    with ONE_AT_A_TIME, transaction.atomic():
        work()
        transaction.set_rollback(True)


def race(works: list[Callable[[], str]], *, rehearsed: bool = True) -> Race:
    """Start all works at one instant, each in a thread with an open connection of its own."""
    outcome = Race([], [])
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], str]) -> None:
        try:
            if rehearsed:
                rehearse(work)
            barrier.wait(timeout=120)
            started = time.perf_counter()
            try:
                answer = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is an answer that must not occur
                answer = repr(error)
            outcome.waits.append(time.perf_counter() - started)
            outcome.answers.append(answer)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def claims(spellings: Sequence[dict[str, str]], channel: Channel | None = None) -> list[Callable[[], str]]:
    """One submission for each spelling of the customer, each by a partner of its own; empty: the known customer."""
    channel = channel or a_channel()

    def claim_of(number: int, typed: dict[str, str]) -> Callable[[], str]:
        partner = PartnerFactory(name=f"Claimant {number}")
        seller = Actor("person", f"user:{number}", f"Seller {number}", partner_roles={partner.pk: "seller"})
        draft = a_draft(partner, channel.product, **(typed or typed_as(channel.customer)))
        registration_id = save_draft(draft, by=seller, at=AT).pk
        return lambda: submit_registration(registration_id, by=seller, at=AT).status

    return [claim_of(number, typed) for number, typed in enumerate(spellings)]


def doubles() -> int:
    """Protections beyond the first of each customer and family."""
    pairs = Counter(Protection.objects.values_list("customer_id", "family_id"))
    return sum(count - 1 for count in pairs.values())


def let_everybody_in(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Locks that do not lock: nobody writes before everybody has looked."""
    all_have_looked = threading.Barrier(count)
    protect = claim_actions.protect

    def protect_when_all_have_looked(*args: Any) -> Any:
        all_have_looked.wait(timeout=60)
        return protect(*args)

    monkeypatch.setattr(locks, "take", lambda names: None)
    monkeypatch.setattr(claim_actions, "protect", protect_when_all_have_looked)


def test_64_claims_one_protection():
    """Nobody waits over a second, or, on a machine that is busy with other things, much longer than without rivals.

    Without rivals: as many claims at one instant, each for a customer of its own. The best of a few rounds counts.
    """
    channel = a_channel()
    waits = []
    for number in range(ROUNDS):
        customer = CustomerFactory(domain=f"round-{number}.hu")
        outcome = race(claims([typed_as(customer)] * CLAIMANTS, channel))
        assert Counter(outcome.answers) == {"approved": 1, "rejected": CLAIMANTS - 1}
        winner = Registration.objects.get(status="approved", customer=customer)
        assert list(Protection.objects.filter(customer=customer).values_list("registration_id", flat=True)) == [
            winner.pk
        ]
        receipts = Registration.objects.filter(customer=customer).values_list("receipt_number", flat=True)
        assert winner.receipt_number == min(receipts)
        waits.append((max(outcome.waits), undisturbed_wait(channel, number)))
        if waits[-1][0] < 1:
            break
    refusals = Decision.objects.exclude(verdict="approve").values_list("decisive_rule", "reason_code")
    assert set(refusals) == {("live_protection", "registration.customer_protected")}
    assert verify_chain().broken_at is None
    assert any(slowest < max(1, 2 * undisturbed) for slowest, undisturbed in waits), waits


def undisturbed_wait(channel: Channel, number: int) -> float:
    """The slowest of as many claims at one instant that have nothing to do with each other."""
    customers = [CustomerFactory(domain=f"alone-{number}-{place}.hu") for place in range(CLAIMANTS)]
    outcome = race(claims([typed_as(customer) for customer in customers], channel))
    assert set(outcome.answers) == {"approved"}
    return max(outcome.waits)


@pytest.mark.parametrize(
    ("typed", "loser"),
    [
        pytest.param({"customer_name": "Nobody Knows It", "customer_tax_id": "DE811907980"}, "rejected", id="equal"),
        pytest.param({"customer_name": "Nobody Knows It"}, "in_review", id="name-only"),
    ],
)
def test_a_company_nobody_knew_is_not_protected_twice(typed, loser):
    outcome = race(claims([typed] * 16))
    assert Counter(outcome.answers) == {"approved": 1, loser: 15}
    assert Protection.objects.count() == 1


def test_two_spellings_of_one_new_company_are_not_both_protected():
    spellings = [{"customer_name": "Kowalczyk Instalacje"}, {"customer_name": "Kowalczyk Instalacja"}]
    assert Counter(race(claims(spellings * 8)).answers) == {"approved": 1, "in_review": 15}


def test_without_the_locks_the_constraint_still_refuses_doubles(monkeypatch):
    works = claims([{}] * 8)
    let_everybody_in(monkeypatch, 8)
    outcome = race(works, rehearsed=False)
    assert doubles() == 0
    assert outcome.answers.count("approved") == 1


def test_without_locks_and_constraint_there_are_doubles(monkeypatch):
    """The control: if this finds none, the tests above prove nothing."""
    works = claims([{}] * 8)
    let_everybody_in(monkeypatch, 8)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE deals_protection DROP CONSTRAINT protection_one_live")
    try:
        race(works, rehearsed=False)
        assert doubles() == 7
    finally:
        restore_constraint()


def restore_constraint() -> None:
    Protection.objects.all().delete()
    constraint = next(found for found in Protection._meta.constraints if found.name == "protection_one_live")
    with connection.schema_editor() as editor:
        editor.add_constraint(Protection, constraint)
