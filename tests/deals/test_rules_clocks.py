"""What follows when an answer comes late, and what the program may answer itself."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from deals.rules.calendar import BusinessCalendar
from deals.rules.clocks import auto_approve_at, is_low_risk, late_days, moved_by_pause, review_due_at
from deals.rules.facts import Facts, Judgement, Outcome
from deals.rules.terms import Terms

INSTANT = timedelta(microseconds=1)
DAY = timedelta(days=1)
DUE = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
CALENDAR = BusinessCalendar(time(9), time(17), frozenset(range(5)), ZoneInfo("Europe/Warsaw"))
TERMS = Terms(low_risk_rules=("size", "territory"), low_risk_amount=Decimal(100_000))


@pytest.mark.parametrize(
    ("decided_at", "days"),
    [
        (DUE - DAY, 0),
        (DUE - INSTANT, 0),
        (DUE, 0),
        (DUE + INSTANT, 1),
        (DUE + DAY - INSTANT, 1),
        (DUE + DAY, 1),
        (DUE + DAY + INSTANT, 2),
        (DUE + 30 * DAY, 30),
    ],
)
def test_every_started_day_after_the_due_instant_is_late(decided_at, days):
    assert late_days(DUE, decided_at) == days


def test_without_a_clock_nothing_is_late():
    assert late_days(None, DUE) == 0


def facts(amount: str = "100000") -> Facts:
    return Facts(DUE, DUE, date(2026, 10, 14), "active", True, False, "bronze", Decimal(amount), "EUR")


def judged(*said: tuple[str, str]) -> Judgement:
    return Judgement("review", said[0][0] if said else "", tuple(Outcome(rule, verdict, "x") for rule, verdict in said))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("standing", "pass"), ("size", "review")], True),
        ([("size", "review"), ("territory", "review")], True),
        ([("territory", "review"), ("size", "approve")], True),
        ([("standing", "pass")], True),
        ([("size", "review"), ("similar_customer", "review")], False),
        ([("similar_customer", "review"), ("size", "approve")], False),
        ([("size", "reject")], False),
        ([("territory", "co_sell")], False),
        ([("size", "review"), ("live_protection", "reject")], False),
    ],
)
def test_low_risk_is_what_only_minor_rules_want_to_be_looked_at(said, expected):
    assert is_low_risk(judged(*said), facts(), TERMS) is expected


@pytest.mark.parametrize(("amount", "expected"), [("99999.99", True), ("100000", True), ("100000.01", False)])
def test_low_risk_ends_at_an_amount(amount, expected):
    assert is_low_risk(judged(("size", "review")), facts(amount), TERMS) is expected


@pytest.mark.parametrize(
    ("factor", "days", "expected"),
    [(1, 1, DUE), (2, 1, DUE + DAY), (3, 1, DUE + 2 * DAY), (2, 2, DUE + 2 * DAY), (4, 1, DUE + 5 * DAY)],
)
def test_the_program_approves_after_a_multiple_of_the_time(factor, days, expected):
    terms = replace_terms(auto_approve_factor=factor, review_days=days)
    assert auto_approve_at(DUE, CALENDAR, terms) == expected


def replace_terms(**changes) -> Terms:
    return Terms(**{name: getattr(TERMS, name) for name in TERMS.__struct_fields__} | changes)


def test_twice_the_time_is_the_time_twice():
    received = datetime(2026, 10, 15, 13, 30, tzinfo=UTC)
    due_at = review_due_at(received, CALENDAR)
    assert auto_approve_at(due_at, CALENDAR, TERMS) == review_due_at(received, CALENDAR, days=2)


@pytest.mark.parametrize(
    ("due", "paused", "resumed", "expected"),
    [
        # due Wednesday 12:00 (Warsaw), asked on Tuesday at 14:00: 6 business hours were left
        ((14, 10), (13, 12), (13, 12), (14, 10)),  # answered at once: nothing moves
        ((14, 10), (13, 12), (15, 7), (15, 13)),  # answered at opening
        ((14, 10), (13, 12), (16, 13), (19, 11)),  # 2 hours on Friday, 4 on Monday
        ((14, 10), (13, 12), (17, 12), (19, 13)),  # answered at the weekend
        ((14, 10), (14, 10), (15, 10), (15, 10)),  # asked at the due instant: nothing was left, nothing is late
        ((14, 10), (15, 10), (17, 10), (16, 10)),  # asked a day late: a day late it stays
    ],
)
def test_a_pause_leaves_the_time_that_was_left(due, paused, resumed, expected):
    instants = [datetime(2026, 10, *found, tzinfo=UTC) for found in (due, paused, resumed, expected)]
    moved = moved_by_pause(instants[0], paused_at=instants[1], resumed_at=instants[2], calendar=CALENDAR)
    assert moved == instants[3]


def test_lateness_before_a_pause_is_neither_lost_nor_made_longer():
    paused, resumed = DUE + 2 * DAY + INSTANT, DUE + 9 * DAY
    moved = moved_by_pause(DUE, paused_at=paused, resumed_at=resumed, calendar=CALENDAR)
    assert late_days(moved, resumed) == late_days(DUE, paused) == 3


def test_the_judgement_that_is_asked_about_is_the_whole_one():
    judgement = judged(("size", "review"))
    assert is_low_risk(judgement, facts(), TERMS)
    assert not is_low_risk(
        replace(judgement, outcomes=(*judgement.outcomes, Outcome("earlier_claim", "review", "x"))), facts(), TERMS
    )
