"""Overrides and freezes: what each deed writes, what each refusal leaves as it was, who is told."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from common.audit import entries_about
from common.errors import NotFound, Refused
from partners.models import Partner
from tests.factories.overrides import NOW, REASON, Bench, staff
from tests.factories.tiers import hold_level
from tiers.actions import overrides as actions
from tiers.actions.freezes import end_freeze, set_freeze
from tiers.models import Freeze, Override
from tiers.queries.overrides import day_of, overlay_on
from tiers.queries.terms import terms_for
from tiers.rules.overrides import NewFreeze

pytestmark = pytest.mark.django_db
D = date
ONE_DAY = timedelta(days=1)
FIRST, END = D(2026, 4, 1), D(2026, 6, 1)
LAST = END - ONE_DAY


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refused(deed) -> list[str]:
    with pytest.raises(Refused) as refusal:
        deed()
    return [reason.code for reason in refusal.value.reasons]


def levels(partner_id: int, *days: date) -> list[str]:
    return [terms_for(partner_id, day=day).level_code for day in days]


# Overrides


def test_a_request_counts_for_nothing(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    assert (made.status, made.level.code, made.requested_label) == ("requested", "gold", bench.manager.label)
    assert levels(bench.partner_id, FIRST, LAST) == ["bronze", "bronze"]
    (entry,) = entries_about(made)
    assert (entry.event, entry.actor_key, entry.facts["held"]) == ("override.requested", bench.manager.key, "bronze")


def test_approved_it_counts_from_its_first_day_to_its_last(bench: Bench) -> None:
    made = bench.approved(FIRST, END)
    days = (FIRST - ONE_DAY, FIRST, LAST, END)
    assert levels(bench.partner_id, *days) == ["bronze", "gold", "gold", "bronze"]
    assert [bool(overlay_on(bench.partner_id, day)) for day in days] == [False, True, True, False]
    overlay = overlay_on(bench.partner_id, FIRST).override
    assert overlay is not None
    assert (overlay.level_name, overlay.last_day, overlay.public_id) == ("Gold", LAST, made.public_id)
    assert [entry.event for entry in entries_about(made)] == ["override.requested", "override.approved"]
    assert made.decided_by_id == bench.chief.user_id


def test_a_level_can_be_lowered_too(bench: Bench) -> None:
    hold_level(bench.partner_id, "gold", starts_on=D(2026, 1, 1))
    bench.approved(FIRST, END, "silver")
    assert levels(bench.partner_id, FIRST - ONE_DAY, FIRST) == ["gold", "silver"]


def test_the_level_held_on_the_first_day_is_what_counts(bench: Bench) -> None:
    """It rises to Gold on 2 April: on 1 April Gold is another level, on 2 April it is the one that is held."""
    hold_level(bench.partner_id, "gold", starts_on=FIRST + ONE_DAY)
    assert refused(lambda: bench.requested(FIRST + ONE_DAY, END)) == ["override.level_held"]
    assert refused(lambda: bench.requested(FIRST, END, "bronze")) == ["override.level_held"]
    assert bench.requested(FIRST, END).level.code == "gold"


@pytest.mark.parametrize("role", ["channel_chief", "ceo"])
def test_chief_or_ceo_are_the_second_person(bench: Bench, role: str) -> None:
    made = bench.requested(FIRST, END)
    assert actions.approve_override(made.public_id, answer="Agreed", by=staff(role), at=NOW).status == "approved"


def test_nobody_decides_about_their_own_request(bench: Bench) -> None:
    own = actions.request_override(bench.asked(FIRST, END), by=bench.chief, at=NOW)
    for deed, words in ((actions.approve_override, {"answer": "Yes"}), (actions.decline_override, {"reason": REASON})):
        assert refused(lambda deed=deed, words=words: deed(own.public_id, by=bench.chief, at=NOW, **words)) == [
            "override.second_person"
        ]
    assert refused(lambda: actions.approve_override(own.public_id, answer="Yes", by=bench.manager, at=NOW)) == [
        "actor.not_permitted"
    ]
    assert Override.objects.get().status == "requested"
    assert levels(bench.partner_id, FIRST) == ["bronze"]


def test_who_may_not_ask_leaves_nothing_behind(bench: Bench) -> None:
    for role in ("ceo", "finance", "direct_sales", "admin"):
        by = staff(role)
        assert refused(lambda by=by: actions.request_override(bench.asked(FIRST, END), by=by, at=NOW)) == [
            "actor.not_permitted"
        ]
    assert not Override.objects.exists()


def test_an_answer_needs_words(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    assert refused(lambda: actions.approve_override(made.public_id, answer=" ", by=bench.chief, at=NOW)) == [
        "override.answer_missing"
    ]
    assert refused(lambda: actions.decline_override(made.public_id, reason="No", by=bench.chief, at=NOW)) == [
        "override.words_missing"
    ]
    assert Override.objects.get().status == "requested"


def test_declined_it_never_counts_and_is_decided_once(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    actions.decline_override(made.public_id, reason="Not this year please", by=bench.chief, at=NOW)
    assert refused(lambda: actions.approve_override(made.public_id, answer="Yes", by=bench.chief, at=NOW)) == [
        "override.not_waiting"
    ]
    assert levels(bench.partner_id, FIRST) == ["bronze"]
    assert bench.requested(FIRST, END).status == "requested"  # and can be asked for again


def test_withdrawn_it_is_gone_for_the_second_person(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    assert refused(lambda: actions.withdraw_override(made.public_id, by=bench.chief, at=NOW)) == [
        "override.others_request"
    ]
    actions.withdraw_override(made.public_id, by=bench.manager, at=NOW)
    assert refused(lambda: actions.approve_override(made.public_id, answer="Yes", by=bench.chief, at=NOW)) == [
        "override.not_waiting"
    ]


def test_no_two_of_a_partner_on_one_day(bench: Bench) -> None:
    bench.approved(FIRST, END)
    assert refused(lambda: bench.requested(LAST, END + ONE_DAY, "silver")) == ["override.overlaps"]
    assert refused(lambda: bench.requested(FIRST - ONE_DAY, FIRST + ONE_DAY, "silver")) == ["override.overlaps"]
    bench.approved(END, D(2026, 7, 1), "silver")
    bench.approved(FIRST - ONE_DAY, FIRST, "silver")
    days = (FIRST - ONE_DAY, FIRST, LAST, END)
    assert levels(bench.partner_id, *days) == ["silver", "gold", "gold", "silver"]
    other = Bench()
    assert other.approved(FIRST, END).status == "approved"


def test_a_second_request_for_the_same_time_waits_for_the_first(bench: Bench) -> None:
    bench.requested(FIRST, END)
    assert refused(lambda: bench.requested(LAST, END + ONE_DAY, "silver")) == ["override.waits_already"]
    assert bench.requested(END, END + ONE_DAY, "silver").status == "requested"


def test_approved_late_it_begins_with_the_approval(bench: Bench) -> None:
    """What held on past days stays as it was, also if the answer takes a month."""
    made = bench.requested(FIRST, END)
    late = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
    before = levels(bench.partner_id, FIRST, D(2026, 4, 30))
    actions.approve_override(made.public_id, answer="Sorry for the wait", by=bench.chief, at=late)
    assert levels(bench.partner_id, FIRST, D(2026, 4, 30)) == before == ["bronze", "bronze"]
    assert levels(bench.partner_id, D(2026, 5, 1), LAST, END) == ["gold", "gold", "bronze"]
    assert entries_about(made).last().facts["before"] == "2026-04-01"


def test_a_request_that_nobody_answered_lapses_with_its_last_day(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    over = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
    assert refused(lambda: actions.approve_override(made.public_id, answer="Yes", by=bench.chief, at=over)) == [
        "override.not_waiting"
    ]
    in_time = over - ONE_DAY
    actions.approve_override(made.public_id, answer="Yes", by=bench.chief, at=in_time)
    assert levels(bench.partner_id, LAST - ONE_DAY, LAST, END) == ["bronze", "gold", "bronze"]


def test_an_approval_looks_again_at_what_is_held(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    hold_level(bench.partner_id, "gold", starts_on=D(2026, 3, 20))
    assert refused(lambda: actions.approve_override(made.public_id, answer="Yes", by=bench.chief, at=NOW)) == [
        "override.level_held"
    ]


def test_the_vendors_day_counts_not_the_clocks(bench: Bench) -> None:
    """Half an hour after the vendor's midnight it is still yesterday in Greenwich."""
    zone = ZoneInfo(settings.TIME_ZONE)
    at = datetime(2026, 3, 11, 0, 30, tzinfo=zone).astimezone(UTC)
    assert (at.date(), day_of(at)) == (D(2026, 3, 10), D(2026, 3, 11))
    assert refused(lambda: bench.requested(D(2026, 3, 10), END, at=at)) == ["override.in_past"]
    made = bench.approved(D(2026, 3, 11), END, at=at)
    before_midnight = datetime(2026, 3, 11, 23, 30, tzinfo=zone)
    ended = actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=before_midnight)
    assert ended.ends_on == D(2026, 3, 12)


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [(D(2026, 12, 15), D(2027, 1, 15)), (D(2026, 12, 31), D(2027, 1, 1)), (D(2027, 2, 28), D(2027, 3, 1))],
)
def test_year_and_month_ends_are_days_like_others(bench: Bench, starts_on: date, ends_on: date) -> None:
    bench.approved(starts_on, ends_on)
    days = (starts_on - ONE_DAY, starts_on, ends_on - ONE_DAY, ends_on)
    assert levels(bench.partner_id, *days) == ["bronze", "gold", "gold", "bronze"]


