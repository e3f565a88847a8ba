"""Rules that look at the vendor's lists, at incumbents and holds; below, at and above each of their boundaries."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deals.rules.engagement import DECIDING, HARD_RULES, judge
from deals.rules.facts import (
    AuthorisationFact,
    BlockFact,
    ClaimFact,
    Facts,
    FamilyFact,
    GrantFact,
    HoldFact,
    IncumbentFact,
    OpportunityFact,
    ProtectionFact,
    facts_from,
    to_json,
)
from deals.rules.redaction import TELLING_RULES, outcome_for_partner, outcomes_for_partner
from deals.rules.rulebook import DEFAULT_RULES, Params, Rule, rules_are_sound

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
DAY = AT.date()
ONE = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
NETWORK, SECURITY = FamilyFact(1, "network"), FamilyFact(2, "security")
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
    customer_country="PL",
    customer_segment="health",
    families=(NETWORK,),
)


def verdict(facts: Facts, code: str, **params: Any) -> tuple[str, str]:
    (outcome,) = judge(facts, [Rule(code, params)]).outcomes
    return outcome.verdict, outcome.reason_code.removeprefix("registration.")


PASSES = ("pass", "nothing_against")


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        (DAY + ONE, None, PASSES),
        (DAY, None, ("reject", "customer_blocked")),
        (DAY - ONE, DAY + ONE, ("reject", "customer_blocked")),
        (DAY - ONE, DAY, PASSES),
    ],
)
def test_r1_blocked_customer(starts_on, ends_on, expected):
    facts = replace(CLEAN, blocks=(BlockFact("sanctioned", starts_on, ends_on),))
    assert verdict(facts, "blocked_customer") == expected


def grant(*, own: bool = False, countries=(), segment="", family=None, starts_on=DAY, ends_on=None) -> GrantFact:
    return GrantFact("exg_1", own, countries, segment, family, starts_on, ends_on)


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ((), PASSES),
        ((grant(),), ("reject", "exclusive_elsewhere")),
        ((grant(own=True),), ("pass", "exclusive_to_you")),
        ((grant(own=True), grant()), ("reject", "exclusive_elsewhere")),
        ((grant(countries=("PL", "HU")),), ("reject", "exclusive_elsewhere")),
        ((grant(countries=("HU",)),), PASSES),
        ((grant(family=1),), ("reject", "exclusive_elsewhere")),
        ((grant(family=2),), PASSES),
        ((grant(segment="health"),), ("reject", "exclusive_elsewhere")),
        ((grant(segment="energy"),), PASSES),
        ((grant(starts_on=DAY + ONE),), PASSES),
        ((grant(starts_on=DAY - ONE, ends_on=DAY),), PASSES),
        ((grant(starts_on=DAY - ONE, ends_on=DAY + ONE),), ("reject", "exclusive_elsewhere")),
    ],
)
def test_r3_exclusivity(grants, expected):
    assert verdict(replace(CLEAN, grants=grants), "exclusivity") == expected


def test_r3_a_grant_for_a_segment_and_a_customer_of_unknown_segment():
    unknown = replace(CLEAN, customer_segment="", grants=(grant(segment="health"),))
    assert verdict(unknown, "exclusivity") == ("review", "exclusive_unclear")
    assert verdict(unknown, "exclusivity", unknown_segment="pass") == PASSES
    own = replace(unknown, grants=(grant(segment="health", own=True),))
    assert verdict(own, "exclusivity") == PASSES


def protection(*, own=False, shared=False, ends_at=AT + INSTANT) -> ProtectionFact:
    return ProtectionFact("reg_1", own, 1, AT - ONE, ends_at, shared)


@pytest.mark.parametrize(
    ("source", "protections", "expected"),
    [
        ("own", (protection(),), ("reject", "customer_protected")),
        ("own", (protection(ends_at=AT),), PASSES),
        ("own", (protection(shared=True),), ("review", "tender_under_way")),
        ("tender", (protection(shared=True),), PASSES),
        ("tender", (protection(),), ("reject", "customer_protected")),
        ("tender", (protection(shared=True, own=True),), ("reject", "already_yours")),
        ("tender", (protection(shared=True), protection()), ("reject", "customer_protected")),
    ],
)
def test_r4_live_protection_and_r8_tenders(source, protections, expected):
    assert verdict(replace(CLEAN, source=source, protections=protections), "live_protection") == expected


TWO_YEARS_AGO = date(2024, 10, 14)


@pytest.mark.parametrize(
    ("won_on", "expected"),
    [
        (TWO_YEARS_AGO - ONE, PASSES),
        (TWO_YEARS_AGO, ("review", "incumbent_elsewhere")),
        (TWO_YEARS_AGO + ONE, ("review", "incumbent_elsewhere")),
    ],
)
def test_r5_incumbency_of_another_partner(won_on, expected):
    facts = replace(CLEAN, incumbents=(IncumbentFact(False, 1, won_on),))
    assert verdict(facts, "incumbency") == expected


def test_r5_the_renewal_belongs_to_the_incumbent():
    other, own = IncumbentFact(False, 1, DAY - ONE), IncumbentFact(True, 1, DAY - ONE * 300)
    renewal = replace(CLEAN, source="renewal", incumbents=(other,))
    assert verdict(renewal, "incumbency") == ("reject", "incumbent_elsewhere")
    assert verdict(renewal, "incumbency", renewal="review") == ("review", "incumbent_elsewhere")
    assert verdict(replace(renewal, incumbents=(other, own)), "incumbency") == ("pass", "your_customer")
    assert verdict(replace(CLEAN, incumbents=(other,)), "incumbency", other="co_sell") == (
        "co_sell",
        "incumbent_shared",
    )
    assert verdict(replace(CLEAN, incumbents=(other,)), "incumbency", other="pass") == PASSES


def test_r6_a_live_direct_opportunity_can_be_an_offer_to_sell_together():
    alive = OpportunityFact("opp", DAY + ONE, AT, AT, AT - INSTANT)
    facts = replace(CLEAN, opportunities=(alive,))
    assert verdict(facts, "direct_opportunity") == ("reject", "direct_opportunity")
    assert verdict(facts, "direct_opportunity", verdict="review") == ("review", "direct_opportunity")
    judgement = judge(facts, [Rule("direct_opportunity", {"verdict": "co_sell", "share_bps": 4000})])
    assert (judgement.verdict, judgement.decisive.inputs["share_bps"]) == ("co_sell", 4000)


def authorised(*, countries=(), segment="", family=None, starts_on=DAY, ends_on=None) -> AuthorisationFact:
    return AuthorisationFact(countries, segment, family, starts_on, ends_on)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((), PASSES),  # no territory listed at all
        ((authorised(family=1),), PASSES),  # a family is no territory
        ((authorised(countries=("PL",)),), PASSES),
        ((authorised(countries=("HU",)),), ("review", "outside_territory")),
        ((authorised(countries=("HU",)), authorised(countries=("PL",))), PASSES),
        ((authorised(segment="health"),), PASSES),
        ((authorised(segment="energy"),), ("review", "outside_territory")),
        ((authorised(countries=("HU",), starts_on=DAY + ONE),), PASSES),
        ((authorised(countries=("HU",), starts_on=DAY - ONE, ends_on=DAY),), PASSES),
    ],
)
def test_r7_territory(held, expected):
    assert verdict(replace(CLEAN, authorisations=held), "territory") == expected


def test_r7_says_what_is_outside_and_who_has_no_territory():
    outside = replace(CLEAN, authorisations=(authorised(countries=("HU",)),))
    assert verdict(outside, "territory", outside="reject") == ("reject", "outside_territory")
    assert verdict(CLEAN, "territory", unlisted="review") == ("review", "no_territory")


def test_r8_a_tender_is_checked_by_a_person():
    assert verdict(CLEAN, "tender") == PASSES
    assert verdict(replace(CLEAN, source="tender"), "tender") == ("review", "tender")
    assert verdict(replace(CLEAN, source="tender"), "tender", verdict="pass") == PASSES


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((), ("reject", "not_authorised")),
        ((authorised(family=2),), PASSES),
        ((authorised(family=1),), ("reject", "not_authorised")),
        ((authorised(),), PASSES),
        ((authorised(family=2, countries=("HU",)),), ("reject", "not_authorised")),
        ((authorised(family=2, starts_on=DAY + ONE),), ("reject", "not_authorised")),
        ((authorised(family=2, starts_on=DAY - ONE, ends_on=DAY),), ("reject", "not_authorised")),
        ((authorised(family=2, starts_on=DAY - ONE, ends_on=DAY + ONE),), PASSES),
    ],
)
def test_r9_authorisation_for_a_family_that_needs_one(held, expected):
    facts = replace(CLEAN, families=(NETWORK, SECURITY), authorisations=held)
    assert verdict(facts, "authorisation", families=["security"]) == expected


def test_r9_families_that_need_none():
    assert verdict(CLEAN, "authorisation", families=["security"]) == PASSES
    facts = replace(CLEAN, families=(SECURITY,))
    assert verdict(facts, "authorisation") == PASSES
    assert verdict(facts, "authorisation", families=["security"], verdict="review") == ("review", "not_authorised")


@pytest.mark.parametrize(("ends_at", "expected"), [(AT - INSTANT, "pass"), (AT, "pass"), (AT + INSTANT, "review")])
def test_a_pencil_hold_of_another_partner(ends_at, expected):
    assert verdict(replace(CLEAN, holds=(HoldFact("pcl_1", ends_at),)), "pencil_hold")[0] == expected


def test_claims_of_one_tender_do_not_wait_for_each_other():
    claim = ClaimFact("reg_2", 1, shared=True)
    assert verdict(replace(CLEAN, source="tender", earlier_claims=(claim,)), "earlier_claim") == PASSES
    assert verdict(replace(CLEAN, earlier_claims=(claim,)), "earlier_claim")[0] == "review"
    assert (
        verdict(replace(CLEAN, source="tender", earlier_claims=(ClaimFact("reg_2", 1),)), "earlier_claim")[0]
        == "review"
    )


def test_look_alike_letters_are_for_a_person():
    facts = replace(CLEAN, match_kind="domain", match_score=90)
    assert verdict(facts, "similar_customer") == PASSES
    assert verdict(replace(facts, lookalikes=True), "similar_customer") == ("review", "lookalike_letters")


def test_a_change_is_decided_by_the_rules_of_its_dimensions_alone():
    facts = replace(CLEAN, amount=Decimal(1_000_000), protections=(protection(),), match_score=70)
    assert judge(replace(facts, dimensions=("value",)), DEFAULT_RULES).decisive_rule == "size"
    assert judge(replace(facts, dimensions=("family",)), DEFAULT_RULES).decisive_rule == "live_protection"
    assert judge(replace(facts, protections=(), dimensions=("family",)), DEFAULT_RULES).verdict == "approve"
    assert judge(replace(facts, dimensions=("close",)), DEFAULT_RULES).verdict == "approve"
    both = judge(replace(facts, dimensions=("value", "family")), DEFAULT_RULES)
    assert (both.verdict, both.decisive_rule) == ("reject", "live_protection")
    assert len(both.outcomes) == len(DEFAULT_RULES)


def test_every_rule_has_a_dimension_and_what_is_hard_exists():
    assert set().union(*DECIDING.values()) == set(Params)
    assert set(Params) > HARD_RULES
    assert {rule.code for rule in DEFAULT_RULES} == set(Params)


def test_facts_come_back_from_storage_as_they_were():
    facts = replace(
        CLEAN,
        blocks=(BlockFact("barred", DAY, None),),
        grants=(grant(countries=("PL",)),),
        authorisations=(authorised(family=2),),
        incumbents=(IncumbentFact(True, 1, DAY),),
        holds=(HoldFact("pcl_1", AT),),
        protections=(protection(shared=True),),
        dimensions=("family",),
    )
    assert facts_from(to_json(facts)) == facts


def test_a_rule_stands_in_a_rulebook_once():
    doubled = rules_are_sound([*DEFAULT_RULES, Rule("tender")])
    assert [reason.code for reason in doubled.reasons] == ["rulebook.rule_twice"]


REJECTING = {
    "exclusivity": replace(CLEAN, grants=(grant(),)),
    "live_protection": replace(CLEAN, protections=(protection(),)),
    "direct_opportunity": replace(CLEAN, opportunities=(OpportunityFact("opp", DAY + ONE, AT, AT, AT - INSTANT),)),
    "incumbency": replace(CLEAN, source="renewal", incumbents=(IncumbentFact(False, 1, DAY),)),
}


def as_a_partner_reads(facts: Facts) -> tuple:
    judgement = judge(facts, DEFAULT_RULES)
    return outcomes_for_partner(judgement.outcomes, judgement.decisive_rule), outcome_for_partner(judgement.decisive)


def test_a_partner_cannot_tell_which_rule_about_others_rejects():
    read = [as_a_partner_reads(facts) for facts in REJECTING.values()]
    assert [judge(facts, DEFAULT_RULES).decisive_rule for facts in REJECTING.values()] == list(REJECTING)
    assert all(one == read[0] for one in read)
    assert read[0][1].reason_code == "registration.customer_protected"


def test_a_partner_cannot_tell_why_a_person_compares():
    reviews = [
        replace(CLEAN, holds=(HoldFact("pcl_1", AT + ONE),)),
        replace(CLEAN, earlier_claims=(ClaimFact("reg_2", 1),)),
        replace(CLEAN, match_score=70),
        replace(CLEAN, lookalikes=True),
        replace(CLEAN, incumbents=(IncumbentFact(False, 1, DAY),)),
        replace(CLEAN, protections=(protection(shared=True),)),
    ]
    read = [as_a_partner_reads(facts) for facts in reviews]
    assert {judge(facts, DEFAULT_RULES).decisive_rule for facts in reviews} <= TELLING_RULES
    assert all(one == read[0] for one in read)


def test_control_a_rule_that_is_not_held_back_is_told_apart():
    standing = as_a_partner_reads(replace(CLEAN, credit_hold=True))
    assert standing != as_a_partner_reads(REJECTING["live_protection"])
