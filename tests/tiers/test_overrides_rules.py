"""When a level may be given or frozen for a time: tables of days with the day before, the first, the last, the day
after; year ends and leap days."""

from datetime import date, timedelta

import pytest

from common.period import Period
from tiers.choices.overrides import OverlayState
from tiers.choices.standings import OverrideStatus
from tiers.rules import overrides as rules
from tiers.rules.overrides import Around, NewFreeze, NewOverride, Request

D = date
TODAY = D(2026, 3, 10)
NAMES = {"bronze": "Bronze", "silver": "Silver", "gold": "Gold"}
FIRST, END = D(2026, 4, 1), D(2026, 5, 1)


def asked(level: str = "gold", reason: str = "three good words", starts_on: date = FIRST, ends_on: date = END):
    return NewOverride(1, level, reason, starts_on, ends_on)


def codes(verdict) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "today", "expected"),
    [
        (D(2026, 3, 9), D(2026, 4, 1), TODAY, ["override.in_past"]),
        (D(2026, 3, 10), D(2026, 4, 1), TODAY, []),
        (D(2026, 3, 11), D(2026, 3, 12), TODAY, []),
        (D(2026, 3, 11), D(2026, 3, 11), TODAY, ["override.ends_before_start"]),
        (D(2026, 3, 11), D(2026, 3, 10), TODAY, ["override.ends_before_start"]),
        (D(2026, 3, 10), D(2027, 3, 9), TODAY, []),
        (D(2026, 3, 10), D(2027, 3, 10), TODAY, []),
        (D(2026, 3, 10), D(2027, 3, 11), TODAY, ["override.too_long"]),
        (D(2027, 3, 10), D(2027, 3, 11), TODAY, []),
        (D(2027, 3, 11), D(2027, 3, 12), TODAY, ["override.too_far"]),
        (D(2027, 3, 11), D(2027, 3, 11), TODAY, ["override.too_far", "override.ends_before_start"]),
        (D(9999, 12, 30), D(9999, 12, 31), TODAY, ["override.too_far"]),
        (D(2026, 12, 31), D(2027, 12, 31), D(2026, 12, 31), []),
        (D(2026, 12, 31), D(2028, 1, 1), D(2026, 12, 31), ["override.too_long"]),
        (D(2027, 2, 28), D(2028, 2, 28), D(2027, 2, 28), []),
        (D(2027, 2, 28), D(2028, 2, 29), D(2027, 2, 28), ["override.too_long"]),
        (D(2028, 2, 29), D(2029, 2, 28), D(2028, 2, 29), []),
        (D(2028, 2, 29), D(2029, 3, 1), D(2028, 2, 29), ["override.too_long"]),
        (D(2026, 3, 9), D(2027, 3, 10), TODAY, ["override.in_past", "override.too_long"]),
    ],
)
def test_a_period_lies_within_the_next_twelve_months(starts_on, ends_on, today, expected) -> None:
    assert [code for code, _field in codes(rules.period_is_possible(starts_on, ends_on, today))] == expected


def test_too_long_says_which_day_can_be_the_last() -> None:
    (reason,) = rules.period_is_possible(D(2028, 2, 29), D(2030, 1, 1), D(2028, 2, 29)).reasons
    assert (reason.params["day"], reason.field) == (D(2029, 2, 27), "ends_on")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ["override.words_missing"]),
        ("two words", ["override.words_missing"]),
        ("three good words", []),
        (f"a b {'x' * 1996}", []),
        (f"a b {'x' * 1997}", ["override.words_too_long"]),
    ],
)
def test_a_reason_has_some_words(words, expected) -> None:
    assert [code for code, _ in codes(rules.reason_is_given(words, field="reason"))] == expected


@pytest.mark.parametrize(
    ("level", "held", "expected"),
    [
        ("gold", "silver", []),
        ("bronze", "silver", []),
        ("silver", "silver", [("override.level_held", "level")]),
        ("diamond", "silver", [("override.level_unknown", "level")]),
    ],
)
def test_another_level_of_the_programme_is_given_up_or_down(level, held, expected) -> None:
    assert codes(rules.level_may_be_given(level, Around(held, NAMES))) == expected


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "free"),
    [
        (FIRST - timedelta(days=9), FIRST, True),
        (FIRST - timedelta(days=9), FIRST + timedelta(days=1), False),
        (FIRST, END, False),
        (END - timedelta(days=1), END + timedelta(days=9), False),
        (END, END + timedelta(days=9), True),
    ],
)
def test_periods_meet_only_where_a_day_is_in_both(starts_on, ends_on, free) -> None:
    verdict = rules.is_free(Period(starts_on, ends_on), [Period(FIRST, END)], "override.overlaps")
    assert verdict.allowed is free
    if not free:
        assert dict(verdict.reasons[0].params) == {"first_day": FIRST, "last_day": END - timedelta(days=1)}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = asked("silver", "no", D(2026, 3, 9), D(2026, 3, 9))
    assert codes(rules.may_request(wrong, Around("silver", NAMES), day=TODAY)) == [
        ("override.level_held", "level"),
        ("override.words_missing", "reason"),
        ("override.in_past", "starts_on"),
        ("override.ends_before_start", "ends_on"),
    ]
    met = Around("silver", NAMES, approved=(Period(FIRST, END),), waiting=(Period(FIRST, END),))
    assert codes(rules.may_request(asked(), met, day=TODAY)) == [
        ("override.overlaps", "starts_on"),
        ("override.waits_already", "starts_on"),
    ]
    assert rules.may_request(asked(), Around("silver", NAMES), day=TODAY)


