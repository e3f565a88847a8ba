"""What the tier page reads: of any day, as it was known, in a number of statements that the credits do not change."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.actor import SYSTEM
from tests.factories.incentives import night, published, sold
from tests.factories.partners import PartnerFactory, UserFactory
from tests.factories.tiers import a_certificate, a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.actions.programmes import publish_version
from tiers.actions.scores import reverse_credits
from tiers.actions.standings import review_partners
from tiers.models import Freeze, Metric, Override, Programme, ScoreCredit
from tiers.queries.outlook import Seat, ahead_of
from tiers.queries.pages import StandingPage, position_of, standing_page_for
from tiers.queries.programmes import programme_on
from tiers.rules.default import default_programme as default_content

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 14)
ONE_DAY = timedelta(days=1)
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


def page_of(partner_id: int, day: date = DAY, **more) -> StandingPage:
    page = standing_page_for(partner_id, day=day, **more)
    assert page is not None
    return page


def silver_partner(*people: str) -> int:
    """Silver by paths of business and these certified people."""
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "silver", starts_on=date(2026, 1, 1))
    credit(
        a_credit(partner_id, "channel_revenue", 150_000, DAY),
        a_credit(partner_id, "new_customers", 2, DAY),
        *(a_certificate(partner_id, who, date(2026, 1, 1)) for who in people),
    )
    return partner_id


def test_where_why_and_what_is_next() -> None:
    partner_id = enrolled_partner_id()
    credit(*(a_credit(partner_id, "channel_revenue", "1000.10", DAY, key=f"s{number:02}") for number in range(22)))
    credit(a_credit(partner_id, "certified_people", 4, DAY))
    reverse_credits("test", ["s00"], at=AT)
    page = page_of(partner_id)
    position = page.position
    assert position.next is not None
    assert (position.held.level.code, position.next.level.code) == ("bronze", "silver")
    assert position.since == date(2025, 1, 1)
    assert [path.number for path in position.next.paths] == [1, 2]
    assert position.next.nearest == position.next.paths[1]
    asked = position.next.paths[0].requirements[0]
    assert (asked.requirement.name, asked.requirement.unit, asked.value) == (
        *("Channel revenue", "money", Decimal("21002.10")),
    )
    revenue = next(group for group in page.credits if group.requirement.metric == "channel_revenue")
    assert (len(revenue.lines), revenue.other_count, revenue.lines[0].is_reversal) == (20, 3, True)
    assert sum(line.amount for line in revenue.lines) + revenue.other_total == revenue.total == Decimal("21002.10")
    customers = next(group for group in page.credits if group.requirement.metric == "new_customers")
    assert (customers.total, customers.lines) == (0, [])


def test_the_history_until_its_day() -> None:
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "silver", starts_on=date(2026, 1, 1))
    review_partners([partner_id], day=date(2026, 2, 1), at=AT)
    review_partners([partner_id], day=date(2026, 12, 31), at=AT)
    before, during, after = (page_of(partner_id, day) for day in (date(2026, 1, 31), DAY, date(2027, 1, 1)))
    assert before.position.notices == after.position.notices == []
    assert [notice.effective_on for notice in during.position.notices] == [date(2027, 1, 1)]
    assert [entry.title for entry in after.history] == [
        *("Fell to Bronze", "Demotion to Bronze announced", "Rose to Silver", "Bronze began"),
    ]
    assert len(before.history) == 2


def test_the_history_tells_of_overrides_freezes_and_versions_and_not_why() -> None:
    partner_id = enrolled_partner_id()
    asker, decider = UserFactory(), UserFactory()
    gold = default_programme().levels.get(code="gold")
    decided = {"requested_by": asker, "requested_at": AT, "decided_by": decider, "decided_at": AT}
    given = {"partner_id": partner_id, "level": gold, "reason": "Canary: a rival woos them"}
    Override.objects.create(
        **given, **decided, status="approved", starts_on=date(2026, 9, 1), ends_on=date(2026, 10, 1)
    )
    Override.objects.create(**given, requested_by=asker, requested_at=AT, starts_on=DAY, ends_on=date(2026, 12, 1))
    frozen = {"partner_id": partner_id, "reason": "Canary: merger", "set_by": "Chief", "set_at": AT}
    Freeze.objects.create(**frozen, starts_on=date(2026, 10, 10), ends_on=date(2026, 12, 1))
    publish_version(Programme.objects.get().pk, default_content(2), starts_on=date(2026, 8, 1), by=SYSTEM, at=AT)
    page = page_of(partner_id)
    assert [(entry.at, entry.title) for entry in page.history] == [
        (date(2026, 10, 10), "The level was frozen"),
        (date(2026, 10, 1), "Gold is no longer given"),
        (date(2026, 9, 1), "Gold given for a time"),
        (date(2026, 8, 1), "Version 2 of the programme began"),
        (date(2025, 1, 1), "Bronze began"),
    ]
    assert not any("Canary" in entry.text for entry in page.history)
    assert page.position.overlay.freeze is not None
    assert page_of(partner_id, date(2026, 9, 10)).position.terms.level_code == "gold"


def test_a_past_day_as_it_was_known_then() -> None:
    partner_id = silver_partner("Anna", "Jan", "Péter")
    credit(a_certificate(partner_id, "Zoë", date(2026, 1, 1)), at=AT)
    reverse_credits("certificate", [ScoreCredit.objects.get(holder="Anna").source_key], at=AT + ONE_DAY)
    seen = [page_of(partner_id, known_at=known_at).position for known_at in (AT - ONE_DAY, AT, AT + ONE_DAY, None)]
    people = [position.ahead.bus_factor.people for position in seen]
    assert people == [
        ("Anna", "Jan", "Péter"),
        ("Anna", "Jan", "Péter", "Zoë"),
        ("Jan", "Péter", "Zoë"),
        ("Jan", "Péter", "Zoë"),
    ]
    totals = [position.scores["certified_people", "valid_on_day"].total for position in seen]
    assert totals == [len(each) for each in people]
    assert [len(position.dependences) for position in seen] == [3, 0, 3, 3]


def test_what_is_summed_comes_in_one_row_a_day_and_counts_the_same() -> None:
    partner_id = silver_partner("Anna", "Jan", "Péter")
    credit(*(a_credit(partner_id, "channel_revenue", "0.25", DAY - 5 * ONE_DAY) for _ in range(40)))
    position = page_of(partner_id).position
    revenue = next(each for each in position.ahead.outlook.runway if each.requirement.metric == "channel_revenue")
    assert revenue.steps[0].value == position.scores["channel_revenue", "trailing_12_months"].total == 150_010
    lost = [turn for turn in position.ahead.outlook.turns if turn.kind == "lost"]
    assert lost[0].day == date(2027, 10, 14)


def test_a_version_that_is_announced_counts_from_its_day() -> None:
    partner_id = silver_partner("Anna", "Jan", "Péter")
    programme = programme_on(DAY)
    assert programme is not None
    seat = Seat(partner_id, "silver", 2, programme)
    assert len(ahead_of(seat, day=DAY).versions) == 1
    publish_version(Programme.objects.get().pk, default_content(2), starts_on=date(2027, 1, 1), by=SYSTEM, at=AT)
    ahead = ahead_of(seat, day=DAY)
    assert [(each.programme.number, each.period.ends_on) for each in ahead.versions] == [
        (1, date(2027, 1, 1)),
        (2, None),
    ]
    assert len(ahead_of(seat, day=DAY, known_at=AT - ONE_DAY).versions) == 1


def test_gains_rest_on_last_years_revenue_and_rebates() -> None:
    partner_id = silver_partner("Anna", "Jan", "Péter")
    published(("0", "0.02"), measurement="month", uses_tier_multiplier=True)
    sold(partner_id, "10000", date(2026, 9, 3))
    night(date(2026, 10, 1), partner_id)
    page = page_of(partner_id, sees_money=True)
    assert (page.business.revenue, page.business.rebate_base) == (150_000, 200)
    assert page.gain is not None
    assert (page.gain.discount_amount, page.gain.rebate_amount) == (Decimal("4500.00"), Decimal("30.00"))
    assert [(stake.after.level_code, stake.loss) for _who, stake in page.stakes] == [("bronze", Decimal("4520.00"))] * 3
    assert page_of(partner_id).business.rebate_base is None
    assert page_of(partner_id, date(2026, 8, 1), sees_money=True).business.rebate_base == 0


def test_the_number_of_statements_does_not_depend_on_the_credits() -> None:
    partner_id = silver_partner("Anna", "Jan", "Péter")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            page_of(partner_id, sees_money=True)
        counts.append(len(captured))
        credit(*(a_credit(partner_id, "channel_revenue", 1, DAY - number % 300 * ONE_DAY) for number in range(1_000)))
        credit(*(a_certificate(partner_id, f"Person {number}", DAY - ONE_DAY) for number in range(1_000)))
    assert counts == [17, 17]
    with CaptureQueriesContext(connection) as captured:
        position_of(partner_id, day=DAY)
    assert len(captured) == 12


def test_a_new_partner() -> None:
    default_programme()
    page = page_of(PartnerFactory().pk)
    assert (page.position.since, page.history, page.stakes) == (None, [], [])
    assert page.position.held.level.code == "bronze"
    assert page.gain is not None
    assert page.gain.amount == 0


def test_there_is_no_page_without_a_programme() -> None:
    assert standing_page_for(PartnerFactory().pk, day=DAY) is None
    assert not Metric.objects.exists()
    assert not ScoreCredit.objects.exists()
