"""States, clocks, comparison, redaction, drafts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from common.errors import Refused
from crm.rules.matching import CustomerIdentity
from deals.choices.registrations import Event, RegistrationStatus, SalesStage
from deals.rules.clocks import protection_ends
from deals.rules.comparison import compare
from deals.rules.drafts import MAX_LINES, DraftLine, RegistrationDraft, draft_is_complete, draft_is_sound
from deals.rules.facts import Outcome
from deals.rules.redaction import outcomes_for_partner
from deals.rules.transitions import may_happen, status_after, status_on

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)

ALLOWED = {
    ("draft", "submit"): "submitted",
    ("draft", "withdraw"): "withdrawn",
    ("submitted", "screen"): "screening",
    ("submitted", "withdraw"): "withdrawn",
    ("screening", "approve"): "approved",
    ("screening", "review"): "in_review",
    ("screening", "ask"): "action_required",
    ("screening", "reject"): "rejected",
    ("in_review", "approve"): "approved",
    ("in_review", "ask"): "action_required",
    ("in_review", "reject"): "rejected",
    ("in_review", "withdraw"): "withdrawn",
    ("action_required", "answer"): "in_review",
    ("action_required", "reject"): "rejected",
    ("action_required", "withdraw"): "withdrawn",
    ("approved", "win"): "won",
    ("approved", "lose"): "lost",
    ("approved", "lapse"): "expired",
    ("approved", "release"): "released",
    ("approved", "revoke"): "revoked",
    ("rejected", "appeal"): "appealed",
    ("expired", "appeal"): "appealed",
    ("revoked", "appeal"): "appealed",
    ("appealed", "uphold"): "upheld",
    ("appealed", "overturn"): "approved",
}


@pytest.mark.parametrize("event", Event.values)
@pytest.mark.parametrize("status", RegistrationStatus.values)
def test_every_pair_of_status_and_event(status, event):
    expected = ALLOWED.get((status, event))
    assert bool(may_happen(event, status)) == (expected is not None)
    if expected:
        assert status_after(event, status) == expected
    else:
        with pytest.raises(Refused) as caught:
            status_after(event, status)
        assert [reason.code for reason in caught.value.reasons] == ["registration.status"]


@pytest.mark.parametrize(
    ("until", "expected"), [(AT + INSTANT, "approved"), (AT, "expired"), (AT - INSTANT, "expired"), (None, "approved")]
)
def test_an_approved_registration_lapses_by_time(until, expected):
    assert status_on("approved", until, AT) == expected
    assert status_on("won", until, AT) == "won"


def test_protection_is_whole_days_from_approval_across_a_change_of_clocks():
    assert protection_ends(datetime(2026, 10, 20, 12, 0, tzinfo=UTC), 60) == datetime(2026, 12, 19, 12, 0, tzinfo=UTC)


def test_side_by_side_agrees_as_matching_does():
    typed = CustomerIdentity("Zwack Unikum Nyrt.", "HU", "https://www.zwack.hu/kontakt", "")
    known = CustomerIdentity("ZWACK UNICUM NYRT", "AT", "zwack.hu", "HU12345678")
    assert [(found.field, found.agreement) for found in compare(typed, known)] == [
        ("legal_name", "similar"),
        ("country", "differs"),
        ("domain", "same"),
        ("tax_id", "unknown"),
    ]


RULES = (
    "standing",
    "named_account",
    "live_protection",
    "direct_opportunity",
    "earlier_claim",
    "similar_customer",
    "size",
)


def told(decisive: str, code: str, verdict: str) -> list[tuple[str, str, str]]:
    """What a partner reads when this rule decided and every rule after it had something to say as well."""
    passed = RULES.index(decisive)
    outcomes = [Outcome(rule, "pass", "registration.nothing_against") for rule in RULES[:passed]]
    outcomes.append(Outcome(decisive, verdict, f"registration.{code}", {"secret": "Rival Canary"}))
    outcomes += [Outcome(rule, "reject", "registration.x", {"secret": "Rival Canary"}) for rule in RULES[passed + 1 :]]
    shown = outcomes_for_partner(outcomes, decisive)
    assert all("secret" not in outcome.inputs for outcome in shown if outcome.rule == "customer_check")
    return [(found.rule, found.verdict, found.reason_code.removeprefix("registration.")) for found in shown]


@pytest.mark.parametrize(
    ("decisive", "code"), [("live_protection", "customer_protected"), ("direct_opportunity", "direct_opportunity")]
)
def test_a_partner_cannot_tell_a_rival_from_direct_sales(decisive, code):
    assert told(decisive, code, "reject") == [
        ("standing", "pass", "nothing_against"),
        ("named_account", "pass", "nothing_against"),
        ("customer_check", "reject", "customer_protected"),
        ("size", "pass", "not_needed"),
    ]


@pytest.mark.parametrize("decisive", ["earlier_claim", "similar_customer"])
def test_a_partner_cannot_tell_an_earlier_claim_from_a_similar_name(decisive):
    assert told(decisive, decisive, "review") == [
        ("standing", "pass", "nothing_against"),
        ("named_account", "pass", "nothing_against"),
        ("customer_check", "review", "customer_compared"),
        ("size", "pass", "not_needed"),
    ]


def test_what_comes_after_the_decisive_rule_is_not_told():
    assert told("standing", "credit_hold", "reject") == [
        ("standing", "reject", "credit_hold"),
        ("named_account", "pass", "not_needed"),
        ("customer_check", "pass", "not_needed"),
        ("size", "pass", "not_needed"),
    ]


def test_a_partner_may_read_of_its_own_protection():
    assert told("live_protection", "already_yours", "reject")[2] == ("customer_check", "reject", "already_yours")


DRAFT = RegistrationDraft(
    partner_id=1,
    customer_name="Zwack Unicum Nyrt.",
    customer_country="HU",
    contact="Anna",
    expected_close_on=AT.date(),
    lines=[DraftLine(1, 1, Decimal(1))],
)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"customer_name": "x" * 300}, []),
        ({"customer_name": "x" * 301}, ["customer_name"]),
        ({"customer_name": "x" * 10_000}, ["customer_name"]),
        ({"customer_name": "…"}, ["customer_name"]),
        ({"customer_name": "Zwack\x00Unicum"}, ["customer_name"]),
        ({"customer_name": "Zwack\u202eUnicum"}, ["customer_name"]),
        ({"why_now": "one\ntwo"}, []),
        ({"contact": "one\ntwo"}, ["contact"]),
        ({"customer_country": "hu"}, ["customer_country"]),
        ({"customer_domain": "www.zwack.hu"}, []),
        ({"customer_domain": "no address"}, ["customer_domain"]),
        ({"customer_domain": "zwack@gmail.com"}, ["customer_domain"]),
        ({"currency": "euro"}, ["currency"]),
        ({"stage": "someday"}, ["stage"]),
        ({"source": "rumour"}, ["source"]),
        ({"lines": [DraftLine(1, 0, Decimal(1))]}, ["lines.0.quantity"]),
        ({"lines": [DraftLine(1, 1_000_000, Decimal(1))]}, []),
        ({"lines": [DraftLine(1, 1_000_001, Decimal(1))]}, ["lines.0.quantity"]),
        ({"lines": [DraftLine(1, 1, Decimal(0))]}, ["lines.0.amount"]),
        ({"lines": [DraftLine(1, 1, Decimal("0.01"))]}, []),
        ({"lines": [DraftLine(1, 1, Decimal("0.011"))]}, ["lines.0.amount"]),
        ({"lines": [DraftLine(1, 1, Decimal("NaN"))]}, ["lines.0.amount"]),
        ({"lines": [DraftLine(1, 1, Decimal("1e400"))]}, ["lines.0.amount"]),
        ({"lines": [DraftLine(1, 1, Decimal(1))] * MAX_LINES}, []),
        ({"lines": [DraftLine(1, 1, Decimal(1))] * (MAX_LINES + 1)}, ["lines"]),
    ],
)
def test_a_draft_is_sound(changes, fields):
    assert [reason.field for reason in draft_is_sound(replace(DRAFT, **changes)).reasons] == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"customer_country": ""}, ["customer_country"]),
        ({"contact": "  "}, ["contact"]),
        ({"lines": []}, ["lines"]),
        ({"expected_close_on": None}, ["expected_close_on"]),
        ({"expected_close_on": date(2026, 10, 13)}, ["expected_close_on"]),
        ({"expected_close_on": date(2031, 10, 14)}, []),
        ({"expected_close_on": date(2031, 10, 15)}, ["expected_close_on"]),
    ],
)
def test_a_draft_is_complete(changes, fields):
    assert [reason.field for reason in draft_is_complete(replace(DRAFT, **changes), AT.date()).reasons] == fields


def test_stages_are_no_states():
    assert not set(SalesStage.values) & set(RegistrationStatus.values)
