"""However many people at once: one override a day, one freeze a day, one answer, one effect of a review."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError

from common.actor import Actor
from common.errors import Refused
from common.period import Period
from tests.factories.overrides import NOW, REASON, Bench, staff
from tests.factories.tiers import a_credit, credit
from tests.races import SIDES, at_once, outcomes_of
from tiers.actions.freezes import set_freeze
from tiers.actions.manual_reviews import review_now
from tiers.actions.overrides import approve_override, decline_override
from tiers.actions.standings import review_partners
from tiers.models import Freeze, Level, Override, Standing
from tiers.queries.overrides import around
from tiers.rules.overrides import NewFreeze, is_free

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
FIRST, END = date(2026, 4, 1), date(2026, 6, 1)


def waiting(bench: Bench) -> list[str]:
    """Eight requests for the same time, as only a fault could leave them."""
    level = Level.objects.get(code="gold")
    rows = [
        Override.objects.create(
            partner_id=bench.partner_id,
            level=level,
            reason=REASON,
            starts_on=FIRST,
            ends_on=END,
            requested_by_id=bench.manager.user_id,
            requested_label=bench.manager.label,
            requested_at=NOW,
        )
        for _ in range(SIDES)
    ]
    return [row.public_id for row in rows]


def test_of_requests_for_the_same_time_one_is_approved() -> None:
    bench = Bench()
    public_ids = waiting(bench)

    def approve(side: int) -> str:
        try:
            return approve_override(public_ids[side], answer="Agreed", by=bench.chief, at=NOW).status
        except Refused as refused:
            return refused.reasons[0].code

    assert sorted(at_once(approve)) == ["approved"] + ["override.overlaps"] * (SIDES - 1)
    assert Override.objects.filter(status="approved").count() == 1


def test_control_without_the_lock_everybody_sees_a_free_time_and_the_database_refuses() -> None:
    bench = Bench()
    public_ids = waiting(bench)
    looked = threading.Barrier(SIDES)

    def approve(side: int) -> tuple[bool, bool]:
        row = Override.objects.get(public_id=public_ids[side])
        met = around(bench.partner_id, FIRST, but=row.pk)
        free = is_free(Period(FIRST, END), met.approved, "override.overlaps").allowed
        looked.wait(timeout=60)
        try:
            rows = Override.objects.filter(pk=row.pk)
            rows.update(status="approved", decided_by=bench.chief.user_id, decided_at=NOW)
        except IntegrityError:
            return free, False
        return free, True

    found = at_once(approve)
    assert all(free for free, _ in found)
    assert [written for _, written in found].count(True) == 1


def test_one_request_has_one_answer() -> None:
    bench = Bench()
    public_id = bench.requested(FIRST, END).public_id
    chiefs: list[Actor] = [staff("channel_chief") for _ in range(SIDES)]

    def answer(side: int) -> str:
        try:
            if side % 2:
                return approve_override(public_id, answer="Agreed", by=chiefs[side], at=NOW).status
            return decline_override(public_id, reason=REASON, by=chiefs[side], at=NOW).status
        except Refused as refused:
            return refused.reasons[0].code

    found = at_once(answer)
    assert found.count("override.not_waiting") == SIDES - 1
    assert Override.objects.get().status in found


def test_the_same_time_is_asked_for_and_frozen_once() -> None:
    bench = Bench()

    def ask(side: int) -> str:
        try:
            if side % 2:
                bench.requested(FIRST, END)
                return "requested"
            set_freeze(NewFreeze(bench.partner_id, REASON, FIRST, END), by=bench.manager, at=NOW)
        except Refused as refused:
            return refused.reasons[0].code
        return "frozen"

    others = SIDES // 2 - 1
    expected = ["freeze.overlaps"] * others + ["frozen", *["override.waits_already"] * others, "requested"]
    assert sorted(at_once(ask)) == sorted(expected)
    assert (Override.objects.count(), Freeze.objects.count()) == (1, 1)


def test_a_review_by_hand_and_the_night_wait_for_each_other() -> None:
    bench = Bench()
    day, at = date(2026, 10, 13), datetime(2026, 10, 14, 9, 0, tzinfo=UTC)
    needed = {"channel_revenue": 100_000, "new_customers": 2, "certified_people": 3}
    credit(*(a_credit(bench.partner_id, metric, Decimal(value), day) for metric, value in needed.items()))

    def review(side: int) -> object:
        if side % 2:
            return review_now(bench.partner_id, by=bench.manager, at=at)
        return review_partners([bench.partner_id], day=day, at=at)

    found = outcomes_of(*(lambda side=side: review(side) for side in range(SIDES)))
    assert not [each for each in found if isinstance(each, Exception)]
    held = Standing.objects.filter(partner_id=bench.partner_id).order_by("starts_on")
    assert list(held.values_list("level__code", "starts_on")) == [
        ("bronze", date(2025, 1, 1)),
        ("silver", date(2026, 10, 14)),
    ]
