"""When an appeal is possible, who may judge it, what stays out of reach, and what a precedent tells."""

from datetime import UTC, datetime, timedelta

import pytest

from deals.choices.registrations import RegistrationStatus
from deals.rules import appeals as rules
from deals.rules.facts import Judgement, Outcome
from deals.rules.terms import DEFAULT_TERMS

ENDED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LAST = ENDED + timedelta(days=30)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "codes"), [(LAST - TICK, ()), (LAST, ("appeal.too_late",)), (LAST + TICK, ("appeal.too_late",))]
)
@pytest.mark.parametrize("status", ["rejected", "expired", "revoked"])
def test_an_appeal_comes_in_time(status, at, codes):
    assert rules.may_appeal(status, ENDED, DEFAULT_TERMS, at).codes == codes


@pytest.mark.parametrize("status", sorted(set(RegistrationStatus.values) - {"rejected", "expired", "revoked"}))
def test_nothing_else_can_be_appealed_against(status):
    assert rules.may_appeal(status, ENDED, DEFAULT_TERMS, ENDED).codes == ("registration.status",)


def test_the_judge_is_somebody_else():
    assert rules.may_judge("user:1", {"user:1", "user:2"}).codes == ("appeal.own_decision",)
    assert rules.may_judge("user:3", {"user:1", "user:2"})
    assert rules.may_judge("user:3", set())


RULES = ["blocked_customer", "standing", "authorisation", "named_account", "exclusivity", "live_protection"]
RULES += ["direct_opportunity", "incumbency", "territory", "size"]


@pytest.mark.parametrize("rule", RULES)
def test_which_rules_no_judge_sets_aside(rule):
    outcomes = (Outcome("earlier_claim", "review", "x"), Outcome(rule, "reject", "x"), Outcome("tender", "pass", "x"))
    beyond = rules.beyond_appeal(Judgement("reject", rule, outcomes))
    assert (beyond is not None) == (rule in {"blocked_customer", "standing", "exclusivity", "live_protection"})


NAMES = ["Zwack Unicum Nyrt.", "Alpha Partner GmbH", "General Electric"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ()),
        ("A partner that brought the customer in holds it, even where direct sales had called once.", ()),
        ("R4 does not count within 30 days of a tender.", ()),
        ("Zwack had a contract.", ("appeal.precedent_tells_names",)),
        ("The zwáck case.", ("appeal.precedent_tells_names",)),
        ("ALPHA was first.", ("appeal.precedent_tells_names",)),
        ("The partner was first.", ()),
        ("An electric company.", ()),
        ("Electric motors in general.", ("appeal.precedent_tells_names",)),
        ("Worth 60,000 it was.", ("appeal.precedent_tells_values",)),
        ("Worth €5 it was.", ("appeal.precedent_tells_values",)),
        ("Called on 12.3. already.", ("appeal.precedent_tells_values",)),
        ("Called on 12 March already.", ("appeal.precedent_tells_values",)),
        ("Zwack called on 12 March.", ("appeal.precedent_tells_names", "appeal.precedent_tells_values")),
    ],
)
def test_a_precedent_tells_nobody_who_it_was(text, codes):
    assert rules.precedent_is_anonymous(text, NAMES).codes == codes
