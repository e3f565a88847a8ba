"""Several look at the same direct activity at once: one breach, told once, and it ends up as the CRM says last.

The control drops the constraint: without it there are two.
"""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from common.models import AuditEntry, OutboxMessage
from crm.models import Opportunity, Sale
from deals.actions import sentinel
from deals.actions.breaches import acknowledge_breach, settle_breach
from deals.models import Breach
from incentives.models import MakeGood
from incentives.queries.verification import problems
from tests.factories.cases import broken, protected, report_sale
from tests.factories.crm import OpportunityFactory
from tests.factories.deals import a_channel, vendor
from tests.races import at_once, outcomes_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(days=10)


@pytest.fixture
def opportunity_id() -> int:
    """A direct opportunity inside a protection that nobody has looked at yet."""
    channel = a_channel()
    protected(channel, at=AT)
    OpportunityFactory(customer=channel.customer, first_seen_at=LATER, updated_at=LATER)
    return Opportunity.objects.get().pk


def all_have_looked(monkeypatch, sides: int) -> None:
    """Nobody writes before everybody has seen that there is no breach yet."""
    barrier, findings = threading.Barrier(sides), sentinel._findings

    def together(*args):
        found = findings(*args)
        barrier.wait(timeout=60)
        return found

    monkeypatch.setattr(sentinel, "_findings", together)


def look(opportunity_id: int) -> None:
    with transaction.atomic():
        sentinel.note_opportunities_changed(opportunity_ids=[opportunity_id], at=LATER)


def test_an_import_and_the_sweep_find_one_breach(opportunity_id, monkeypatch):
    all_have_looked(monkeypatch, 2)
    at_once(lambda _side: look(opportunity_id), sides=2)
    assert Breach.objects.count() == 1
    assert AuditEntry.objects.filter(event="breach.opened").count() == 1
    assert OutboxMessage.objects.filter(topic="deals.breaches_told").count() == 1


def test_control_without_the_constraint_there_are_two(opportunity_id, monkeypatch):
    all_have_looked(monkeypatch, 2)
    constraint = next(found for found in Breach._meta.constraints if found.name == "breach_once")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Breach, constraint)
    try:
        at_once(lambda _side: look(opportunity_id), sides=2)
        assert Breach.objects.count() == 2
    finally:
        Breach.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Breach, constraint)


def test_two_imports_of_one_sale_leave_the_breach_that_the_crm_has():
    channel = a_channel()
    protected(channel, at=AT)
    at_once(lambda side: report_sale(channel, at=LATER, amount=str(10_000 * (side + 1))), sides=4)
    current = Sale.objects.get(is_current=True).lines.get().base_amount
    breach = Breach.objects.get()
    assert breach.amount == current * Decimal("0.03")
    assert AuditEntry.objects.filter(event="breach.opened").count() == 1


def test_two_people_settle_it_once():
    channel = a_channel()
    breach, chief, finance = broken(channel, at=LATER), vendor("channel_chief"), vendor("finance")
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=LATER)
    breach.refresh_from_db()
    outcomes = outcomes_of(
        lambda: settle_breach(breach.pk, amount=breach.amount, by=chief, at=LATER),
        lambda: settle_breach(breach.pk, amount=breach.amount, by=finance, at=LATER),
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert [reason.code for reason in refused[0].reasons] == ["breach.status"]
    assert (len(refused), MakeGood.objects.count()) == (1, 1)
    assert problems() == []
