"""The controls: faults put in on purpose, and the invariant that must find each. Without them it finds none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import settings

from common import events
from deals.actions import claims, decisions, inquiries, locks, merges, outcomes, registrations, reviews
from deals.actions.merges import merge_duplicates
from deals.actions.participants import invite_participants
from deals.actions.policies import add_entry
from deals.models import Protection, Registration
from deals.queries import decisions as receipts
from deals.rules import engagement, transitions
from deals.rules.participants import Share
from deals.rules.policies import ExclusiveGrantEntry
from tests.deals import invariants
from tests.deals.invariants import broken_invariants, fingerprint
from tests.deals.test_state_machine import SHORT, cast, played
from tests.factories.cases import report_opportunity
from tests.factories.crm import CustomerFactory
from tests.factories.deals import registered, typed_as, vendor

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
__all__ = ["cast"]


def found(at, **how: Any) -> set[str]:
    return {broken.invariant for broken in broken_invariants(at=at, **how)}


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)


def without_constraint() -> None:
    run("ALTER TABLE deals_protection DROP CONSTRAINT protection_one_live")


def a_rule_that_sees_nothing(monkeypatch) -> None:
    monkeypatch.setitem(
        engagement._RULES, "live_protection", lambda facts, params: ("pass", "registration.nothing_against", {})
    )


def canaries(channel) -> dict[int, list[str]]:
    return {channel.partner.pk: [channel.partner.name], channel.rival.pk: [channel.rival.name]}


def test_without_a_fault_nothing_is_found(channel, now):
    registered(channel, at=now)
    registered(channel, at=now + HOUR, by_rival=True)
    assert found(now + HOUR, canaries=canaries(channel)) == set()


def test_two_protections(channel, now, monkeypatch):
    """The locks, the rule and the constraint: all three have to fail."""
    monkeypatch.setattr(locks, "take", lambda names: None)
    monkeypatch.setattr(claims, "lock_free_claims", lambda *claimed: True)
    without_constraint()
    a_rule_that_sees_nothing(monkeypatch)
    for by_rival in (False, True):
        assert registered(channel, at=now, by_rival=by_rival).status == "approved"
    assert "one live protection" in found(now)


def test_a_deed_that_is_not_recorded(channel, now, monkeypatch):
    approved = registered(channel, at=now)
    monkeypatch.setattr(outcomes, "record", lambda *told, **how: None)
    outcomes.win_registration(approved.pk, by=channel.seller, at=now + HOUR)
    assert found(now + HOUR) == {"only listed transitions, each recorded once"}


def test_a_deed_that_is_recorded_twice(channel, now, monkeypatch):
    waiting = registered(channel, at=now, amount=50_000)
    record = inquiries.record

    def twice(*told, **how):
        record(*told, **how)
        record(*told, **how)

    monkeypatch.setattr(inquiries, "record", twice)
    inquiries.ask_partner(waiting.pk, fields=["why_now"], words="Why?", by=channel.manager, at=now)
    assert found(now) == {"only listed transitions, each recorded once"}


def test_a_decision_that_nobody_recorded(channel, now, monkeypatch):
    monkeypatch.setattr(decisions, "record_all", lambda entries: None)
    registered(channel, at=now)
    assert "only listed transitions, each recorded once" in found(now)


def test_a_transition_that_is_not_listed(channel, now):
    registered(channel, at=now)
    Registration.objects.update(status="lost")
    assert "only listed transitions, each recorded once" in found(now)


def test_a_view_that_names_rivals(channel, now, monkeypatch):
    monkeypatch.setattr(receipts, "outcomes_for_partner", lambda outcomes, decisive_rule: outcomes)
    monkeypatch.setattr(receipts, "outcome_for_partner", lambda outcome: outcome)
    registered(channel, at=now)
    assert registered(channel, at=now, by_rival=True).status == "rejected"
    assert found(now) == set()
    assert found(now, canaries=canaries(channel)) == {"a partner reads nothing of another"}


def test_a_word_that_names_a_rival(channel, now):
    waiting = registered(channel, at=now, amount=50_000)
    words = f"{channel.rival.name} was first"
    reviews.reject_registration(waiting.pk, reason=words, by=channel.manager, at=now)
    assert found(now, canaries=canaries(channel)) == {"a partner reads nothing of another"}


def test_a_protection_that_is_left_over(channel, now, monkeypatch):
    approved = registered(channel, at=now)
    monkeypatch.setattr(outcomes, "Greatest", lambda *ends: Protection.objects.get().ends_at)
    outcomes.release_registration(approved.pk, by=channel.seller, at=now + HOUR)
    assert found(now + HOUR) == {"protected until its protections end"}


def test_an_end_that_still_counts(channel, now, monkeypatch):
    registered(channel, at=now)

    def closed(status, protected_until, at):
        return "expired" if status == "approved" and protected_until < at else status

    assert transitions.status_on("approved", now, now) == "expired"
    monkeypatch.setattr(invariants, "status_on", closed)
    assert found(now) == {"half-open"}


def test_a_rule_that_changed_its_mind(channel, now, monkeypatch):
    registered(channel, at=now)
    monkeypatch.setitem(engagement._RULES, "size", lambda facts, params: ("reject", "registration.below_minimum", {}))
    assert found(now) == {"a replay gives the same"}


def test_a_breach_that_nobody_noticed(channel, now, monkeypatch):
    registered(channel, at=now)
    monkeypatch.setitem(events._listeners, "opportunity.changed", ())
    report_opportunity(channel, at=now + HOUR)
    assert found(now + HOUR) == {"direct business inside is a breach"}


def test_a_breach_of_nothing(channel, now):
    registered(channel, at=now)
    report_opportunity(channel, at=now + HOUR)
    assert found(now + HOUR) == set()
    run("UPDATE crm_opportunity SET is_open = false")
    assert found(now + HOUR) == {"a breach is direct business inside"}


@pytest.mark.parametrize("left_out", ["_join", "_move"])
def test_a_merge_that_forgets(channel, now, monkeypatch, left_out):
    other = CustomerFactory(legal_name="Unicum Liquor House", country="HU", domain="unicum-house.hu")
    registered(channel, at=now, **typed_as(other))
    if left_out == "_join":
        monkeypatch.setattr(merges, "_join", lambda *how: None)
    else:
        monkeypatch.setitem(events._listeners, "customer.merged", ())
    merge_duplicates(channel.customer.public_id, other.public_id, by=vendor("channel_chief"), at=now + HOUR)
    assert "nothing lives for a merged customer" in found(now + HOUR)


def _edited() -> None:
    run(
        "ALTER TABLE common_auditentry DISABLE TRIGGER USER",
        "UPDATE common_auditentry SET actor_label = 'Nobody' WHERE id = (SELECT max(id) FROM common_auditentry)",
        "ALTER TABLE common_auditentry ENABLE TRIGGER USER",
    )


def _without_a_clock() -> None:
    run(
        "ALTER TABLE deals_registration DROP CONSTRAINT registration_has_a_clock",
        "UPDATE deals_registration SET review_due_at = NULL",
    )


def _asked_twice() -> None:
    ask = (
        "INSERT INTO deals_inquiry (registration_id, fields, words, asked_at, asked_by, answered_by, answer) "
        "SELECT id, '{why_now}', 'Why?', now(), 'x', '', '' FROM deals_registration"
    )
    run("DROP INDEX inquiry_one_open", ask, ask)


@pytest.mark.parametrize(
    ("spoil", "invariant"),
    [
        (_edited, "the audit chain verifies"),
        (_without_a_clock, "what waits has a clock"),
        (_asked_twice, "one request waits"),
    ],
)
def test_rows_that_cannot_be(channel, now, spoil: Callable[[], None], invariant):
    registered(channel, at=now, amount=50_000)
    assert found(now) == set()
    spoil()
    assert found(now) == {invariant}


def test_shares_that_are_not_whole(channel, now):
    waiting = registered(channel, at=now, amount=50_000)
    invite_participants(waiting.pk, [Share(channel.rival.pk, "resell", 2_000)], by=channel.seller, at=now)
    run(
        "ALTER TABLE deals_participant DISABLE TRIGGER deals_participant_shares",
        "UPDATE deals_participant SET share_bps = 1 WHERE role = 'resell'",
    )
    assert found(now) == {"shares are whole"}


def test_a_refusal_that_leaves_something(channel, now):
    approved = registered(channel, at=now)
    before = fingerprint()
    assert fingerprint() == before
    Registration.objects.filter(pk=approved.pk).update(contact="Somebody else")
    assert {table for table, digest in fingerprint().items() if before[table] != digest} == {"deals_registration"}


def test_a_list_that_names_the_holder_of_a_grant(channel, now, monkeypatch):
    """Not only protections tell of rivals."""
    grant = ExclusiveGrantEntry(
        partner_id=channel.rival.pk, countries=("HU",), segment="", family_id=None, starts_on=now.date(), ends_on=None,
        note="",
    )  # fmt: skip
    row = add_entry(grant, by=vendor("channel_chief"), at=now)
    assert registered(channel, at=now).decisions.get().decisive_rule == "exclusivity"
    named = {channel.rival.pk: [row.public_id]}
    assert found(now, canaries={channel.partner.pk: [], **named}) == set()
    monkeypatch.setattr(receipts, "outcomes_for_partner", lambda outcomes, decisive_rule: outcomes)
    assert found(now, canaries={channel.partner.pk: [], **named}) == {"a partner reads nothing of another"}


# The machine finds them, too, wherever chance leads it.


def _lost_lock(monkeypatch) -> None:
    without_constraint()
    a_rule_that_sees_nothing(monkeypatch)


def _merge_without_protections(monkeypatch) -> None:
    monkeypatch.setattr(merges, "_join", lambda *how: None)


def _withdrawal_unrecorded(monkeypatch) -> None:
    monkeypatch.setattr(registrations, "record", lambda *told, **how: None)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [_lost_lock, _merge_without_protections, _withdrawal_unrecorded])
def test_the_machine_finds_it(cast, monkeypatch, fault):
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        played(cast, settings(SHORT, report_multiple_bugs=False))
