"""What keeps a protection and what ends it: the ladder of inactivity, warnings before the end, giving up, revoking."""

from datetime import UTC, date, datetime, timedelta

import pytest

from common import outbox
from common.errors import Refused
from common.models import AuditEntry
from deals.actions import activity
from deals.actions.activity import keep_ladders, move_stage
from deals.actions.comments import add_comment
from deals.actions.extensions import request_extension
from deals.actions.outcomes import release_registration, revoke_registration
from deals.models import LifeWarning, Protection, Registration, Rulebook
from deals.queries.protections import protection_standing
from deals.rules.activity import activity_standing, free_from, warning_reached
from deals.rules.terms import Terms
from partners.models import Notification
from tests.factories.deals import a_channel, registered, vendor
from tests.races import at_once

TERMS, DAY, TICK = Terms(), timedelta(days=1), timedelta(microseconds=1)
SINCE = datetime(2026, 10, 14, 10, tzinfo=UTC)


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def events(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("id").values_list("event", flat=True))


def held_long(channel, now) -> Registration:
    """Protected for a year, so that only inactivity can end it."""
    approved = registered(channel, at=now)
    Registration.objects.update(protected_until=now + 365 * DAY)
    Protection.objects.update(ends_at=now + 365 * DAY)
    approved.refresh_from_db()
    assert approved.last_activity_at == now
    return approved


@pytest.mark.parametrize(
    ("idle", "rung", "days_left"),
    [
        (0 * DAY, "fresh", 75),
        (45 * DAY - TICK, "fresh", 31),
        (45 * DAY, "nudge", 30),
        (45 * DAY + TICK, "nudge", 30),
        (60 * DAY - TICK, "nudge", 16),
        (60 * DAY, "at_risk", 15),
        (60 * DAY + TICK, "at_risk", 15),
        (75 * DAY - TICK, "at_risk", 1),
        (75 * DAY, "release", 0),
        (75 * DAY + TICK, "release", 0),
        (-TICK, "fresh", 76),
    ],
)
def test_the_ladder(idle, rung, days_left):
    found = activity_standing(SINCE, SINCE + idle, TERMS)
    assert (found.rung, found.days_left, found.releases_at) == (rung, days_left, SINCE + 75 * DAY)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (30 * DAY + TICK, None),
        (30 * DAY, 30),
        (30 * DAY - TICK, 30),
        (14 * DAY + TICK, 30),
        (14 * DAY, 14),
        (14 * DAY - TICK, 14),
        (3 * DAY + TICK, 14),
        (3 * DAY, 3),
        (3 * DAY - TICK, 3),
        (TICK, 3),
        (0 * DAY, None),
        (-TICK, None),
    ],
)
def test_warnings_before_the_end(left, expected):
    assert warning_reached(SINCE + left, SINCE, TERMS) == expected


def test_the_customer_is_free_at_whichever_comes_first():
    assert free_from(SINCE, SINCE + DAY) == free_from(SINCE + DAY, SINCE) == free_from(SINCE, None) == SINCE


def test_each_rung_is_told_once_and_the_last_frees_the_customer(channel, now):
    approved = held_long(channel, now)
    assert keep_ladders(at=now + 45 * DAY - TICK) == 0
    assert [keep_ladders(at=now + 45 * DAY) for _ in range(2)] == [1, 0]
    assert [keep_ladders(at=now + 60 * DAY) for _ in range(2)] == [1, 0]
    assert keep_ladders(at=now + 75 * DAY - TICK) == 0
    assert [keep_ladders(at=now + 75 * DAY) for _ in range(2)] == [1, 0]
    approved.refresh_from_db()
    assert (approved.status, approved.protected_until) == ("released", now + 75 * DAY)
    assert Protection.objects.get().ends_at == now + 75 * DAY
    assert events(approved)[-3:] == ["registration.nudged", "registration.at_risk", "registration.released"]
    assert (
        registered(channel, at=now + 75 * DAY, by_rival=True, expected_close_on=date(2027, 3, 1)).status == "approved"
    )


def test_until_the_very_release_the_customer_is_not_free(channel, now):
    held_long(channel, now)
    assert (
        registered(channel, at=now + 75 * DAY - TICK, by_rival=True, expected_close_on=date(2027, 3, 1)).status
        == "rejected"
    )