def test_a_freeze_needs_a_free_possible_period_and_a_reason() -> None:
    assert rules.may_freeze(NewFreeze(1, "three good words", FIRST, END), [Period(END, D(2026, 6, 1))], day=TODAY)
    taken = rules.may_freeze(NewFreeze(1, "no", FIRST, END), [Period(FIRST, END)], day=TODAY)
    assert codes(taken) == [("override.words_missing", "reason"), ("freeze.overlaps", "starts_on")]
    past = rules.may_freeze(NewFreeze(1, "three good words", D(2026, 3, 9), D(2026, 3, 9)), [], day=TODAY)
    assert [code for code, _ in codes(past)] == ["override.in_past", "override.ends_before_start"]


@pytest.mark.parametrize(
    ("status", "by", "day", "expected"),
    [
        ("requested", 8, END - timedelta(days=1), []),
        ("requested", 8, END, ["override.not_waiting"]),
        ("requested", 7, FIRST, ["override.second_person"]),
        ("requested", None, FIRST, ["override.needs_person"]),
        ("approved", 8, FIRST, ["override.not_waiting"]),
        ("declined", 7, FIRST, ["override.not_waiting", "override.second_person"]),
        ("withdrawn", 8, FIRST, ["override.not_waiting"]),
    ],
)
def test_a_second_person_decides_while_it_waits(status, by, day, expected) -> None:
    verdict = rules.may_decide(Request(status, END, requested_by=7), by=by, day=day)
    assert list(verdict.codes) == expected


def test_a_programs_request_is_decided_by_any_person_and_by_no_program() -> None:
    request = Request("requested", END, requested_by=None)
    assert rules.may_decide(request, by=7, day=FIRST)
    assert rules.may_decide(request, by=None, day=FIRST).codes == ("override.needs_person",)


@pytest.mark.parametrize(
    ("status", "by", "expected"),
    [
        ("requested", 7, []),
        ("requested", 8, ["override.others_request"]),
        ("requested", None, ["override.others_request"]),
        ("approved", 7, ["override.not_waiting"]),
    ],
)
def test_who_asked_may_withdraw(status, by, expected) -> None:
    assert list(rules.may_withdraw(Request(status, END, 7), by=by, day=FIRST).codes) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(FIRST - timedelta(days=1), FIRST), (FIRST, FIRST), (FIRST + timedelta(days=1), FIRST + timedelta(days=1))],
)
def test_what_is_approved_late_begins_with_the_approval(day, expected) -> None:
    assert rules.counts_from(FIRST, day) == expected


@pytest.mark.parametrize(
    ("day", "ends_on", "refused"),
    [
        (FIRST - timedelta(days=1), FIRST, []),  # it never begins
        (FIRST, FIRST + timedelta(days=1), []),
        (D(2026, 4, 15), D(2026, 4, 16), []),
        (END - timedelta(days=2), END - timedelta(days=1), []),
        (END - timedelta(days=1), END, ["override.ends_already"]),
        (END, END, ["override.over"]),
        (END + timedelta(days=30), END, ["override.over"]),
    ],
)
def test_an_early_end_leaves_today_and_every_day_before(day, ends_on, refused) -> None:
    assert list(rules.may_stop(FIRST, END, day).codes) == refused
    assert rules.ends_when_stopped(FIRST, END, day) == ends_on


def test_what_never_began_cannot_be_ended_again() -> None:
    assert rules.may_stop(FIRST, FIRST, FIRST - timedelta(days=5)).codes == ("override.over",)


S = OverlayState


@pytest.mark.parametrize(
    ("status", "day", "expected"),
    [
        (OverrideStatus.APPROVED, FIRST - timedelta(days=1), S.ANNOUNCED),
        (OverrideStatus.APPROVED, FIRST, S.LIVE),
        (OverrideStatus.APPROVED, END - timedelta(days=1), S.LIVE),
        (OverrideStatus.APPROVED, END, S.ENDED),
        (OverrideStatus.REQUESTED, FIRST, S.WAITING),
        (OverrideStatus.REQUESTED, END - timedelta(days=1), S.WAITING),
        (OverrideStatus.REQUESTED, END, S.LAPSED),
        (OverrideStatus.DECLINED, FIRST, S.DECLINED),
        (OverrideStatus.WITHDRAWN, FIRST, S.WITHDRAWN),
    ],
)
def test_how_it_stands_on_a_day(status, day, expected) -> None:
    assert rules.override_state(status, FIRST, END, day) == expected


def test_what_ended_before_it_began_has_ended() -> None:
    assert rules.state_on(FIRST, FIRST, FIRST - timedelta(days=1)) == S.ENDED


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "day", "expected"),
    [
        (FIRST, END, D(2026, 4, 16), False),
        (FIRST, END, D(2026, 4, 17), True),
        (FIRST, END, END - timedelta(days=1), True),
        (FIRST, END, END, False),
        (FIRST, FIRST + timedelta(days=14), FIRST, False),  # no longer than the notice: they were told when it began
        (FIRST, FIRST + timedelta(days=15), FIRST, False),
        (FIRST, FIRST + timedelta(days=15), FIRST + timedelta(days=1), True),
        (D(2026, 12, 1), D(2027, 1, 8), D(2026, 12, 25), True),
        (D(2028, 2, 1), D(2028, 3, 14), D(2028, 2, 28), False),
        (D(2028, 2, 1), D(2028, 3, 14), D(2028, 2, 29), True),
    ],
)
def test_people_are_told_fourteen_days_before_the_end(starts_on, ends_on, day, expected) -> None:
    assert rules.ends_soon(starts_on, ends_on, day) is expected
