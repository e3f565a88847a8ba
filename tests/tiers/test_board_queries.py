"""The board's rows, filters and pages, and levels over time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from partners.models import Partner
from tests.factories.partners import UserFactory
from tests.factories.tiers import PUBLISHED_AT, a_credit, credit, enrolled_partner_id, hold_level
from tiers.actions.standings import review_partners
from tiers.models import DemotionNotice, Freeze, Level, Override, Standing
from tiers.queries import board, distribution
from tiers.queries.board import Row, Wish, board_page, board_rows
from tiers.queries.distribution import distribution_until, summary_of
from tiers.queries.rungs import rungs_on

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 14)
ONE_DAY = timedelta(days=1)
ALL = Wish()
AT = datetime(2026, 10, 14, 20, 0, tzinfo=UTC)


def a_partner(name: str, code: str = "bronze", **partner: object) -> int:
    partner_id = enrolled_partner_id(name=name, **partner)
    if code != "bronze":
        hold_level(partner_id, code, starts_on=date(2026, 2, 1))
    return partner_id


def secure(partner_id: int, revenue: int = 120_000) -> None:
    """Give it what Silver asks for, for long."""
    credit(
        a_credit(partner_id, "channel_revenue", revenue, date(2026, 9, 1)),
        a_credit(partner_id, "new_customers", 2, date(2026, 9, 1)),
        a_credit(partner_id, "certified_people", 3, date(2026, 9, 1)),
    )


def names(wish: Wish = ALL, day: date = DAY, known_at: datetime | None = None) -> list[str]:
    return [row.name for row in board_rows(wish, day=day, known_at=known_at)]


def row_of(name: str, day: date = DAY, known_at: datetime | None = None) -> Row:
    return next(row for row in board_rows(Wish(), day=day, known_at=known_at) if row.name == name)


def warn(partner_id: int, effective_on: date = date(2027, 1, 1), given_on: date = date(2026, 9, 1)) -> DemotionNotice:
    bronze = Level.objects.get(code="bronze")
    return DemotionNotice.objects.create(
        partner_id=partner_id, level=bronze, given_on=given_on, effective_on=effective_on
    )


def test_a_row_says_what_is_missing_most_on_the_nearer_path() -> None:
    partner_id = a_partner("Silver", "silver")
    secure(partner_id)
    row = row_of("Silver")
    assert (row.held and row.held.code, row.since, row.revenue) == ("silver", date(2026, 2, 1), 120_000)
    assert row.next
    assert row.next.level.code == "gold"
    assert row.next.nearest
    assert row.next.nearest.progress == min(
        sum(step.progress for step in path.requirements) / 3
        for path in row.next.paths
        if path.number == row.next.nearest.number
    )
    assert row.gap is not None
    assert (row.gap.step.requirement.metric, row.gap.other_count) == ("certified_people", 2)
    assert row.risk is None


def test_before_its_first_review_a_partner_has_no_level() -> None:
    a_partner("Bronze")
    Standing.objects.all().delete()
    row = row_of("Bronze")
    assert (row.held, row.since, row.next, row.risk, row.rises_to, row.revenue) == (None,) * 6


def test_the_last_review_stands_beside_what_is_held() -> None:
    partner_id = a_partner("Gold", "gold")
    review_partners([partner_id], day=DAY - ONE_DAY, at=AT)
    row = row_of("Gold")
    assert (row.held and row.held.code, row.computed, row.reviewed_on) == ("gold", None, DAY - ONE_DAY)
    assert row.risk
    assert row.risk.notice
    assert row.risk.notice.level_name == "Bronze"
    assert names(Wish(show="notice")) == names(Wish(show="at_risk")) == ["Gold"]


def test_who_rises_tonight_is_found_by_what_changed_since_the_last_night() -> None:
    climber, still = a_partner("Climber"), a_partner("Still")
    review_partners([climber, still], day=DAY - ONE_DAY, at=AT)
    assert names(Wish(show="rises")) == []
    secure(climber)
    assert names(Wish(show="rises")) == ["Climber"]
    rises_to = row_of("Climber").rises_to
    assert rises_to
    assert rises_to.code == "silver"
    review_partners([climber, still], day=DAY, at=AT)  # decided for tomorrow now
    assert names(Wish(show="rises")) == names(Wish(show="rises"), known_at=AT) == ["Climber"]
    assert names(Wish(show="rises"), day=DAY + ONE_DAY) == []
    assert row_of("Climber", day=DAY + ONE_DAY).rises_to is None


def test_a_day_that_is_over_is_seen_as_it_was_known_then() -> None:
    partner_id = a_partner("Silver", "silver")
    secure(partner_id)
    credit(a_credit(partner_id, "channel_revenue", 1_000, date(2026, 9, 2)), at=AT)
    assert row_of("Silver").revenue == 121_000
    before = AT - timedelta(seconds=1)
    known = next(board_rows(Wish(sort="revenue"), day=DAY, known_at=before))
    assert known.revenue == 120_000
    assert known.risk is None
    early = datetime(2024, 1, 1, tzinfo=UTC)
    lost = next(board_rows(Wish(show="at_risk"), day=DAY, known_at=early))
    assert lost.risk
    assert lost.risk.on == DAY
    assert names(Wish(show="at_risk")) == []


def test_who_is_frozen_does_not_rise() -> None:
    climber = a_partner("Climber")
    secure(climber)
    period = {"starts_on": DAY, "ends_on": DAY + ONE_DAY, "reason": "x", "set_by": "x", "set_at": AT}
    Freeze.objects.create(partner_id=climber, **period)
    assert names(Wish(show="rises")) == []
    row = row_of("Climber")
    assert (row.rises_to, row.frozen_until) == (None, DAY)
    assert names(Wish(show="frozen")) == ["Climber"]
    assert names(Wish(show="frozen"), day=DAY + ONE_DAY) == names(Wish(show="frozen"), day=DAY - ONE_DAY) == []


@pytest.mark.parametrize(("status", "shown"), [("requested", False), ("approved", True), ("declined", False)])
def test_only_an_approved_override_counts_and_hides_nothing(status: str, shown: bool) -> None:
    partner_id = a_partner("Given")
    decided = {} if status == "requested" else {"decided_by": UserFactory(), "decided_at": AT}
    Override.objects.create(
        partner_id=partner_id,
        level=Level.objects.get(code="gold"),
        reason="x",
        starts_on=DAY - ONE_DAY,
        ends_on=DAY + ONE_DAY,
        status=status,
        requested_by=UserFactory(),
        requested_at=AT,
        **decided,
    )
    row = row_of("Given")
    assert row.held
    assert row.held.code == "bronze"
    assert (row.override and (row.override.code, row.override.last_day)) == (("gold", DAY) if shown else None)
    assert names(Wish(show="overridden")) == (["Given"] if shown else [])
    assert names(Wish(show="overridden"), day=DAY + ONE_DAY) == []
    assert summary_of(rungs_on(DAY), day=DAY).override_count == shown


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in board.SORTS for sign in ("", "-")])
def test_pages_put_together_are_the_whole_list(monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    monkeypatch.setattr(board, "PAGE_SIZE", 2)
    for number, code in enumerate(("bronze", "silver", "gold", "silver", "bronze", "silver")):
        partner_id = a_partner(f"Same {number % 2}", code)
        credit(a_credit(partner_id, "channel_revenue", number % 3 * 100, DAY))
        if number in (1, 3):
            warn(partner_id)
    whole = [row.public_id for row in board_rows(Wish(sort=sort), day=DAY)]
    assert len(set(whole)) == 6
    found: list[str] = []
    cursor = ""
    for _page in range(3):
        page = board_page(Wish(sort=sort, cursor=cursor), day=DAY)
        assert page is not None
        found += [row.public_id for row in page.rows]
        cursor = page.next_cursor
    assert (found, cursor) == (whole, "")


def test_a_list_is_sorted_as_it_says() -> None:
    rich, poor, warned = a_partner("Rich", "gold"), a_partner("Poor"), a_partner("Warned", "silver")
    secure(rich, 900_000)
    credit(a_credit(poor, "channel_revenue", 5, DAY), a_credit(warned, "channel_revenue", 50, DAY))
    warn(warned, DAY + 10 * ONE_DAY)
    assert names(Wish(sort="-revenue")) == ["Rich", "Warned", "Poor"]
    assert names(Wish(sort="level")) == ["Poor", "Warned", "Rich"]
    assert names(Wish(sort="since"))[0] == "Poor"
    assert names(Wish(sort="-name")) == ["Warned", "Rich", "Poor"]
    assert names(Wish(sort="nonsense")) == ["Poor", "Rich", "Warned"]
    assert names(Wish(sort="risk"))[-1] == "Poor"


def test_a_list_can_be_narrowed() -> None:
    manager = UserFactory()
    a_partner("50% Off", "silver", account_manager=manager)
    a_partner("500 Others")
    gone = a_partner("Gone", "silver")
    Partner.objects.filter(pk=gone).update(status="terminated")
    assert names() == ["50% Off", "500 Others"]
    assert names(Wish(search="50%")) == names(Wish(level="silver")) == names(Wish(manager_id=manager.pk)) == ["50% Off"]
    assert names(Wish(search="50% OFF", level="bronze")) == []
    assert names(Wish(show="nonsense", cursor="nonsense")) == ["50% Off", "500 Others"]
    cards = {level.code: level.count for level in summary_of(rungs_on(DAY), day=DAY).levels}
    assert cards == {"bronze": 1, "silver": 1, "gold": 0, "platinum": 0}


def test_the_figures_count_changes_moves_and_notices() -> None:
    riser, faller = a_partner("Riser"), a_partner("Faller", "gold")
    hold_level(riser, "silver", starts_on=date(2026, 10, 1))
    hold_level(faller, "silver", starts_on=date(2026, 9, 14))
    warn(riser, given_on=DAY)
    warn(faller, given_on=DAY + ONE_DAY)
    found = summary_of(rungs_on(DAY), day=DAY)
    assert {each.code: (each.count, each.change_month, each.change_quarter) for each in found.levels} == {
        "bronze": (0, -1, -1),
        "silver": (2, 1, 2),  # 30 days before is 14 September, the first day of the second one
        "gold": (0, 0, -1),
        "platinum": (0, 0, 0),
    }
    assert (found.rise_count, found.fall_count, found.notice_count) == (1, 0, 1)
    september = summary_of(rungs_on(DAY), day=date(2026, 9, 30))
    assert (september.rise_count, september.fall_count, september.notice_count) == (0, 1, 0)


def test_levels_over_time_are_those_of_each_months_last_day() -> None:
    partner_id = a_partner("Riser")
    hold_level(partner_id, "silver", starts_on=date(2026, 9, 1))
    found = distribution_until(DAY)
    assert found is not None
    assert (found.days[0], found.days[-3:]) == (date(2024, 11, 30), [date(2026, 8, 31), date(2026, 9, 30), DAY])
    counts = {level.code: level.counts for level in found.levels}
    assert counts["bronze"] == (0, 0) + (1,) * 20 + (0, 0)  # enrolled on 1 January 2025
    assert counts["silver"] == (0,) * 22 + (1, 1)
    assert found.totals == [0, 0, *(1,) * 22]
    assert len(found.days) == distribution.MONTHS


def test_without_a_programme_there_is_nothing() -> None:
    assert board_page(Wish(), day=DAY) is None
    assert distribution_until(DAY) is None
    assert list(board_rows(Wish(), day=DAY)) == []


@pytest.mark.parametrize(
    ("wish", "statements"), [(Wish(), 11), (Wish(sort="risk"), 12), (Wish(show="at_risk", sort="-revenue"), 12)]
)
def test_statements_of_a_page(django_assert_num_queries: DjangoAssertNumQueries, wish: Wish, statements: int) -> None:
    for number in range(12):
        partner_id = a_partner(f"Partner {number}", "silver")
        credit(a_credit(partner_id, "channel_revenue", 1, PUBLISHED_AT.date()))
    with django_assert_num_queries(statements):
        assert len(getattr(board_page(wish, day=DAY), "rows", ())) == 12