def test_a_year_from_a_leap_day(bench: Bench) -> None:
    at = datetime(2028, 2, 29, 12, 0, tzinfo=UTC)
    assert refused(lambda: bench.requested(D(2028, 2, 29), D(2029, 3, 1), at=at)) == ["override.too_long"]
    bench.approved(D(2028, 2, 29), D(2029, 2, 28), at=at)
    days = (D(2028, 2, 28), D(2028, 2, 29), D(2028, 3, 1), D(2029, 2, 27), D(2029, 2, 28))
    assert levels(bench.partner_id, *days) == ["bronze", "gold", "gold", "gold", "bronze"]


def test_an_early_end_changes_no_past_day(bench: Bench) -> None:
    made = bench.approved(FIRST, END)
    days = [FIRST - ONE_DAY + timedelta(days=number) for number in range(30)]
    before = levels(bench.partner_id, *days)
    at = datetime(2026, 4, 29, 15, 0, tzinfo=UTC)
    ended = actions.end_override(made.public_id, reason="The tender was lost", by=bench.manager, at=at)
    assert levels(bench.partner_id, *days) == before
    assert ended.ends_on == D(2026, 4, 30)
    assert levels(bench.partner_id, D(2026, 4, 29), D(2026, 4, 30)) == ["gold", "bronze"]
    assert entries_about(made).last().facts["before"] == "2026-06-01"
    again = refused(lambda: actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=at))
    assert again == ["override.ends_already"]
    assert bench.approved(D(2026, 4, 30), END, "silver", at=at).status == "approved"  # the rest is free


