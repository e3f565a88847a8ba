from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.period import Period, add_months, month_of, period_of, trailing_year

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 1, 31), True),
        (date(2026, 2, 1), False),
    ],
)
def test_the_start_belongs_to_a_period_and_the_end_does_not(day, inside):
    assert (day in JANUARY) is inside


def test_an_open_period_has_no_end():
    assert date(9999, 12, 31) in Period(date(2026, 1, 1))


@pytest.mark.parametrize("ends_on", [date(2026, 1, 1), date(2025, 12, 31)])
def test_a_period_that_does_not_end_after_it_starts_is_refused(ends_on):
    with pytest.raises(ValueError, match="must end after"):
        Period(date(2026, 1, 1), ends_on)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (Period(date(2025, 12, 1), date(2026, 1, 1)), False),
        (Period(date(2025, 12, 1), date(2026, 1, 2)), True),
        (Period(date(2026, 1, 31), date(2026, 2, 2)), True),
        (Period(date(2026, 2, 1)), False),
        (Period(date(2020, 1, 1)), True),
    ],
)
def test_periods_that_touch_do_not_overlap(other, overlap):
    assert JANUARY.overlaps(other) is overlap
    assert other.overlaps(JANUARY) is overlap


@pytest.mark.parametrize(
    ("day", "count", "result"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_are_added_by_the_calendar(day, count, result):
    assert add_months(day, count) == result


@given(day=st.dates(date(1990, 1, 1), date(2090, 1, 1)), measurement=st.sampled_from(["month", "quarter", "year"]))
def test_every_day_is_in_exactly_one_period(day, measurement):
    period = period_of(day, measurement)
    assert day in period
    assert period_of(period.ends_on, measurement).starts_on == period.ends_on
    assert all(month.starts_on.day == 1 for month in period.months())
    assert len(list(period.months())) == {"month": 1, "quarter": 3, "year": 12}[measurement]


def test_a_trailing_year_ends_with_its_day():
    year = trailing_year(date(2026, 10, 14))
    assert year == Period(date(2025, 10, 15), date(2026, 10, 15))
    assert date(2026, 10, 14) in year


def test_a_month_has_its_last_day():
    assert month_of(date(2024, 2, 10)).last_day == date(2024, 2, 29)
    assert month_of(date(2026, 12, 3)).ends_on - timedelta(days=1) == date(2026, 12, 31)