def test_a_ladder_that_was_not_swept_for_long_is_not_climbed_step_by_step(channel, now):
    held_long(channel, now)
    assert keep_ladders(at=now + 61 * DAY) == 1
    assert list(LifeWarning.objects.values_list("kind", "days")) == [("at_risk", 60)]


@pytest.mark.parametrize("act", ["comment", "stage", "extension"])
def test_what_the_partner_does_begins_the_ladder_anew(channel, now, act):
    approved = held_long(channel, now)
    at = now + 46 * DAY
    keep_ladders(at=at)
    if act == "comment":
        add_comment(approved.pk, stream="shared", text="They signed.", by=channel.seller, at=at)
    elif act == "stage":
        move_stage(approved.pk, stage="proposal", by=channel.seller, at=at)
    else:
        request_extension(approved.pk, words="x" * 20, evidence_on=at.date(), by=channel.seller, at=at)
    assert Registration.objects.get().last_activity_at == at
    assert keep_ladders(at=now + 75 * DAY) == 0
    assert [keep_ladders(at=at + 45 * DAY) for _ in range(2)] == [1, 0]
    assert LifeWarning.objects.filter(kind="nudge").count() == 2


def test_what_the_vendor_does_is_no_activity_of_the_partner(channel, now):
    approved = held_long(channel, now)
    for stream in ("shared", "internal"):
        add_comment(approved.pk, stream=stream, text="How is it?", by=channel.manager, at=now + DAY)
    assert Registration.objects.get().last_activity_at == now


def test_the_end_is_warned_of_and_an_extension_begins_anew(channel, now):
    approved = registered(channel, at=now)
    end = approved.protected_until
    add_comment(approved.pk, stream="shared", text="On it", by=channel.seller, at=end - 30 * DAY)
    assert keep_ladders(at=end - 30 * DAY - TICK) == 0
    for days in (30, 14, 3):
        assert [keep_ladders(at=end - days * DAY) for _ in range(2)] == [1, 0]
    request_extension(approved.pk, words="x" * 20, evidence_on=(end - DAY).date(), by=channel.seller, at=end - DAY)
    assert keep_ladders(at=end + 30 * DAY - TICK) == 0
    assert keep_ladders(at=end + 30 * DAY) == 1
    ends = LifeWarning.objects.filter(kind="ends").order_by("at")
    assert list(ends.values_list("days", flat=True)) == [30, 14, 3, 30]


def test_what_lapsed_by_itself_is_left_alone(channel, now):
    approved = registered(channel, at=now)
    assert keep_ladders(at=approved.protected_until) == 0
    assert keep_ladders(at=now + 365 * DAY) == 0
    assert Registration.objects.get().status == "approved"


def test_the_terms_that_were_promised_hold(channel, now, django_assert_max_num_queries):
    """A version published later does not shorten the time of those who were approved before."""
    held_long(channel, now)
    old = Rulebook.objects.get()
    Rulebook.objects.create(
        version=2,
        rules=old.rules,
        terms={"nudge_days": 5, "at_risk_days": 6, "release_days": 7},
        effective_from=now.date(),
        published_at=now,
    )
    later = registered(channel, at=now + DAY, customer_name="Somebody Else", customer_domain="")
    with django_assert_max_num_queries(40):
        assert keep_ladders(at=now + 9 * DAY) == 1
    assert list(Registration.objects.filter(status="released")) == [later]


def test_where_the_end_comes_first_nobody_is_promised_that_words_help(channel, now):
    approved = registered(channel, at=now)
    keep_ladders(at=now + 45 * DAY)
    outbox.relay(at=now + 46 * DAY)
    notice = Notification.objects.get(code="protection.idle")
    assert notice.params["day"] == approved.protected_until.date().isoformat()


def test_the_partner_is_told_and_nobody_else(channel, now):
    held_long(channel, now)
    keep_ladders(at=now + 45 * DAY)
    outbox.relay(at=now + 46 * DAY)
    notice = Notification.objects.get(code="protection.nudge")
    assert notice.user_id == channel.seller.user_id
    assert notice.params["day"] == (now + 75 * DAY).date().isoformat()


