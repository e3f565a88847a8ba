"""Who is the right partner for a lead: exclusions, points and their order, and the window of an offer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from deals.rules.facts import AuthorisationFact, GrantFact
from deals.rules.leads import (
    CandidateFacts,
    LeadFacts,
    NewLead,
    lead_is_sound,
    may_answer,
    may_be_offered,
    may_close,
    may_offer,
    may_take,
    points_of,
    rank,
)
from partners.rules import StandingFacts

DAY = date(2026, 10, 14)
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
SOUND = StandingFacts("active", True, False)
LEAD = LeadFacts(country="DE", segment="public", family_id=7, day=DAY, limit=10)
PARTNER = CandidateFacts(partner_id=1, standing=SOUND, level="Bronze", rank=1)


def authorised(countries=(), segment="", family_id=None, starts_on=DAY, ends_on=None) -> AuthorisationFact:
    return AuthorisationFact(countries, segment, family_id, starts_on, ends_on)


def granted(holder: int, countries=("DE",), segment="", family_id=None, starts_on=DAY, ends_on=None):
    return holder, GrantFact("exg_1", False, countries, segment, family_id, starts_on, ends_on)


@pytest.mark.parametrize(
    ("partner", "lead", "codes"),
    [
        ({}, {}, ()),
        ({"standing": StandingFacts("suspended", True, False)}, {}, ("lead.partner_not_active",)),
        ({"standing": StandingFacts("active", False, False)}, {}, ("lead.agreement_not_current",)),
        ({"standing": StandingFacts("active", True, True)}, {}, ("lead.credit_hold",)),
        ({}, {"is_closed": True}, ("lead.customer_closed",)),
        ({}, {"needs_authorisation": True}, ("lead.not_authorised",)),
        ({"authorisations": (authorised(family_id=8),)}, {"needs_authorisation": True}, ("lead.not_authorised",)),
        ({"authorisations": (authorised(family_id=7),)}, {"needs_authorisation": True}, ()),
        ({"authorisations": (authorised(("AT",)),)}, {}, ("lead.outside_territory",)),
        ({"authorisations": (authorised(("AT",)), authorised(("DE",)))}, {}, ()),
        ({"authorisations": (authorised(segment="retail"),)}, {}, ("lead.outside_territory",)),
        ({"authorisations": (authorised(segment="retail"),)}, {"segment": ""}, ()),
        ({}, {"grants": (granted(2),)}, ("lead.exclusive_elsewhere",)),
        ({}, {"grants": (granted(1),)}, ()),
        ({}, {"grants": (granted(2, countries=("AT",)),)}, ()),
        ({}, {"grants": (granted(2, segment="retail"),)}, ()),
        ({}, {"grants": (granted(2, family_id=8),)}, ()),
        ({"is_held_by_other": True}, {}, ("lead.protected_elsewhere",)),
        ({"is_holder": True}, {}, ()),
        ({"was_offered": True}, {}, ("lead.offered_before",)),
        ({"was_offered": True, "load": 10}, {}, ("lead.offered_before", "lead.at_capacity")),
    ],
)
def test_who_may_be_asked(partner, lead, codes):
    assert may_be_offered(replace(PARTNER, **partner), replace(LEAD, **lead)).codes == codes


@pytest.mark.parametrize(("load", "is_free"), [(9, True), (10, False), (11, False)])
def test_the_limit_itself_is_too_much(load, is_free):
    assert bool(may_be_offered(replace(PARTNER, load=load), LEAD)) is is_free


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "holds"),
    [
        (DAY + timedelta(days=1), None, False),
        (DAY, None, True),
        (DAY - timedelta(days=9), DAY, False),
        (DAY - timedelta(days=9), DAY + timedelta(days=1), True),
    ],
)
def test_lists_are_half_open(starts_on, ends_on, holds):
    entry = authorised(family_id=7, starts_on=starts_on, ends_on=ends_on)
    needing = replace(LEAD, needs_authorisation=True)
    assert bool(may_be_offered(replace(PARTNER, authorisations=(entry,)), needing)) is holds
    elsewhere = replace(LEAD, grants=(granted(2, starts_on=starts_on, ends_on=ends_on),))
    assert bool(may_be_offered(PARTNER, elsewhere)) is not holds


@pytest.mark.parametrize(
    ("partner", "code", "points"),
    [
        ({}, "lead.points_territory", 0),
        ({"authorisations": (authorised(("DE", "AT")),)}, "lead.points_territory", 30),
        ({"authorisations": (authorised(segment="public"),)}, "lead.points_segment", 20),
        ({"authorisations": (authorised(family_id=7),)}, "lead.points_authorisation", 20),
        ({"authorisations": (authorised(),)}, "lead.points_authorisation", 0),
        ({"rank": 3}, "lead.points_level", 30),
        ({"is_incumbent": True}, "lead.points_incumbent", 40),
        ({"load": 0}, "lead.points_capacity", 20),
        ({"load": 5}, "lead.points_capacity", 10),
        ({"load": 9}, "lead.points_capacity", 2),
    ],
)
def test_points(partner, code, points):
    assert {step.code: step.points for step in points_of(replace(PARTNER, **partner), LEAD)}[code] == points


def test_best_first_the_steps_add_up_and_equals_have_one_order():
    partners = [
        replace(PARTNER, partner_id=4),
        replace(PARTNER, partner_id=3),
        replace(PARTNER, partner_id=2, is_incumbent=True),
        replace(PARTNER, partner_id=1, was_offered=True),
    ]
    ranking = rank(partners, LEAD)
    assert [each.partner_id for each in ranking.ranked] == [2, 3, 4]
    assert ranking == rank(partners[::-1], LEAD)
    assert all(each.score == sum(step.points for step in each.steps) for each in ranking.ranked)
    assert [(each.partner_id, each.reasons[0].code) for each in ranking.excluded] == [(1, "lead.offered_before")]


def test_of_equal_points_who_has_less_to_do():
    lead = replace(LEAD, limit=100)  # one more or less is no point
    busier, freer = replace(PARTNER, partner_id=1, load=2), replace(PARTNER, partner_id=2, load=1)
    ranked = rank([busier, freer], lead).ranked
    assert [(each.partner_id, each.score) for each in ranked] == [(2, 29), (1, 29)]


def test_of_equal_points_whose_level_gives_priority_before_who_has_less_to_do():
    lead = replace(LEAD, limit=100)  # one more or less is no point
    preferred = replace(PARTNER, partner_id=2, load=2, priority=2)
    freer = replace(PARTNER, partner_id=1, load=1, priority=1)
    ranked = rank([freer, preferred], lead).ranked
    assert [(each.partner_id, each.score) for each in ranked] == [(2, 29), (1, 29)]
    better = replace(freer, is_incumbent=True)
    assert [each.partner_id for each in rank([better, preferred], lead).ranked] == [1, 2]


@pytest.mark.parametrize(("seconds", "is_open"), [(-1, True), (0, False), (1, False)])
def test_an_offer_is_over_at_the_instant_at_which_it_expires(seconds, is_open):
    assert bool(may_answer("waiting", AT, AT + timedelta(seconds=seconds))) is is_open


@pytest.mark.parametrize("answer", ["accepted", "declined", "expired", "withdrawn"])
def test_an_offer_is_answered_once(answer):
    assert may_answer(answer, AT + timedelta(days=1), AT).codes == ("lead.offer_over",)


@pytest.mark.parametrize(
    ("status", "offered", "closed"),
    [
        ("open", True, True),
        ("offered", False, True),
        ("accepted", False, False),
        ("unplaced", True, True),
        ("closed", False, False),
    ],
)
def test_what_may_happen_to_a_lead(status, offered, closed):
    assert (bool(may_offer(status)), bool(may_close(status))) == (offered, closed)


def test_who_lost_its_standing_may_not_take_it():
    assert may_take(SOUND)
    for standing in (
        StandingFacts("suspended", True, False),
        StandingFacts("active", False, False),
        StandingFacts("active", True, True),
    ):
        assert may_take(standing).codes == ("lead.not_in_standing",)


GOOD = NewLead("Company AG", "DE", 7, "Somebody", "Needs it.", Decimal("1.00"), contact_phone="1")


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, []),
        ({"customer_name": " "}, ["customer_name"]),
        ({"customer_country": ""}, ["customer_country"]),
        ({"customer_country": "XX"}, ["customer_country"]),
        ({"customer_domain": "no address"}, ["customer_domain"]),
        ({"family_id": None}, ["family"]),
        ({"family_id": 8}, ["family"]),
        ({"contact_phone": ""}, ["contact_name"]),
        ({"contact_name": "n" * 81}, ["contact_name"]),
        ({"contact_name": "n" * 80}, []),
        ({"contact_email": "nobody"}, ["contact_email"]),
        ({"words": ""}, ["words"]),
        ({"words": "w" * 2001}, ["words"]),
        ({"value": Decimal(0)}, ["value"]),
        ({"value": Decimal("0.01")}, []),
        ({"value": Decimal("NaN")}, ["value"]),
        ({"customer_name": "", "words": ""}, ["customer_name", "words"]),
    ],
)
def test_a_lead_is_sound(typed, fields):
    assert [reason.field for reason in lead_is_sound(replace(GOOD, **typed), {7}).reasons] == fields
