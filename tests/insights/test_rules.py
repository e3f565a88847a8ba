"""The dashboard's arithmetic."""

from datetime import timedelta
from decimal import Decimal

import pytest

from insights.rules import Answer, answer_figures, bucket_counts, quantile, share

HOUR = timedelta(hours=1)


def waits(*hours: int) -> list[timedelta]:
    return [hour * HOUR for hour in hours]


@pytest.mark.parametrize(
    ("hours", "percent", "expected"),
    [
        ((), 50, None),
        ((3,), 50, 3),
        ((3,), 90, 3),
        ((1, 2), 50, 1),
        ((1, 2, 3), 50, 2),
        ((1, 2, 3, 4), 50, 2),
        (tuple(range(1, 11)), 90, 9),
        (tuple(range(1, 12)), 90, 10),
        (tuple(range(1, 11)), 100, 10),
    ],
)
def test_quantile_by_nearest_rank(hours, percent, expected):
    assert quantile(waits(*hours), percent) == (None if expected is None else expected * HOUR)


def test_automatic_answers_count_for_shares_but_not_for_waiting():
    figures = answer_figures(
        [
            Answer(timedelta(0), in_time=True, is_automatic=True),
            Answer(4 * HOUR, in_time=True, is_automatic=False),
            Answer(2 * HOUR, in_time=True, is_automatic=False),
            Answer(90 * HOUR, in_time=False, is_automatic=False),
        ]
    )
    assert (figures.count, figures.person_count, figures.late_count) == (4, 3, 1)
    assert (figures.median, figures.p90) == (4 * HOUR, 90 * HOUR)
    assert (figures.in_time_share, figures.automatic_share) == (Decimal("0.75"), Decimal("0.25"))


def test_no_answers_have_no_figures():
    figures = answer_figures([])
    assert figures.count == 0
    assert figures.median is figures.p90 is figures.in_time_share is figures.automatic_share is None


def test_share_of_nothing_is_none():
    assert share(0, 0) is None
    assert share(1, 4) == Decimal("0.25")


def test_buckets_hold_their_limit():
    limits = waits(4, 24)
    assert bucket_counts(waits(0, 4, 5, 24, 25), limits) == [2, 2, 1]
    assert bucket_counts([], limits) == [0, 0, 0]