def test_ended_before_it_begins_it_never_does(bench: Bench) -> None:
    made = bench.approved(FIRST, END)
    ended = actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=NOW)
    assert ended.ends_on == ended.starts_on
    assert levels(bench.partner_id, FIRST, LAST) == ["bronze", "bronze"]
    assert refused(lambda: actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=NOW)) == [
        "override.over"
    ]
    assert bench.approved(FIRST, END, "silver").status == "approved"


def test_what_was_not_approved_cannot_be_ended(bench: Bench) -> None:
    made = bench.requested(FIRST, END)
    assert refused(lambda: actions.end_override(made.public_id, reason=REASON, by=bench.chief, at=NOW)) == [
        "override.over"
    ]
    assert Override.objects.get().ends_on == END


def test_no_partner_no_override(bench: Bench) -> None:
    Partner.objects.filter(pk=bench.partner_id).update(status="terminated")
    assert refused(lambda: bench.requested(FIRST, END)) == ["override.partner_terminated"]
    bench.partner_id = 10**9
    with pytest.raises(NotFound):
        bench.requested(FIRST, END)


# Freezes


def frozen(bench: Bench, starts_on: date = FIRST, ends_on: date = END) -> Freeze:
    return set_freeze(NewFreeze(bench.partner_id, REASON, starts_on, ends_on), by=bench.manager, at=NOW)


def test_a_freeze_lies_over_its_days(bench: Bench) -> None:
    made = frozen(bench)
    days = (FIRST - ONE_DAY, FIRST, LAST, END)
    assert [overlay_on(bench.partner_id, day).freeze is not None for day in days] == [False, True, True, False]
    assert levels(bench.partner_id, *days) == ["bronze"] * 4
    (entry,) = entries_about(made)
    assert (entry.event, entry.actor_key) == ("freeze.set", bench.manager.key)


def test_a_freeze_ends_early_and_no_day_is_frozen_twice(bench: Bench) -> None:
    made = frozen(bench)
    assert refused(lambda: frozen(bench, LAST, END + ONE_DAY)) == ["freeze.overlaps"]
    at = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
    ended = end_freeze(made.public_id, reason="They are back on track", by=bench.chief, at=at)
    assert ended.ends_on == D(2026, 4, 11)
    assert refused(lambda: end_freeze(made.public_id, reason=REASON, by=bench.chief, at=at)) == [
        "override.ends_already"
    ]
    assert frozen(bench, D(2026, 4, 11), END).pk != made.pk


def test_who_may_not_freeze(bench: Bench) -> None:
    made = frozen(bench)
    for role in ("ceo", "finance"):
        by = staff(role)
        asked = NewFreeze(bench.partner_id, REASON, END, END + ONE_DAY)
        assert refused(lambda by=by, asked=asked: set_freeze(asked, by=by, at=NOW)) == ["actor.not_permitted"]
        assert refused(lambda by=by: end_freeze(made.public_id, reason=REASON, by=by, at=NOW)) == [
            "actor.not_permitted"
        ]
    with pytest.raises(NotFound):
        end_freeze(made.public_id, reason=REASON, by=staff("direct_sales"), at=NOW)
    assert Freeze.objects.get().ends_on == END
