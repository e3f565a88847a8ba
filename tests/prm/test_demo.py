"""A small demo, built by the same code as the large one: everything in it must be as true as real data."""

from datetime import date

import pytest
from django.core.management import call_command

from common.audit import verify_chain
from common.choices import RunStatus
from common.models import JobRun, OutboxMessage
from deals.models import Registration
from incentives.models.statements import Statement
from partners.models import Partner
from prm.demo import build, cast

TODAY = date(2026, 3, 10)


@pytest.fixture
def months() -> list[date]:
    plan = build.Plan(seed=3, scale=1, today=TODAY, registrations=60, lines=240, opportunities=20)
    told: list[date] = []
    build.build(plan, progress=told.append)
    return told


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_a_whole_and_true_world(months):
    assert build.state() == "filled"
    assert months[0] == date(2025, 1, 1)
    assert Partner.objects.count() == 60
    assert {kind for types in Partner.objects.values_list("types", flat=True) for kind in types} == set(cast._WORDS)
    statuses = set(Registration.objects.values_list("status", flat=True))
    assert {"won", "lost", "rejected", "approved"} <= statuses
    assert set(JobRun.objects.values_list("status", flat=True)) == {RunStatus.DONE}
    assert Statement.objects.filter(status="closed").exists()
    assert not OutboxMessage.objects.filter(status="waiting").exists()
    call_command("verify_ledger")
    call_command("replay_decisions")
    assert verify_chain().broken_at is None


@pytest.mark.django_db
def test_an_interrupted_demo_is_noticed(now):
    assert build.state() == "empty"
    staff = build.people.take_on_staff(at=now)
    admin = build.partner_queries.user_of(staff["admin"])
    build.record("demo.started", on=admin, by=build.SYSTEM, at=now)
    assert build.state() == "interrupted"
    with pytest.raises(SystemExit) as caught:
        call_command("demo_data", "--if-empty")
    assert caught.value.code == 3
