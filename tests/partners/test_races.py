"""The same news and the same mail from several processes at once."""

import time
from datetime import date

import pytest
from django.core.mail import EmailMultiAlternatives

from partners import queries
from partners.actions import mails, views
from partners.models import Digest, Notification, SavedView
from tests.factories.notices import tell
from tests.factories.partners import MembershipFactory
from tests.races import SIDES, at_once

pytestmark = [
    pytest.mark.concurrency,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("kinds"),
]
DAY = date(2026, 10, 15)


@pytest.fixture
def user():
    return MembershipFactory().user


@pytest.fixture
def sent(monkeypatch):
    """Subjects that a slow mail server took."""
    subjects = []

    def send(message):
        time.sleep(0.2)
        subjects.append(message.subject)

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    return subjects


def test_a_sweeper_on_every_side_tells_once(user, now):
    told = at_once(lambda side: tell(user.pk, at=now, dedup="reg_1 7 days"))
    assert sorted(told) == [0] * (SIDES - 1) + [1]
    assert Notification.objects.count() == 1


def test_control_without_a_key_everybody_tells(user, now):
    at_once(lambda side: tell(user.pk, at=now))
    assert Notification.objects.count() == SIDES


def test_a_notice_is_mailed_once(user, now, sent):
    tell(user.pk, at=now)
    public_id = Notification.objects.get().public_id
    at_once(lambda side: mails.send_due_mails([public_id], at=now))
    assert len(sent) == 1


def test_control_without_the_lock_it_is_mailed_again(user, now, sent, monkeypatch):
    tell(user.pk, at=now)
    public_id = Notification.objects.get().public_id
    due = Notification.objects.filter(mail_due="now", mailed_at=None)
    monkeypatch.setattr(mails, "_lock", lambda key: due.filter(public_id=key).select_related("user").first())
    at_once(lambda side: mails.send_due_mails([public_id], at=now))
    assert len(sent) > 1


def test_a_summary_is_mailed_once(user, now, sent):
    for _ in range(3):
        tell(user.pk, at=now, kind="sample.money", code="sample.paid", params={})
    at_once(lambda side: mails.send_digests(DAY, at=now))
    assert sent == ["3 pieces of news for you"]
    assert Digest.objects.count() == 1


def test_control_for_different_days_more_than_one_side_may_send(user, now, sent, monkeypatch):
    """Neither the locks on the rows nor the day's row: the same news goes out several times."""
    tell(user.pk, at=now, kind="sample.money", code="sample.paid", params={})
    monkeypatch.setattr("django.db.models.QuerySet.select_for_update", lambda rows, **_: rows)
    at_once(lambda side: mails.send_digests(date(2026, 10, 1 + side), at=now))
    assert len(sent) > 1


def test_views_saved_at_once_are_one_and_have_places_of_their_own(user):
    actor = queries.actor_of(user)
    at_once(lambda side: views.save_view("deals.list", name="Mine", query=f"q={side}", is_shared=False, by=actor))
    assert SavedView.objects.count() == 1
    at_once(lambda side: views.save_view("deals.list", name=f"{side}", query="", is_shared=False, by=actor))
    places = list(SavedView.objects.values_list("position", flat=True))
    assert sorted(places) == list(range(1, SIDES + 2))
