"""A review's clock escalates what is late and approves what is low-risk in the end: once, whoever else is at work."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from common import outbox
from common.actor import SYSTEM
from common.models import AuditEntry
from deals.actions import clockwork
from deals.actions.clockwork import approve_by_clock, run_review_clocks
from deals.actions.policies import add_named_account
from deals.actions.reviews import approve_registration, reject_registration
from deals.models import Decision, Holiday, Protection, Registration
from partners.models import Notification
from tests.factories.crm import CustomerFactory
from tests.factories.deals import a_channel, registered, typed_as, vendor
from tests.races import outcomes_of

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
DUE = datetime(2026, 10, 15, 10, 0, tzinfo=UTC)  # of what `now` brings: a day later, on a Thursday
TWICE = datetime(2026, 10, 16, 10, 0, tzinfo=UTC)


def waiting(channel, now, **typed) -> Registration:
    """In review for its size alone: low-risk up to 100 000."""
    return registered(channel, at=now, **{"amount": 50_000, **typed})


def events(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("id").values_list("event", flat=True))


def told() -> list[tuple[str, int]]:
    outbox.relay(at=TWICE + 30 * DAY)
    return sorted(Notification.objects.filter(kind="review_late").values_list("code", "user_id"))


def test_a_review_gets_its_clock_from_the_calendar_and_the_terms(channel, now):
    Holiday.objects.create(on=date(2026, 10, 15), name="Founders' day")
    deal = waiting(channel, now)
    assert (deal.review_due_at, deal.auto_approve_at) == (DUE + DAY, DUE + 4 * DAY)


@pytest.mark.parametrize(("amount", "is_low_risk"), [("99999.99", True), (100_000, True), ("100000.01", False)])
def test_only_what_is_low_risk_is_promised_by_the_clock(channel, now, amount, is_low_risk):
    assert (waiting(channel, now, amount=amount).auto_approve_at is not None) is is_low_risk


def test_a_customer_to_compare_is_not_low_risk(channel, now):
    deal = waiting(channel, now, customer_domain="", amount=2000)
    assert (deal.status, deal.customer_id, deal.auto_approve_at) == ("in_review", None, None)


@pytest.mark.parametrize(("at", "is_late"), [(DUE - INSTANT, False), (DUE, False), (DUE + INSTANT, True)])
def test_a_late_review_is_escalated_once(channel, now, at, is_late):
    chief, deal = vendor("channel_chief"), waiting(channel, now)
    assert run_review_clocks(at=at) == is_late
    assert run_review_clocks(at=at) == 0
    deal.refresh_from_db()
    assert deal.escalated_at == (at if is_late else None)
    assert events(deal).count("registration.escalated") == is_late
    assert [code for code, user_id in told() if user_id == chief.user_id] == ["review.is_late"] * is_late


def test_the_assigned_reviewer_is_told_too(channel, now):
    deal = waiting(channel, now)
    Registration.objects.filter(pk=deal.pk).update(assigned_to=channel.manager.user_id)
    run_review_clocks(at=DUE + HOUR)
    assert told() == [("review.is_late", channel.manager.user_id)]


@pytest.mark.parametrize(
    ("at", "status"), [(TWICE - INSTANT, "in_review"), (TWICE, "approved"), (TWICE + DAY, "approved")]
)
def test_a_low_risk_review_is_approved_when_twice_the_time_is_over(channel, now, at, status):
    deal = waiting(channel, now)
    run_review_clocks(at=at)
    deal.refresh_from_db()
    assert deal.status == status


def test_what_the_clock_approves_is_protected_longer_by_every_late_day(channel, now):
    deal = waiting(channel, now)
    at = TWICE + HOUR  # 25 hours late: the second day has begun
    assert approve_by_clock(deal.pk, at=at)
    assert not approve_by_clock(deal.pk, at=at)
    deal.refresh_from_db()
    assert (deal.status, deal.decided_at, deal.late_days) == ("approved", at, 2)
    assert deal.protected_until == Protection.objects.get().ends_at == at + 62 * DAY
    decision = deal.decisions.get(sequence=2)
    assert (decision.verdict, decision.judged_verdict) == ("approve", "review")
    assert (decision.reason_code, decision.reason_params) == ("registration.approved_by_clock", {"factor": 2})
    assert (decision.decided_by_id, decision.decided_by_label) == (None, "")
    approval = AuditEntry.objects.get(event="registration.approved")
    assert (approval.actor_key, events(deal).count("registration.approved")) == (SYSTEM.key, 1)


@pytest.mark.parametrize(("at", "days"), [(DUE, 0), (DUE + INSTANT, 1), (DUE + DAY, 1), (DUE + DAY + INSTANT, 2)])
def test_a_person_s_late_approval_prolongs_the_protection_too(channel, now, at, days):
    deal = approve_registration(waiting(channel, now).pk, reason="Yes", by=channel.manager, at=at)
    assert (deal.late_days, deal.protected_until) == (days, at + (60 + days) * DAY)
    assert deal.decisions.get(sequence=2).inputs["late_days"] == days


def test_a_late_rejection_is_noted_as_late(channel, now):
    deal = reject_registration(waiting(channel, now).pk, reason="No", by=channel.manager, at=DUE + 2 * DAY)
    assert (deal.status, deal.late_days) == ("rejected", 2)


def test_what_the_rules_reject_by_now_is_left_to_a_person(channel, now):
    chief, deal = vendor("channel_chief"), waiting(channel, now)
    add_named_account(channel.customer.pk, starts_on=date(2026, 10, 15), by=SYSTEM, at=now)
    assert run_review_clocks(at=TWICE) == 2  # escalated, and not approved
    assert run_review_clocks(at=TWICE + DAY) == 0
    deal.refresh_from_db()
    assert (deal.status, deal.auto_approve_at, deal.escalated_at) == ("in_review", None, TWICE)
    assert not Protection.objects.exists()
    assert deal.decisions.count() == 1
    assert events(deal)[-2:] == ["registration.escalated", "registration.kept_from_clock"]
    assert [code for code, user_id in told() if user_id == chief.user_id] == [
        "review.is_late",
        "review.kept_from_clock",
    ]


def test_what_became_more_than_low_risk_is_left_to_a_person(channel, now):
    deal = waiting(channel, now)
    Registration.objects.filter(pk=deal.pk).update(base_amount=Decimal("100000.01"))
    approve_by_clock(deal.pk, at=TWICE)
    deal.refresh_from_db()
    assert (deal.status, deal.auto_approve_at, deal.decisions.count()) == ("in_review", None, 1)


def test_one_that_fails_does_not_hold_up_the_others(channel, now, monkeypatch):
    first = waiting(channel, now)
    second = waiting(channel, now, customer_name="Somebody Else", customer_domain="")
    approve = clockwork._approve

    def fail_for_the_first(registration, *rest):
        if registration.pk == first.pk:
            raise RuntimeError("broken")
        approve(registration, *rest)

    monkeypatch.setattr(clockwork, "_approve", fail_for_the_first)
    run_review_clocks(at=TWICE)
    assert [Registration.objects.get(pk=deal.pk).status for deal in (first, second)] == ["in_review", "approved"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
class TestRaces:
    def test_two_sweepers_decide_once(self, transactional_db, now):
        deals = several_waiting(now)
        outcomes = outcomes_of(*[lambda: run_review_clocks(at=TWICE)] * 4)
        assert all(isinstance(outcome, int) for outcome in outcomes)
        assert sum(outcomes) == 2 * len(deals)  # each escalated once and approved once
        assert Decision.objects.filter(verdict="approve").count() == len(deals)
        assert all(events(deal).count("registration.escalated") == 1 for deal in deals)

    def test_control_without_the_lock_they_decide_twice_or_fail(self, transactional_db, now, monkeypatch):
        deals = several_waiting(now)
        monkeypatch.setattr(clockwork, "_taken", lambda rows, pk: rows.filter(pk=pk).first())
        outcomes = outcomes_of(*[lambda: run_review_clocks(at=TWICE)] * 4)
        done = sum(outcome for outcome in outcomes if isinstance(outcome, int))
        escalations = AuditEntry.objects.filter(event="registration.escalated").count()
        assert (done, escalations) != (2 * len(deals), len(deals))

    def test_a_person_and_the_clock_decide_once(self, transactional_db, now):
        (deal,) = several_waiting(now, count=1)
        manager = vendor("channel_manager")
        outcomes_of(
            lambda: approve_registration(deal.pk, reason="Yes", by=manager, at=TWICE),
            lambda: run_review_clocks(at=TWICE),
        )
        assert Decision.objects.filter(verdict="approve").count() == 1
        assert Protection.objects.count() == 1


def several_waiting(now, count: int = 6) -> list[Registration]:
    channel = a_channel()
    customers = [CustomerFactory(domain=f"company{number}.pl") for number in range(count)]
    return [waiting(channel, now, **typed_as(customer)) for customer in customers]
