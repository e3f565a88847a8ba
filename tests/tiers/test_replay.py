"""The stored history is what the rules give again; what was altered is found."""

from datetime import date, timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.actor import SYSTEM
from common.audit import record
from partners.models import Partner
from prm import nightly
from tests.factories.histories import (
    DAY,
    FIRST,
    Story,
    a_night,
    a_programme,
    at_hour,
    night_at,
    partners_enrolled,
    put_in_force,
)
from tests.factories.tiers import a_credit, credit
from tiers.actions.scores import reverse_credits
from tiers.actions.standings import review_partners
from tiers.models import DemotionNotice, Freeze, Review, Standing
from tiers.queries import nights
from tiers.queries.nights import nights_of
from tiers.queries.replays import enrolled, replay

pytestmark = pytest.mark.django_db


def found(until: date = FIRST + DAY * 400) -> list[str]:
    return [
        str(difference)
        for programme_id, ids in enrolled().items()
        for replayed in replay(ids, programme_id, until=until)
        for difference in replayed.differences
    ]


def revenue(partner_id: int, amount: int, on: date, *, at=None, key: str = "") -> None:
    credit(a_credit(partner_id, "channel_revenue", amount, on, key=key), at=at or at_hour(on))


def live(partner_id: int, first: date, days: int) -> None:
    for number in range(days):
        a_night(first + DAY * number, [partner_id])


def levels(partner_id: int) -> list[tuple[str, date]]:
    rows = Standing.objects.filter(partner_id=partner_id).order_by("starts_on")
    return list(rows.values_list("level__code", "starts_on"))


@pytest.mark.parametrize("seed", range(2))
def test_what_happened_is_computed_again(seed: int) -> None:
    """Late credits, reversals, notices that take effect or lapse, two versions, a partner that comes later."""
    put_in_force(a_programme(50, 150))
    story = Story(partners_enrolled(6), Random(seed))
    story.live(45)
    story.partner_ids += partners_enrolled(2, story.day)
    put_in_force(a_programme(40, 120, 200, number=2), story.day + DAY * 3)
    story.live(140)
    assert Standing.objects.count() > 20
    assert set(DemotionNotice.objects.values_list("outcome", flat=True)) >= {"cancelled", "took_effect"}
    assert found() == []


def test_a_late_credit_counts_from_the_night_that_knew_it() -> None:
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    live(partner_id, FIRST, 10)
    revenue(partner_id, 60, FIRST + DAY, at=night_at(FIRST + DAY * 9) + timedelta(microseconds=1))
    live(partner_id, FIRST + DAY * 10, 5)
    assert levels(partner_id) == [("low", FIRST), ("middle", FIRST + DAY * 11)]
    assert found() == []


def test_a_late_reversal_does_not_change_what_was() -> None:
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    revenue(partner_id, 60, FIRST, key="sale")
    live(partner_id, FIRST, 20)
    reverse_credits("test", ["sale"], at=at_hour(FIRST + DAY * 20))
    live(partner_id, FIRST + DAY * 20, 40)
    assert levels(partner_id) == [("low", FIRST), ("middle", FIRST + DAY), ("low", date(2026, 2, 1))]
    assert found() == []


def test_a_night_that_was_late_knew_more() -> None:
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    live(partner_id, FIRST, 3)
    revenue(partner_id, 60, FIRST, at=at_hour(FIRST + DAY * 6))
    for number in (3, 4, 5):  # caught up in one go
        a_night(FIRST + DAY * number, [partner_id], at=at_hour(FIRST + DAY * 6, 13))
    assert levels(partner_id) == [("low", FIRST), ("middle", FIRST + DAY * 4)]
    assert found() == []


def test_days_without_a_night_decided_nothing() -> None:
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    revenue(partner_id, 60, FIRST)
    a_night(FIRST + DAY * 30, [partner_id])
    assert levels(partner_id) == [("low", FIRST), ("middle", FIRST + DAY * 31)]
    assert found() == []


def test_a_partner_that_was_in_no_slice_was_not_reviewed() -> None:
    put_in_force(a_programme(50))
    left_out, other = partners_enrolled(2)
    revenue(left_out, 60, FIRST)
    a_night(FIRST, [other])
    a_night(FIRST + DAY, [other, left_out])
    assert levels(left_out) == [("low", FIRST), ("middle", FIRST + DAY * 2)]
    assert found() == []
    assert [night.day for night in nights_of([left_out], since=FIRST, until=FIRST + DAY * 9)[left_out]] == [FIRST + DAY]


def test_a_review_by_hand_is_one_more(monkeypatch) -> None:
    from_hand = FIRST + DAY * 4
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    live(partner_id, FIRST, 4)
    revenue(partner_id, 60, FIRST, at=at_hour(from_hand, 9))
    by_hand(partner_id, from_hand, at=at_hour(from_hand, 10))
    live(partner_id, from_hand, 3)
    assert levels(partner_id) == [("low", FIRST), ("middle", from_hand)]
    assert found() == []
    monkeypatch.setattr(nights, "REVIEWED", "nothing")  # the control: without it the level came too early
    assert len(found()) > 0


def by_hand(partner_id: int, day: date, *, at) -> None:
    review_partners([partner_id], day=day - DAY, at=at)
    record("tier.reviewed", on=Partner.objects.get(pk=partner_id), by=SYSTEM, at=at, day=day - DAY)


