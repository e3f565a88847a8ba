"""A review that somebody asks for: like last night, with what is known now."""

from datetime import UTC, date, datetime, timedelta

import pytest

from common.audit import entries_about
from common.errors import Refused
from partners.models import Partner
from tests.factories.overrides import Bench, staff
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import a_credit, credit, hold_level
from tiers.actions.manual_reviews import review_now
from tiers.actions.standings import review_partners
from tiers.models import Review, Standing
from tiers.queries.manual_reviews import manual_reviews, review_page
from tiers.queries.terms import terms_for

pytestmark = pytest.mark.django_db
TODAY = date(2026, 10, 14)
YESTERDAY = TODAY - timedelta(days=1)
AT = datetime(2026, 10, 14, 9, 0, tzinfo=UTC)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def reach_silver(bench: Bench, day: date) -> None:
    needed = {"channel_revenue": 100_000, "new_customers": 2, "certified_people": 3}
    credit(*(a_credit(bench.partner_id, metric, value, day) for metric, value in needed.items()), at=AT)


def test_what_came_in_since_the_night_counts_today(bench: Bench) -> None:
    review_partners([bench.partner_id], day=YESTERDAY, at=AT)
    reach_silver(bench, YESTERDAY)
    assert terms_for(bench.partner_id, day=TODAY).level_code == "bronze"

    before, after = review_now(bench.partner_id, by=bench.manager, at=AT)

    assert (before.level_code, after.level_code, after.since) == ("bronze", "silver", TODAY)
    assert [terms_for(bench.partner_id, day=day).level_code for day in (YESTERDAY, TODAY)] == ["bronze", "silver"]


def test_what_counts_from_today_is_not_measured_yet(bench: Bench) -> None:
    reach_silver(bench, TODAY)
    before, after = review_now(bench.partner_id, by=bench.manager, at=AT)
    assert before == after
    assert after.level_code == "bronze"


def test_again_it_changes_nothing_and_is_written_down(bench: Bench) -> None:
    reach_silver(bench, YESTERDAY)
    review_now(bench.partner_id, by=bench.manager, at=AT)
    kept = (list(Standing.objects.values()), list(Review.objects.values()))
    before, after = review_now(bench.partner_id, by=bench.chief, at=AT)
    assert before == after
    assert (list(Standing.objects.values()), list(Review.objects.values())) == kept
    entries = entries_about(Partner.objects.get(pk=bench.partner_id)).filter(event="tier.reviewed")
    assert [entry.actor_key for entry in entries] == [bench.manager.key, bench.chief.key]
    assert [review.changed for review in manual_reviews(bench.partner_id)] == [False, True]


def test_a_demotion_is_announced_as_by_night(bench: Bench) -> None:
    hold_level(bench.partner_id, "gold", starts_on=date(2026, 1, 1))
    review_now(bench.partner_id, by=bench.manager, at=AT)
    (found,) = manual_reviews(bench.partner_id)
    assert not found.moved
    assert [notice.level_name for notice in found.given] == ["Bronze"]
    assert found.given[0].effective_on == date(2028, 1, 1)  # the first year that begins after ninety days


def test_the_page_tells_what_the_review_rests_on(bench: Bench) -> None:
    reach_silver(bench, YESTERDAY)
    review_now(bench.partner_id, by=bench.manager, at=AT)
    page = review_page(bench.manager, bench.partner_id)
    revenue = next(each for each in page.asked if (each.level_code, each.name) == ("silver", "Channel revenue"))
    assert (revenue.value, revenue.target, revenue.met, revenue.unit) == (100_000, 100_000, True, "money")
    assert (page.reviewed_on, page.currency, page.stand.level_name) == (YESTERDAY, "EUR", "Silver")


def test_who_may_not_and_without_a_programme(bench: Bench) -> None:
    for role in ("ceo", "finance", "admin"):
        with pytest.raises(Refused, match=r"actor\.not_permitted"):
            review_now(bench.partner_id, by=staff(role), at=AT)
    before = datetime(2024, 6, 1, 9, 0, tzinfo=UTC)
    with pytest.raises(Refused, match=r"tier\.no_programme"):
        review_now(PartnerFactory().pk, by=bench.manager, at=before)
    assert not Review.objects.exists()