def test_a_partner_gives_up(channel, now):
    approved = registered(channel, at=now)
    for outsider in (channel.rival_seller, channel.manager):
        with pytest.raises(Refused) as caught:
            release_registration(approved.pk, by=outsider, at=now + DAY)
        assert codes(caught) == ("actor.not_permitted",)
    released = release_registration(approved.pk, by=channel.seller, at=now + DAY)
    assert (released.status, released.protected_until) == ("released", now + DAY)
    assert Protection.objects.get().ends_at == now + DAY
    assert events(released)[-1] == "registration.released"
    with pytest.raises(Refused) as caught:
        release_registration(approved.pk, by=channel.seller, at=now + DAY)
    assert codes(caught) == ("registration.status",)
    assert registered(channel, at=now + DAY, by_rival=True, expected_close_on=date(2027, 3, 1)).status == "approved"


def test_the_vendor_revokes_in_words(channel, now):
    approved = registered(channel, at=now)
    for by, words, expected in [
        (channel.seller, "Mine", "actor.not_permitted"),
        (vendor("finance"), "Ours", "actor.not_permitted"),
        (channel.manager, " ", "registration.words_missing"),
        (channel.manager, "x" * 2001, "registration.text_too_long"),
    ]:
        with pytest.raises(Refused) as caught:
            revoke_registration(approved.pk, words=words, by=by, at=now)
        assert codes(caught) == (expected,)
    assert Registration.objects.get().status == "approved"
    revoked = revoke_registration(approved.pk, words="Sold elsewhere", by=channel.manager, at=now + DAY)
    assert (revoked.status, revoked.protected_until) == ("revoked", now + DAY)
    assert Protection.objects.get().ends_at == now + DAY
    assert AuditEntry.objects.get(event="registration.revoked").facts == {"words": "Sold elsewhere"}


def test_neither_is_possible_once_it_has_lapsed(channel, now):
    approved = registered(channel, at=now)
    end = approved.protected_until
    for act in (
        lambda: release_registration(approved.pk, by=channel.seller, at=end),
        lambda: revoke_registration(approved.pk, words="x", by=channel.manager, at=end),
        lambda: move_stage(approved.pk, stage="proposal", by=channel.seller, at=end),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert codes(caught) == ("registration.status",)


def test_the_stage_moves(channel, now):
    waiting = registered(channel, at=now, amount=50_000)
    for stage, expected in (("prospect", "registration.stage_same"), ("won", "registration.choice_invalid")):
        with pytest.raises(Refused) as caught:
            move_stage(waiting.pk, stage=stage, by=channel.seller, at=now)
        assert codes(caught) == (expected,)
    moved = move_stage(waiting.pk, stage="negotiation", by=channel.seller, at=now)
    assert (moved.stage, moved.status, moved.last_activity_at) == ("negotiation", "in_review", None)
    assert events(moved)[-1] == "registration.stage_moved"


def test_the_standing_of_a_page(channel, now):
    approved = registered(channel, at=now)
    standing = protection_standing(approved, TERMS, now)
    assert (standing.ends_at, standing.free_at) == (approved.protected_until, approved.protected_until)
    for days, asks_for in ((29, ""), (30, "time"), (59, "time")):
        assert protection_standing(approved, TERMS, now + days * DAY).asks_for == asks_for
    Registration.objects.update(protected_until=now + 365 * DAY)
    approved.refresh_from_db()
    assert protection_standing(approved, TERMS, now).free_at == now + 75 * DAY
    for days, asks_for in ((44, ""), (45, "activity"), (74, "activity")):
        assert protection_standing(approved, TERMS, now + days * DAY).asks_for == asks_for
    assert protection_standing(approved, TERMS, now + 365 * DAY) is None


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_many_sweepers_one_acts(now):
    approved = held_long(a_channel(), now)
    for days, expected in ((45, "registration.nudged"), (75, "registration.released")):
        assert sum(at_once(lambda _side, days=days: keep_ladders(at=now + days * DAY))) == 1
        assert events(approved).count(expected) == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_sweepers_that_take_no_lock_act_twice(now, monkeypatch):
    approved = held_long(a_channel(), now)
    manager = activity.Registration.objects
    monkeypatch.setattr(type(manager), "select_for_update", lambda self, **_: self.all(), raising=False)
    assert sum(at_once(lambda _side: keep_ladders(at=now + 75 * DAY))) > 1
    assert events(approved).count("registration.released") > 1
