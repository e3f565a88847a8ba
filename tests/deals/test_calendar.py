"""Business time: added to an instant, measured between two, across closings, weekends, holidays, changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deals.rules.calendar import BusinessCalendar
from deals.rules.clocks import auto_approve_at, review_due_at
from deals.rules.terms import Terms

WARSAW = ZoneInfo("Europe/Warsaw")
WEEK = frozenset(range(5))
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
NINE_TO_FIVE = BusinessCalendar(time(9), time(17), WEEK, WARSAW, frozenset({date(2026, 11, 11)}))
NIGHT_SHIFT = BusinessCalendar(time(0), time(8), frozenset(range(7)), WARSAW)  # open while the clocks change


def at(day: str, clock: str) -> datetime:
    """An instant in Warsaw, October to November 2026: the 12th of October is a Monday."""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (("10-12", "10:00"), ("10-13", "10:00")),  # Monday to Tuesday
        (("10-16", "10:00"), ("10-19", "10:00")),  # Friday to Monday
        (("10-12", "09:00"), ("10-12", "17:00")),  # at opening: that day's closing
        (("10-12", "08:59:59"), ("10-12", "17:00")),
        (("10-12", "09:00:01"), ("10-13", "09:00:01")),
        (("10-12", "16:59:59"), ("10-13", "16:59:59")),
        (("10-12", "17:00"), ("10-13", "17:00")),  # closed at the instant of closing: counts from the next opening
        (("10-12", "17:00:01"), ("10-13", "17:00")),
        (("10-12", "23:59"), ("10-13", "17:00")),
        (("10-17", "12:00"), ("10-19", "17:00")),  # Saturday
        (("10-18", "23:59"), ("10-19", "17:00")),  # Sunday
        (("10-23", "12:00"), ("10-26", "12:00")),  # over the night in which clocks go back
        (("11-10", "12:00"), ("11-12", "12:00")),  # the 11th of November is a holiday
        (("11-11", "12:00"), ("11-12", "17:00")),
    ],
)
def test_one_business_day_later(received, due):
    assert review_due_at(at(*received), NINE_TO_FIVE) == at(*due)
    assert review_due_at(at(*received).astimezone(UTC), NINE_TO_FIVE) == at(*due)


@pytest.mark.parametrize(
    ("days", "due"),
    [(1, ("10-15", "10:00")), (2, ("10-16", "10:00")), (3, ("10-19", "10:00")), (5, ("10-21", "10:00"))],
)
def test_several_business_days_later(days, due):
    assert review_due_at(at("10-14", "10:00"), NINE_TO_FIVE, days=days) == at(*due)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (("10-12", "10:00"), ("10-12", "12:30"), 2.5),
        (("10-12", "10:00"), ("10-12", "10:00"), 0),
        (("10-12", "12:00"), ("10-12", "10:00"), 0),
        (("10-12", "16:00"), ("10-13", "10:00"), 2),
        (("10-12", "17:00"), ("10-13", "09:00"), 0),
        (("10-16", "16:00"), ("10-19", "10:00"), 2),
        (("10-16", "00:00"), ("10-17", "00:00"), 8),
        (("10-12", "00:00"), ("10-19", "00:00"), 40),
        (("11-10", "16:00"), ("11-12", "10:00"), 2),
        (("11-11", "00:00"), ("11-12", "00:00"), 0),
        (("10-23", "16:00"), ("10-26", "10:00"), 2),
    ],
)
def test_business_time_between_two_instants(start, end, hours):
    assert NINE_TO_FIVE.between(at(*start), at(*end)) == hours * HOUR


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 28), 8),
        (date(2026, 3, 29), 7),  # 02:00 becomes 03:00
        (date(2026, 10, 24), 8),
        (date(2026, 10, 25), 9),  # 03:00 becomes 02:00
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day, hours):
    midnight = datetime.combine(day, time(), tzinfo=WARSAW)
    assert NIGHT_SHIFT.between(midnight, midnight + timedelta(days=1)) == hours * HOUR


def test_time_is_added_over_a_change_of_the_clocks():
    before_spring = datetime(2026, 3, 28, 4, 0, tzinfo=WARSAW)
    assert NIGHT_SHIFT.add(before_spring, 8 * HOUR) == datetime(2026, 3, 29, 5, 0, tzinfo=WARSAW)
    before_autumn = datetime(2026, 10, 24, 4, 0, tzinfo=WARSAW)
    assert NIGHT_SHIFT.add(before_autumn, 8 * HOUR) == datetime(2026, 10, 25, 3, 0, tzinfo=WARSAW)


def test_nothing_added_changes_nothing():
    closed = at("10-17", "12:00")
    assert NINE_TO_FIVE.add(closed, timedelta(0)) == closed
    assert NINE_TO_FIVE.add(closed, INSTANT) == at("10-19", "09:00") + INSTANT


def test_a_run_of_holidays_is_passed_over():
    fortnight = frozenset(date(2026, 10, 12) + timedelta(days=number) for number in range(14))
    calendar = BusinessCalendar(time(9), time(17), WEEK, WARSAW, fortnight)
    assert review_due_at(at("10-12", "10:00"), calendar) == at("10-26", "17:00")


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "days"),
    [(time(9), time(9), WEEK), (time(17), time(9), WEEK), (time(9), time(17), frozenset()), (time(9), time(17), {7})],
)
def test_a_calendar_that_is_never_open_cannot_be_made(opens_at, closes_at, days):
    with pytest.raises(ValueError, match="business day with hours"):
        BusinessCalendar(opens_at, closes_at, frozenset(days), WARSAW)


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = Path(__file__).parents[2] / "docs/algorithms.md"


def examples() -> list[list[datetime]]:
    """The worked examples of the documentation."""
    rows = TABLE.read_text(encoding="utf-8").partition("<!-- table: review clock -->")[2].strip().splitlines()
    table = [row.strip("| ").split(" | ") for row in rows[2 : rows.index("")]]
    return [[datetime.fromisoformat(cell[4:]).replace(tzinfo=WARSAW) for cell in row] for row in table]


@pytest.mark.parametrize(("received", "due", "approved"), examples())
def test_the_clock_runs_as_documented(received, due, approved):
    terms = Terms()
    assert review_due_at(received, NINE_TO_FIVE, days=terms.review_days) == due
    assert auto_approve_at(due, NINE_TO_FIVE, terms) == approved


INSTANTS = st.timedeltas(timedelta(0), timedelta(days=730)).map(lambda passed: NEW_YEAR + passed)
SPANS = st.timedeltas(timedelta(microseconds=1), timedelta(days=20))
CALENDARS = st.sampled_from(
    [NINE_TO_FIVE, NIGHT_SHIFT, BusinessCalendar(time(2, 30), time(23), frozenset({0, 3, 6}), WARSAW)]
)


@given(calendar=CALENDARS, start=INSTANTS, span=SPANS)
def test_what_is_added_is_what_is_measured(calendar, start, span):
    end = calendar.add(start, span)
    assert calendar.between(start, end) == span
    assert calendar.between(start, end - INSTANT) < span


@given(calendar=CALENDARS, start=INSTANTS, first=SPANS, second=SPANS)
def test_adding_twice_is_adding_the_sum(calendar, start, first, second):
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@given(calendar=CALENDARS, start=INSTANTS, middle=INSTANTS, end=INSTANTS)
def test_measures_add_up(calendar, start, middle, end):
    start, middle, end = sorted((start, middle, end))
    assert calendar.between(start, end) == calendar.between(start, middle) + calendar.between(middle, end)
