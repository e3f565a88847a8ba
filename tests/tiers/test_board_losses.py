"""Losses that are coming: the statement over all partners beside the rules, day by day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from common.actor import SYSTEM
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import a_credit, credit, enrolled_partner_id, hold_level
from tiers.actions.programmes import publish_version
from tiers.actions.scores import reverse_credits
from tiers.choices.programmes import Aggregation, Window
from tiers.models import Programme, Standing
from tiers.queries.losses import losing_partners, losses_of
from tiers.queries.programmes import programme_on
from tiers.queries.rungs import rungs_on
from tiers.queries.scores import scores_on
from tiers.rules import ladder
from tiers.rules.board import RISK_DAYS, Loss, departures
from tiers.rules.default import default_programme as default_content
from tiers.rules.ladder import Path, Requirement, window_starts_on

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 14)
ONE_DAY = timedelta(days=1)
LAST = DAY + RISK_DAYS  # 12 January 2027
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


def silver_partner(**credits: tuple[int, date, date | None]) -> int:
    """At Silver, with what it asks for safe, but for the credits given."""
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "silver", starts_on=date(2026, 2, 1))
    safe = {
        "channel_revenue": (100_000, date(2026, 9, 1), None),
        "new_customers": (2, date(2026, 9, 1), None),
        "certified_people": (3, date(2025, 3, 1), None),
    }
    for metric, (amount, valid_from, valid_until) in (safe | credits).items():
        credit(a_credit(partner_id, metric, amount, valid_from, valid_until, key=metric))
    return partner_id


def loss_of(partner_id: int, day: date = DAY) -> Loss | None:
    rungs = rungs_on(day)
    found = losses_of([partner_id], rungs, day=day).get(partner_id)
    assert losing_partners(rungs, day=day).get(partner_id) == (found and found.lost_on)
    return found


@pytest.mark.parametrize(
    ("valid_from", "lost_on"),
    [
        (date(2025, 10, 14), DAY),  # left already
        (date(2025, 10, 15), DAY + ONE_DAY),
        (date(2026, 1, 11), date(2027, 1, 11)),
        (date(2026, 1, 12), LAST),
        (date(2026, 1, 13), None),
    ],
)
def test_revenue_leaves_the_trailing_year(valid_from: date, lost_on: date | None) -> None:
    found = loss_of(silver_partner(channel_revenue=(100_000, valid_from, None)))
    is_coming = lost_on is not None and lost_on > DAY
    assert found == (lost_on and Loss(lost_on, leaving=("Channel revenue",) if is_coming else ()))


@pytest.mark.parametrize(
    ("valid_until", "lost_on"),
    [(DAY, DAY), (DAY + ONE_DAY, DAY + ONE_DAY), (LAST, LAST), (LAST + ONE_DAY, None), (None, None)],
)
def test_a_certificate_expires(valid_until: date | None, lost_on: date | None) -> None:
    found = loss_of(silver_partner(certified_people=(3, date(2025, 3, 1), valid_until)))
    is_coming = lost_on is not None and lost_on > DAY
    assert found == (lost_on and Loss(lost_on, expiring=("Certified people",) if is_coming else ()))


def test_what_is_enough_without_it_is_no_loss() -> None:
    leaving = date(2025, 11, 1)
    enough, one_short = (silver_partner(channel_revenue=(5_000, leaving, None)) for _ in range(2))
    credit(a_credit(enough, "channel_revenue", 100_000, DAY), a_credit(one_short, "channel_revenue", "99999.99", DAY))
    assert loss_of(enough) is None
    assert loss_of(one_short) == Loss(date(2026, 11, 1), leaving=("Channel revenue",))


def test_another_path_or_a_credit_that_begins_in_time_saves_the_level() -> None:
    other_path, in_time = (silver_partner(channel_revenue=(100_000, date(2025, 11, 1), None)) for _ in range(2))
    credit(a_credit(other_path, "certified_people", 1, DAY), a_credit(other_path, "channel_revenue", 40_000, DAY))
    credit(a_credit(in_time, "channel_revenue", 100_000, date(2026, 11, 1)))
    assert loss_of(other_path) is None
    assert loss_of(in_time) is None
    assert loss_of(in_time, day=date(2026, 10, 31)) is None


def test_what_is_reversed_keeps_nothing() -> None:
    partner_id = silver_partner()
    assert loss_of(partner_id) is None
    reverse_credits("test", ["new_customers"], at=AT)
    assert loss_of(partner_id) == Loss(DAY)


def test_the_entry_level_cannot_be_lost() -> None:
    assert loss_of(enrolled_partner_id()) is None


def test_losses_of_many_are_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ids = [silver_partner(channel_revenue=(1, DAY, None)) for _ in range(5)]
    rungs = rungs_on(DAY)
    with django_assert_num_queries(2):
        assert losses_of(ids, rungs, day=DAY).keys() == losing_partners(rungs, day=DAY).keys() == set(ids)


@pytest.mark.parametrize("window", [window for window in Window if window != Window.VALID_ON_DAY])
@pytest.mark.parametrize("day", [DAY, date(2026, 12, 31), date(2028, 2, 29), date(2026, 11, 30)])
def test_departures_are_what_the_window_loses_day_by_day(window: str, day: date) -> None:
    until = day + RISK_DAYS + ONE_DAY
    found = list(departures(window, day, until))
    expected = []
    for number in range(1, (until - day).days):
        before, now = (window_starts_on(window, day + (number - back) * ONE_DAY) for back in (1, 0))
        expected += [(before + each * ONE_DAY, day + number * ONE_DAY) for each in range((now - before).days)]
    assert found == expected


WINDOWS = [Window.TRAILING_3_MONTHS, Window.TRAILING_12_MONTHS, Window.FISCAL_QUARTER, Window.VALID_ON_DAY]
requirements = st.builds(
    Requirement,
    metric=st.sampled_from(["csat", "training"]),
    window=st.sampled_from([*WINDOWS, Window.SINCE_JOINING]),
    threshold=st.integers(1, 8).map(Decimal),
    aggregation=st.sampled_from(Aggregation),
    minimum_samples=st.integers(0, 2),
)
paths = st.lists(
    st.lists(requirements, min_size=1, max_size=2, unique_by=lambda each: (each.measure, each.aggregation)),
    min_size=1,
    max_size=2,
)
days = st.integers(-400, 100).map(lambda number: DAY + timedelta(days=number))
credits = st.lists(
    st.tuples(st.sampled_from(["csat", "training"]), st.integers(-3, 9), days, st.none() | st.integers(1, 300)),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways=paths, booked=credits, undone=st.sets(st.integers(0, 7)))
def test_the_statement_says_what_measuring_each_day_says(
    ways: list[list[Requirement]], booked: list[tuple[str, int, date, int | None]], undone: set[int]
) -> None:
    with transaction.atomic():
        partner_id = _at_a_level_that_asks(ways)
        for number, (metric, amount, valid_from, length) in enumerate(booked):
            until = valid_from + timedelta(days=length) if length else None
            credit(a_credit(partner_id, metric, amount, valid_from, until, key=f"book-{number}"))
        reverse_credits("test", [f"book-{number}" for number in sorted(undone)], at=AT)
        found = loss_of(partner_id)
        assert (found and found.lost_on) == _first_day_short(partner_id)
        transaction.set_rollback(True)


def _at_a_level_that_asks(ways: list[list[Requirement]]) -> int:
    content = default_content()
    asked = tuple(Path(number, tuple(way)) for number, way in enumerate(ways, 1))
    upper = ladder.Level(2, "silver", "Silver", asked, terms=content.levels[1].terms)
    new = ladder.Programme(0, (content.levels[0], upper), notice_days=90, demotion_period="year")
    programme = Programme.objects.create(code="own", name="Own", is_default=True)
    version = publish_version(programme.pk, new, starts_on=date(2026, 1, 1), by=SYSTEM, at=AT)
    partner_id = PartnerFactory().pk
    level = version.levels.get(code="silver")
    Standing.objects.create(partner_id=partner_id, level=level, starts_on=date(2026, 1, 1))
    return int(partner_id)


def _first_day_short(partner_id: int) -> date | None:
    """By the ladder, measured from the book anew on each day."""
    programme = programme_on(DAY)
    assert programme is not None
    for number in range(RISK_DAYS.days + 1):
        day = DAY + number * ONE_DAY
        scores = scores_on([partner_id], day=day, measures=programme.measures).get(partner_id, {})
        if not ladder.tier_for(scores, programme).step_of_rank(2).met:
            return day
    return None
