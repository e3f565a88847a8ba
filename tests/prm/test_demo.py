"""A small demo, built by the same code as the large one: everything in it must be as true as real data."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from common.audit import verify_chain
from common.choices import RunStatus
from common.models import JobRun, OutboxMessage
from deals.choices.leads import LeadStatus, OfferAnswer
from deals.choices.registrations import RegistrationStatus
from deals.models import (
    Appeal,
    Attachment,
    BackTest,
    Breach,
    Change,
    Comment,
    Extension,
    Lead,
    LeadOffer,
    LifeWarning,
    Participant,
    PencilHold,
    Registration,
    Rulebook,
)
from deals.rules.evidence import file_is_evidence
from incentives.models import MakeGood
from incentives.models.statements import Statement
from partners.models import Distribution, Notification, Partner, SavedView
from prm.demo import build, cast, papers
from tiers.models import Freeze, Override, ProgrammeDraft, SimulatedPartner
from tiers.queries.drafts import is_simulated, objections_to, proposal_of
from tiers.queries.terms import terms_for

TODAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 7, tzinfo=UTC)
PASSING = {RegistrationStatus.SUBMITTED, RegistrationStatus.SCREENING}  # within one transaction


@pytest.fixture
def months() -> list[date]:
    plan = build.Plan(seed=3, scale=1, today=TODAY, registrations=60, lines=240, opportunities=20)
    told: list[date] = []
    build.build(plan, progress=told.append)
    return told


def kinds(rows, *fields: str) -> set:
    return set(rows.values_list(*fields, flat=len(fields) == 1))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_demo_is_a_whole_and_true_world(months):
    assert build.state() == "filled"
    assert months[0] == date(2025, 1, 1)
    assert Partner.objects.count() == 60
    assert {kind for types in Partner.objects.values_list("types", flat=True) for kind in types} == set(cast._WORDS)
    assert kinds(JobRun.objects, "status") == {RunStatus.DONE}
    assert Statement.objects.filter(status="closed").exists()
    assert kinds(OutboxMessage.objects, "status") <= {"done"}
    call_command("verify_ledger")
    call_command("replay_decisions")
    assert verify_chain().broken_at is None

    largest = Registration.objects.filter(partner__name=cast.partners(3, 1)[0].name).reading_on(NOW)
    every_state(largest)
    every_protection(largest.filter(current_status="approved"))
    every_case(largest)
    several_partners(largest)
    every_lead(cast.partners(3, 1)[0].name)
    what_people_keep()
    what_lies_over_levels()
    how_the_programme_would_change()


def every_state(largest):
    """The partner whose people sign in has a deal in each of them."""
    assert kinds(largest, "current_status") == set(RegistrationStatus) - PASSING
    assert largest.filter(status="in_review", assigned_to__isnull=False, comments__stream="internal").exists()
    assert largest.filter(status="in_review", escalated_at__isnull=False, review_due_at__lt=NOW).exists()
    assert largest.filter(status="in_review", inquiries__answered_at__isnull=False).exists()
    assert kinds(Comment.objects, "stream") == {"shared", "internal"}


def every_protection(protected):
    assert kinds(LifeWarning.objects.filter(registration__in=protected), "kind") >= {"nudge", "at_risk", "ends"}
    extended = Extension.objects.filter(registration__in=protected)
    assert kinds(extended, "number", "status") == {(1, "granted"), (2, "pending")}
    assert kinds(Change.objects.filter(registration__in=protected), "status") == {"pending", "applied"}
    assert protected.exclude(site="").exists()
    tender = protected.get(source="tender")
    assert Registration.objects.filter(customer=tender.customer, status="approved").count() == 2
    assert PencilHold.objects.filter(ends_at__gt=NOW).exists()


def every_case(largest):
    assert kinds(Appeal.objects.filter(registration__in=largest), "status") == {"open", "upheld", "overturned"}
    assert Appeal.objects.exclude(precedent="").count() >= 2
    breaches = Breach.objects.filter(registration__in=largest)
    assert kinds(breaches, "status") == {"open", "acknowledged", "settled", "rejected"}
    settled = breaches.filter(status="settled").first()
    paid = MakeGood.objects.get(breach_public_id=settled.public_id)
    assert paid.amount == settled.settled_amount
    assert paid.line.statement.status == "closed"


def several_partners(largest):
    shares = Participant.objects.exclude(role="lead")
    assert kinds(shares.filter(registration__in=largest), "consent") == {"given", "invited"}
    assert shares.filter(partner__name=cast.partners(3, 1)[0].name, consent="invited").exists()
    assert largest.filter(registered_by__isnull=False).exists()
    assert Distribution.objects.filter(answered_at=None).exists()
    assert Distribution.objects.exclude(starts_on=None).exists()


def every_lead(largest: str):
    """In each state and with each answer; what was accepted is a draft, waits for an answer, and was sold."""
    assert kinds(Lead.objects, "status") == set(LeadStatus)
    assert kinds(LeadOffer.objects, "answer") == set(OfferAnswer)
    assert kinds(LeadOffer.objects.filter(answer="accepted"), "registration__status") == {"draft", "in_review", "won"}
    passed_on = LeadOffer.objects.get(answer="expired")
    assert passed_on.answered_at - passed_on.expires_at < timedelta(minutes=1)
    assert passed_on.lead.offers.get(answer="accepted").offered_at == passed_on.answered_at
    waiting = LeadOffer.objects.filter(answer="waiting", expires_at__gt=NOW)
    assert waiting.filter(partner__name=largest).exists()
    assert waiting.count() == LeadOffer.objects.filter(answer="waiting").count() >= 2


def what_people_keep():
    assert kinds(Attachment.objects, "kind") == {"pdf", "png", "txt"}
    assert SavedView.objects.filter(owner__email__startswith="manager@").count() >= 4
    assert Notification.objects.filter(mailed_at=None).exclude(mail_due="none").count() == 0
    assert Rulebook.objects.filter(published_at=None).exists()
    assert kinds(BackTest.objects, "status") == {"done"}


def what_lies_over_levels():
    assert sorted(Override.objects.values_list("status", flat=True)) == ["approved", "requested"]
    given = Override.objects.get(status="approved")
    assert terms_for(given.partner_id, day=TODAY).level_code == given.level.code
    assert Freeze.objects.get().ends_on > TODAY
    assert Notification.objects.filter(code="notice.override_requested").exists()


def how_the_programme_would_change():
    """The chief's draft was tried on the past as it is now, and can be published for the day that it wishes."""
    draft = ProgrammeDraft.objects.get()
    assert is_simulated(draft)
    assert objections_to(draft.programme, proposal_of(draft), day=TODAY).allowed
    assert SimulatedPartner.objects.filter(simulation__draft=draft).exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("letter.pdf", papers.letter("A line", "another")),
        ("chart.png", papers.chart(1, 80, 40)),
        ("minutes.txt", papers.minutes("A line")),
    ],
)
def test_the_demo_shows_files_that_are_what_they_say(name, content):
    assert file_is_evidence(name, content)


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
