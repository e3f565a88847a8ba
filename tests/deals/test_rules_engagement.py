"""Each rule of engagement with a row below, at and above each of its boundaries; and how verdicts combine."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from deals.rules.engagement import judge, rejection_of
from deals.rules.facts import (
    ClaimFact,
    Facts,
    NamedAccountFact,
    OpportunityFact,
    ProtectionFact,
    facts_from,
    outcomes_from,
    to_json,
)
from deals.rules.rulebook import DEFAULT_RULES, Rule, rules_are_sound, rules_from, rules_to_json

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
DAY = AT.date()
INSTANT = timedelta(microseconds=1)
CLEAN = Facts(
    received_at=AT,
    judged_at=AT,
    day=DAY,
    partner_status="active",
    agreement_current=True,
    credit_hold=False,
    level="silver",
    amount=Decimal(5000),
    currency="EUR",
)
LONG_AGO = AT - timedelta(days=365)
DEAD = OpportunityFact("opp", DAY + timedelta(days=365), LONG_AGO, LONG_AGO, LONG_AGO)
RIVAL = ProtectionFact("reg_rival", own=False, family_id=1, starts_at=LONG_AGO, ends_at=AT + timedelta(days=1))


def verdict(facts: Facts, code: str) -> tuple[str, str]:
    """What one rule of the default rulebook says."""
    outcome = next(found for found in judge(facts, DEFAULT_RULES).outcomes if found.rule == code)
    return outcome.verdict, outcome.reason_code.removeprefix("registration.")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("pass", "nothing_against")),
        ({"partner_status": "suspended"}, ("reject", "partner_suspended")),
        ({"partner_status": "terminated"}, ("reject", "partner_suspended")),
        ({"agreement_current": False}, ("reject", "agreement_not_current")),
        ({"credit_hold": True}, ("reject", "credit_hold")),
    ],
)
def test_r11_standing(facts, expected):
    assert verdict(replace(CLEAN, **facts), "standing") == expected


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        (DAY + timedelta(days=1), None, "pass"),
        (DAY, None, "reject"),
        (DAY - timedelta(days=1), None, "reject"),
        (LONG_AGO.date(), DAY + timedelta(days=1), "reject"),
        (LONG_AGO.date(), DAY, "pass"),
        (LONG_AGO.date(), DAY - timedelta(days=1), "pass"),
    ],
)
def test_r2_named_account_by_day_half_open(starts_on, ends_on, expected):
    assert (
        verdict(replace(CLEAN, named_accounts=(NamedAccountFact(starts_on, ends_on),)), "named_account")[0] == expected
    )


def test_r2_names_the_quarter_of_the_list():
    named = replace(CLEAN, named_accounts=(NamedAccountFact(date(2026, 1, 1), None),))
    for day, quarter in [(date(2026, 9, 30), "2026 Q3"), (date(2026, 10, 1), "2026 Q4"), (date(2027, 1, 1), "2027 Q1")]:
        assert judge(replace(named, day=day), DEFAULT_RULES).decisive.inputs["quarter"] == quarter


@pytest.mark.parametrize(("ends_at", "expected"), [(AT - INSTANT, "pass"), (AT, "pass"), (AT + INSTANT, "reject")])
def test_r4_live_protection_half_open(ends_at, expected):
    facts = replace(CLEAN, protections=(replace(RIVAL, ends_at=ends_at),))
    assert verdict(facts, "live_protection")[0] == expected


def test_r4_counts_a_protection_that_began_while_we_waited():
    later = replace(RIVAL, starts_at=AT + INSTANT)
    assert verdict(replace(CLEAN, protections=(later,)), "live_protection")[0] == "reject"


def test_r4_tells_one_s_own_protection_apart_unless_a_rival_holds_another_family():
    own = replace(RIVAL, own=True, family_id=2)
    assert verdict(replace(CLEAN, protections=(own,)), "live_protection")[1] == "already_yours"
    assert verdict(replace(CLEAN, protections=(own, RIVAL)), "live_protection")[1] == "customer_protected"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "pass"),
        # closes within 90 days from the receipt
        ({"close_on": DAY - timedelta(days=1)}, "pass"),
        ({"close_on": DAY}, "reject"),
        ({"close_on": DAY + timedelta(days=89)}, "reject"),
        ({"close_on": DAY + timedelta(days=90)}, "reject"),
        ({"close_on": DAY + timedelta(days=91)}, "pass"),
        # updated within 90 days before it
        ({"updated_at": AT - timedelta(days=90) + INSTANT}, "reject"),
        ({"updated_at": AT - timedelta(days=90)}, "reject"),
        ({"updated_at": AT - timedelta(days=90) - INSTANT}, "pass"),
        # moved stage within 30 days before it
        ({"stage_moved_at": AT - timedelta(days=30) + INSTANT}, "reject"),
        ({"stage_moved_at": AT - timedelta(days=30)}, "reject"),
        ({"stage_moved_at": AT - timedelta(days=30) - INSTANT}, "pass"),
        ({"stage_moved_at": None}, "pass"),
        # alive, but when was it first seen?
        ({"updated_at": AT, "first_seen_at": AT - INSTANT}, "reject"),
        ({"updated_at": AT, "first_seen_at": AT}, "pass"),
        ({"updated_at": AT, "first_seen_at": AT + INSTANT}, "pass"),
    ],
)
def test_r6_live_direct_opportunity(changes, expected):
    facts = replace(CLEAN, opportunities=(replace(DEAD, **changes),))
    assert verdict(facts, "direct_opportunity")[0] == expected


def test_r6_takes_its_days_from_the_rulebook():
    facts = replace(CLEAN, opportunities=(replace(DEAD, updated_at=AT - timedelta(days=11)),))
    assert judge(facts, [Rule("direct_opportunity", {"alive_days": 11})]).verdict == "reject"
    assert judge(facts, [Rule("direct_opportunity", {"alive_days": 10})]).decisive_rule == ""


@pytest.mark.parametrize(
    ("level", "amount", "expected"),
    [
        ("silver", "999.99", ("reject", "below_minimum")),
        ("silver", "1000", ("approve", "small_enough")),
        ("silver", "1000.01", ("approve", "small_enough")),
        ("silver", "24999.99", ("approve", "small_enough")),
        ("silver", "25000", ("approve", "small_enough")),
        ("silver", "25000.01", ("review", "large")),
        ("bronze", "10000.01", ("review", "large")),
        ("gold", "50000", ("approve", "small_enough")),
        ("platinum", "100000", ("approve", "small_enough")),
        ("a level of another programme", "1000", ("review", "large")),
    ],
)
def test_r10_size(level, amount, expected):
    assert verdict(replace(CLEAN, level=level, amount=Decimal(amount)), "size") == expected


@pytest.mark.parametrize(("score", "expected"), [(44, "pass"), (45, "review"), (89, "review"), (90, "pass")])
def test_similar_customers_are_compared_by_a_person(score, expected):
    assert verdict(replace(CLEAN, match_score=score), "similar_customer")[0] == expected


def test_an_earlier_claim_is_judged_first():
    facts = replace(CLEAN, earlier_claims=(ClaimFact("reg_earlier", 7),))
    assert verdict(facts, "earlier_claim") == ("review", "earlier_claim")


def test_all_rules_are_evaluated_and_the_first_decisive_one_wins():
    facts = replace(CLEAN, protections=(RIVAL,), credit_hold=True, match_score=70, amount=Decimal(1))
    judgement = judge(facts, DEFAULT_RULES)
    assert (judgement.verdict, judgement.decisive_rule) == ("reject", "standing")
    assert [(found.rule, found.verdict) for found in judgement.outcomes] == [
        ("blocked_customer", "pass"),
        ("standing", "reject"),
        ("authorisation", "pass"),
        ("named_account", "pass"),
        ("exclusivity", "pass"),
        ("live_protection", "reject"),
        ("direct_opportunity", "pass"),
        ("incumbency", "pass"),
        ("earlier_claim", "pass"),
        ("pencil_hold", "pass"),
        ("similar_customer", "review"),
        ("territory", "pass"),
        ("tender", "pass"),
        ("size", "reject"),
    ]


def test_the_order_of_the_rulebook_decides():
    facts = replace(CLEAN, protections=(RIVAL,))
    assert judge(facts, DEFAULT_RULES).decisive_rule == "live_protection"
    assert judge(facts, DEFAULT_RULES[::-1]).decisive_rule == "size"


def test_a_person_decides_what_no_rule_does():
    judgement = judge(CLEAN, DEFAULT_RULES[:-1])
    assert (judgement.verdict, judgement.decisive_rule) == ("review", "")
    assert judgement.decisive.reason_code == "registration.no_rule_decided"


def test_a_rejection_is_found_behind_a_review():
    facts = replace(CLEAN, match_score=70, amount=Decimal(1))
    judgement = judge(facts, DEFAULT_RULES)
    assert judgement.verdict == "review"
    assert rejection_of(judgement).rule == "size"
    assert rejection_of(judge(CLEAN, DEFAULT_RULES)) is None


def test_what_is_stored_is_judged_the_same_again():
    facts = replace(
        CLEAN,
        named_accounts=(NamedAccountFact(DAY, None),),
        protections=(RIVAL,),
        opportunities=(DEAD, replace(DEAD, stage_moved_at=None)),
        earlier_claims=(ClaimFact("reg_earlier", 7),),
        amount=Decimal("1234.5600"),
    )
    judgement = judge(facts, DEFAULT_RULES)
    assert facts_from(to_json(facts)) == facts
    assert outcomes_from(to_json(judgement.outcomes)) == judgement.outcomes
    assert judge(facts_from(to_json(facts)), rules_from(rules_to_json(DEFAULT_RULES))) == judgement


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        (DEFAULT_RULES, ()),
        ((), ("rulebook.empty",)),
        ((Rule("astrology"),), ("rulebook.rule_unknown",)),
        ((Rule("size"),), ("rulebook.params_invalid",)),
        ((Rule("size", {"minimum_amount": "x", "auto_approve_up_to": {}}),), ("rulebook.params_invalid",)),
        ((Rule("standing", {"unknown": 1}),), ("rulebook.params_invalid",)),
    ],
)
def test_only_known_rules_with_well_formed_parameters_are_sound(rules, codes):
    assert rules_are_sound(rules).codes == codes
