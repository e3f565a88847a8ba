"""Who is told of overrides and freezes, what, and how often."""

from datetime import UTC, date, datetime, timedelta

import pytest

from common import outbox
from common.reasons import sentence
from common.verdict import Reason
from partners.models import Notification
from prm import wiring
from tests.factories.overrides import NOW, REASON, Bench, staff
from tests.factories.partners import MembershipFactory
from tests.factories.tiers import enrolled_partner_id
from tiers.actions import overrides as actions
from tiers.actions.freezes import end_freeze, set_freeze
from tiers.rules.overrides import NewFreeze

pytestmark = pytest.mark.django_db
FIRST, END = date(2026, 4, 1), date(2026, 6, 1)


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    for role in ("admin", "seller", "finance", "viewer"):
        MembershipFactory(partner_id=found.partner_id, role=role)
    MembershipFactory(partner_id=enrolled_partner_id(name="A rival"))
    return found


def told(at: datetime = NOW) -> dict[str, list[int]]:
    """By sentence who is told, once the outbox is done; each time only what is new."""
    wiring.connect()
    outbox.relay(at=at)
    found: dict[str, list[int]] = {}
    for code, user_id in Notification.objects.order_by("user_id").values_list("code", "user_id"):
        found.setdefault(code, []).append(user_id)
    Notification.objects.all().delete()
    return found


def own_people(bench: Bench) -> list[int]:
    partner = actions.partner_queries.people_of_partner(bench.partner_id, ("admin", "seller", "finance", "viewer"))
    assert len(partner) == 4
    return partner


def test_a_request_is_told_to_who_can_decide_it(bench: Bench) -> None:
    ceo = staff("ceo")
    bench.requested(FIRST, END)
    assert told() == {"notice.override_requested": sorted([bench.chief.user_id, ceo.user_id])}


def test_the_chiefs_own_request_is_told_to_the_ceo_alone(bench: Bench) -> None:
    ceo = staff("ceo")
    actions.request_override(bench.asked(FIRST, END), by=bench.chief, at=NOW)
    assert told() == {"notice.override_requested": [ceo.user_id]}


def test_an_approval_is_told_to_the_partners_people_and_who_asked(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    told()
    actions.approve_override(made.public_id, answer="Agreed", by=bench.chief, at=NOW)
    outbox.relay(at=NOW)
    (params,) = {str(row.params) for row in Notification.objects.filter(code="notice.override_approved")}
    assert REASON not in params
    assert "Agreed" not in params
    notice = Notification.objects.filter(code="notice.override_approved").first()
    assert sentence(Reason(notice.code, notice.params)) == (
        "You are given Gold from 1 Apr 2026 to 31 May 2026, whatever your scores say."
    )
    assert told() == {
        "notice.override_approved": own_people(bench),
        "notice.override_answered": [bench.manager.user_id],
    }


def test_a_refusal_is_told_to_who_asked_and_to_no_partner(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    told()
    actions.decline_override(made.public_id, reason="Not this year please", by=bench.chief, at=NOW)
    assert told() == {"notice.override_declined": [bench.manager.user_id]}


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW, "notice.override_never_began"),
        (datetime(2026, 4, 20, 9, 0, tzinfo=UTC), "notice.override_ended"),
    ],
)
def test_an_early_end_is_told_to_the_partners_people(bench: Bench, at: datetime, code: str) -> None:
    made = bench.approved(FIRST, END)
    told()
    actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=at)
    assert told(at) == {code: own_people(bench)}


def test_the_end_is_told_once_fourteen_days_before(bench: Bench) -> None:
    bench.approved(FIRST, END)
    told()
    seen = []
    for number in range(-2, 16):
        day = END - timedelta(days=14) + timedelta(days=number)
        at = datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC)
        actions.ask_to_tell_of_endings(day=day, at=at)
        wiring.connect()
        outbox.relay(at=at)
        seen.append((number, Notification.objects.count()))
    both = [bench.manager.user_id, bench.chief.user_id]
    assert seen[:3] == [(-2, 0), (-1, 0), (0, 6)]
    assert {count for _, count in seen[2:]} == {6}
    assert told() == {"notice.override_ending": own_people(bench), "notice.override_runs_out": sorted(both)}


def test_a_night_that_was_missed_tells_later(bench: Bench) -> None:
    bench.approved(FIRST, END)
    told()
    assert actions.ask_to_tell_of_endings(day=END - timedelta(days=1), at=NOW) == 1
    assert "notice.override_ending" in told()
    assert actions.ask_to_tell_of_endings(day=END, at=NOW) == 0


def test_what_ended_early_is_not_told_to_end_soon(bench: Bench) -> None:
    made = bench.approved(FIRST, END)
    actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=NOW)
    assert actions.ask_to_tell_of_endings(day=END - timedelta(days=14), at=NOW) == 0


def test_a_freeze_and_its_early_end_are_told_to_the_partners_people(bench: Bench) -> None:
    made = set_freeze(NewFreeze(bench.partner_id, REASON, FIRST, END), by=bench.manager, at=NOW)
    assert told() == {"notice.freeze_set": own_people(bench)}
    end_freeze(made.public_id, reason=REASON, by=bench.chief, at=NOW)
    assert told() == {"notice.freeze_never_began": own_people(bench)}