def test_the_nights_are_those_that_the_program_runs() -> None:
    """Also for partners that were not due, and so are in no slice of the reviews."""
    assert (nightly.KIND, nightly.REVIEW_STAGE) == (nights.NIGHTLY, nights.STAGE)
    put_in_force(a_programme(50))
    rising, idle = partners_enrolled(2)
    for number in range(3):
        if number == 1:
            revenue(rising, 60, FIRST + DAY)
        nightly.open_night(FIRST + DAY * number, at=night_at(FIRST + DAY * number))
        nightly.work()
    assert levels(rising) == [("low", FIRST), ("middle", FIRST + DAY * 2)]
    assert found() == []
    both = nights_of([rising, idle], since=FIRST, until=FIRST + DAY * 9)
    assert [len(taken) for taken in both.values()] == [3, 3]


def a_past() -> int:
    """One that rose to middle, and fell again after a notice."""
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    revenue(partner_id, 60, FIRST, key="sale")
    live(partner_id, FIRST, 20)
    reverse_credits("test", ["sale"], at=at_hour(FIRST + DAY * 20))
    live(partner_id, FIRST + DAY * 20, 15)
    assert found() == []
    return partner_id


def test_an_altered_level_is_found() -> None:
    partner_id = a_past()
    last = Standing.objects.get(partner_id=partner_id, ends_on=None)
    last.level = Standing.objects.get(partner_id=partner_id, level__code="middle").level
    last.save()
    assert found() == ["2026-02-01 level: stored middle, computed low"]


def test_an_altered_day_is_found() -> None:
    partner_id = a_past()
    Standing.objects.filter(partner_id=partner_id, ends_on=None).delete()
    held = Standing.objects.get(partner_id=partner_id, level__code="middle")
    held.ends_on = None
    held.save()
    assert found() == ["2026-02-01 level: stored middle, computed low"]


def test_an_altered_first_level_is_found() -> None:
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    live(partner_id, FIRST, 5)
    standing = Standing.objects.get()
    standing.level = standing.level.version.levels.get(code="middle")
    standing.save()
    assert found() == ["2026-01-01 level: stored middle, computed low"]


def test_an_altered_review_is_found() -> None:
    a_past()
    review = Review.objects.order_by("business_date").last()
    review.level = review.version.levels.get(code="middle")
    review.save()
    assert found() == [f"{review.business_date} review: stored middle (version 1), computed low (version 1)"]
    review.delete()
    assert found() == [f"{review.business_date} review: stored middle (version 1), computed low (version 1)"]


def test_an_altered_notice_is_found() -> None:
    a_past()
    notice = DemotionNotice.objects.get()
    notice.effective_on += DAY
    notice.save()
    (difference,) = found()
    assert difference.startswith(f"{notice.given_on} notice: stored low from 2026-02-02")
    notice.delete()
    assert [each.partition(",")[0] for each in found()] == [f"{notice.given_on} notice: stored nothing"]


def test_a_frozen_partner_neither_rises_nor_falls() -> None:
    put_in_force(a_programme(50))
    (partner_id,) = partners_enrolled(1)
    live(partner_id, FIRST, 3)
    Freeze.objects.create(
        partner_id=partner_id,
        starts_on=FIRST + DAY * 3,
        ends_on=FIRST + DAY * 10,
        reason="A merger is on its way.",
        set_by="somebody",
        set_at=at_hour(FIRST),
    )
    revenue(partner_id, 60, FIRST + DAY * 4)
    live(partner_id, FIRST + DAY * 3, 12)
    assert levels(partner_id) == [("low", FIRST), ("middle", FIRST + DAY * 10)]
    assert found() == []


def test_the_command_says_so_and_fails_on_a_difference() -> None:
    partner_id = a_past()
    public_id = Partner.objects.get(pk=partner_id).public_id
    said = StringIO()
    call_command("replay_tiers", stdout=said)
    assert said.getvalue() == "1 partners, 35 reviews, 0 differences\n"
    Standing.objects.filter(ends_on=None).update(
        starts_on=date(2026, 2, 1), level=Standing.objects.earliest("pk").level
    )
    notice = DemotionNotice.objects.get()
    notice.delete()
    said = StringIO()
    with pytest.raises(CommandError, match="not what the rules give"):
        call_command("replay_tiers", "--partner", public_id, stdout=said)
    lines = said.getvalue().splitlines()
    assert lines[0].startswith(f"{public_id} 2026-01-21 notice: stored nothing, computed low from 2026-02-01")
    assert lines[-1] == "1 partners, 35 reviews, 1 differences"
    with pytest.raises(CommandError, match="there is no partner prt_nobody"):
        call_command("replay_tiers", "--partner", "prt_nobody")


def test_statements_do_not_grow_with_partners_or_nights() -> None:
    put_in_force(a_programme(50))
    ids = partners_enrolled(4)
    programme_id = next(iter(enrolled()))

    def statements(partner_ids: list[int]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            list(replay(partner_ids, programme_id, until=FIRST + DAY * 40))
        return len(queries)

    a_night(FIRST, ids)
    few = statements(ids[:1])
    for number in range(1, 6):
        a_night(FIRST + DAY * number, ids)
    assert statements(ids) == few
