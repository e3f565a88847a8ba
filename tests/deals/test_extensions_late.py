"""Requests for more time that are answered after the end: what was asked in time is in time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from common import outbox
from common.errors import Refused
from common.models import AuditEntry
from deals.actions import extensions
from deals.actions.changes import propose_change
from deals.actions.extensions import grant_extension, refuse_extension, request_extension
from deals.actions.outcomes import release_registration
from deals.models import Extension, Protection, Registration
from deals.queries.protections import pending_extensions
from deals.rules.extensions import may_grant
from partners.models import Notification, User
from tests.factories.deals import Channel, a_channel, registered
from tests.races import outcomes_of

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
WORDS = "The customer signed the offer and asked for a second site."
END = datetime(2026, 12, 13, 10, tzinfo=UTC)


def asked_in_time(channel: Channel, at: datetime) -> tuple[Extension, datetime]:
    """A second request, which waits for a manager, and the end of the protection."""
    deal = registered(channel, at=at, expected_close_on=(at + 30 * DAY).date())
    for _time in range(2):
        found = request_extension(deal.pk, words=WORDS, evidence_on=at.date(), by=channel.seller, at=at)
    assert found.status == "pending"
    return found, Registration.objects.get(pk=deal.pk).protected_until


def claimed_by_rival(channel: Channel, at: datetime) -> Registration:
    return registered(channel, at=at, by_rival=True, expected_close_on=(at + 30 * DAY).date())


def taken_by_rival(channel: Channel, at: datetime) -> Registration:
    taken = claimed_by_rival(channel, at)
    assert taken.status == "approved"
    return taken


def told(channel: Channel, at: datetime) -> dict[str, Notification]:
    outbox.relay(at=at)
    return {each.code: each for each in Notification.objects.filter(user_id=channel.seller.user_id)}


@pytest.mark.parametrize(
    ("status", "at", "codes"),
    [
        ("approved", END - TICK, ()),
        ("approved", END, ()),
        ("approved", END + TICK, ()),
        ("approved", END + 60 * DAY - TICK, ()),
        ("approved", END + 60 * DAY, ("extension.over",)),
        ("approved", END + 60 * DAY + TICK, ("extension.over",)),
        ("released", END, ("extension.not_live",)),
        ("appealed", END, ("extension.not_live",)),
        ("lost", END + 60 * DAY, ("extension.not_live", "extension.over")),
    ],
)
def test_what_can_still_be_granted(status, at, codes):
    assert may_grant(status, ends_before=END, days=60, at=at).codes == codes


@pytest.mark.parametrize("late", [-TICK, 0 * DAY, TICK, 20 * DAY, 60 * DAY - TICK])
def test_it_goes_on_from_the_old_end_whenever_it_is_answered(channel, now, late):
    extension, until = asked_in_time(channel, now)
    granted = grant_extension(extension.pk, words="Sorry, late", by=channel.manager, at=until + late)
    assert (granted.status, granted.ends_before, granted.ends_after) == ("granted", until, until + 60 * DAY)
    deal = Registration.objects.get()
    assert (deal.protected_until, deal.status_on(until + late)) == (until + 60 * DAY, "approved")
    assert Protection.objects.get().ends_at == until + 60 * DAY
    entry = AuditEntry.objects.filter(event="registration.extended").latest("pk")
    assert entry.actor_key == channel.manager.key
    assert "protection.extended" in told(channel, until + 90 * DAY)


def test_the_rival_who_comes_after_that_is_rejected(channel, now):
    extension, until = asked_in_time(channel, now)
    grant_extension(extension.pk, by=channel.manager, at=until + DAY)
    assert claimed_by_rival(channel, until + 2 * DAY).status == "rejected"


@pytest.mark.parametrize("late", [0 * DAY, TICK])
def test_once_the_time_asked_for_is_over_it_can_only_be_refused(channel, now, late):
    extension, until = asked_in_time(channel, now)
    with pytest.raises(Refused) as caught:
        grant_extension(extension.pk, by=channel.manager, at=until + 60 * DAY + late)
    assert [reason.code for reason in caught.value.reasons] == ["extension.over"]
    extension.refresh_from_db()
    assert (extension.status, Protection.objects.get().ends_at) == ("pending", until)
    assert refuse_extension(extension.pk, words="Too late", by=channel.manager, at=until + 61 * DAY).status == "refused"


@pytest.mark.parametrize("is_over", [False, True])
def test_whoever_was_protected_meanwhile_keeps_it_and_the_partner_is_told(channel, now, is_over):
    extension, until = asked_in_time(channel, now)
    rival = taken_by_rival(channel, until)
    if is_over:  # had it, and gave it up: it was somebody else's in the time that was asked for all the same
        release_registration(rival.pk, by=channel.rival_seller, at=until + 5 * DAY)
    before = set(Protection.objects.values_list("pk", "ends_at"))
    answered = grant_extension(extension.pk, words="Yes", by=channel.manager, at=until + 10 * DAY)
    extension.refresh_from_db()
    for row in (answered, extension):
        assert (row.status, row.answer, row.decided_by, row.ends_after) == ("refused", "", "", None)
    assert extension.decided_at == until + 10 * DAY
    assert set(Protection.objects.values_list("pk", "ends_at")) == before
    deal = Registration.objects.get(pk=extension.registration_id)
    assert (deal.protected_until, deal.status_on(until + 10 * DAY)) == (until, "expired")
    entry = AuditEntry.objects.get(event="registration.extension_refused")
    assert (entry.actor_key, entry.facts["reason"]) == ("system", "extension.protected_after")
    news = told(channel, until + 11 * DAY)
    assert "protection.extended" not in news
    assert "Rival" not in str(news["protection.extension_lost"].params)
    with pytest.raises(Refused):
        grant_extension(extension.pk, by=channel.manager, at=until + 10 * DAY)


@pytest.mark.parametrize(("early", "status"), [(TICK, "rejected"), (0 * DAY, "approved"), (-TICK, "approved")])
def test_a_rival_gets_it_from_the_end_on_and_not_before(channel, now, early, status):
    _extension, until = asked_in_time(channel, now)
    assert claimed_by_rival(channel, until - early).status == status


def test_a_deal_that_was_given_up_is_not_prolonged(channel, now):
    extension, _until = asked_in_time(channel, now)
    release_registration(extension.registration_id, by=channel.seller, at=now + DAY)
    with pytest.raises(Refused) as caught:
        grant_extension(extension.pk, by=channel.manager, at=now + 2 * DAY)
    assert [reason.code for reason in caught.value.reasons] == ["extension.not_waiting"]


def test_a_close_that_waited_for_the_time_applies(channel, now):
    extension, until = asked_in_time(channel, now)
    close = (until + 20 * DAY).date()
    change = propose_change(extension.registration_id, typed={"expected_close_on": close}, by=channel.seller, at=now)
    assert change.status == "pending"
    grant_extension(extension.pk, by=channel.manager, at=until + DAY)
    change.refresh_from_db()
    assert (change.status, Registration.objects.get().expected_close_on) == ("applied", close)


def test_it_stays_in_the_managers_list_until_it_is_answered(channel, now):
    extension, until = asked_in_time(channel, now)
    assert list(pending_extensions()) == [extension]
    grant_extension(extension.pk, by=channel.manager, at=until + DAY)
    assert list(pending_extensions()) == []


def browser_of(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.mark.parametrize("is_taken", [False, True])
def test_pages_of_a_late_answer(channel, is_taken):
    """Both sides see that it waits; the manager grants it from the page; the partner reads what came of it."""
    extension, until = asked_in_time(channel, timezone.now() - 121 * DAY)
    assert until < timezone.now()
    if is_taken:
        taken_by_rival(channel, until + TICK)
    partner, manager = browser_of(channel.seller), browser_of(channel.manager)
    page = f"/deals/{extension.registration.public_id}/"
    assert "You asked in time" in partner.get(page).content.decode()
    assert page in manager.get("/deals/requests/").content.decode()
    assert "granted, it goes on from its old end" in manager.get(page).content.decode()
    answer = f"/deals/extensions/{extension.public_id}/"
    said = manager.post(answer, {"verdict": "grant", "words": ""}, follow=True).content.decode()
    text = partner.get(page).content.decode()
    extension.refresh_from_db()
    if is_taken:
        assert "Refused by rule" in said
        assert text.count("no longer free") >= 2  # at the request, and in what happened
        assert channel.rival.name not in text
    else:
        assert (extension.status, "Answered" in said) == ("granted", True)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_a_late_grant_and_a_rival_at_once_leave_one_holder(self, transactional_db, now):
        found, holders = granted_and_taken_at_once(now)
        assert found in (["granted", "rejected"], ["refused", "approved"])
        assert holders == 1

    def test_control_a_grant_that_does_not_look_leaves_two(self, transactional_db, now, monkeypatch):
        monkeypatch.setattr(extensions, "_is_prolonged", lambda registration, until: True)
        assert granted_and_taken_at_once(now)[1] == 2


def granted_and_taken_at_once(now: datetime) -> tuple[list[object], int]:
    """What a late grant and a rival's claim at the same instant come to, and how many hold the customer then."""
    channel = a_channel()
    extension, until = asked_in_time(channel, now)
    at = until + DAY
    found = outcomes_of(
        lambda: str(grant_extension(extension.pk, by=channel.manager, at=at).status),
        lambda: str(claimed_by_rival(channel, at).status),
    )
    return found, Registration.objects.filter(status="approved", protected_until__gt=at).count()
