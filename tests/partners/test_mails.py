from datetime import date, timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.utils import timezone

from common import outbox
from common.choices import WorkStatus
from common.models import OutboxMessage
from partners import queries
from partners.actions import mails, notices
from partners.models import Digest, Membership, Notification, User
from partners.rules import NoticeWish
from prm import tasks
from tests.factories.notices import tell
from tests.factories.partners import MembershipFactory, VendorRoleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kinds")]
DAY = date(2026, 10, 15)
PAID = {"kind": "sample.money", "code": "sample.paid", "params": {}, "url": "/statements/"}


@pytest.fixture
def anna():
    return MembershipFactory(user__email="anna@example.com").user


@pytest.fixture
def refusing(monkeypatch):
    """Addresses that the mail server does not take."""
    refused = set()
    send = EmailMultiAlternatives.send

    def send_or_refuse(message, *args, **kwargs):
        if refused.intersection(message.to):
            raise ConnectionRefusedError(message.to)
        return send(message, *args, **kwargs)

    monkeypatch.setattr(EmailMultiAlternatives, "send", send_or_refuse)
    return refused


def test_the_mail_follows_the_commit_once(anna, now, mailoutbox):
    tell(anna.pk, at=now)
    assert mailoutbox == []
    assert outbox.relay(at=now) == 1
    assert outbox.relay(at=now + timedelta(days=1)) == 0
    notice = Notification.objects.get()
    mails.send_due_mails([notice.public_id], at=now)  # the same message again
    (mail,) = mailoutbox
    assert mail.to == ["anna@example.com"]
    assert mail.subject == "The registration of Zwack is approved for €1,234.50."
    assert notice.mailed_at


def test_a_mail_is_text_and_html_and_leads_back(anna, now, mailoutbox, settings):
    settings.BASE_URL = "https://prm.example.com"
    tell(anna.pk, at=now, params={"customer": "<b>R&D</b>", "amount": "5", "currency": "EUR"})
    outbox.relay(at=now)
    (mail,) = mailoutbox
    link = f"https://prm.example.com/notices/{Notification.objects.get().public_id}/"
    assert "The registration of <b>R&D</b> is approved for €5.00." in mail.body
    assert link in mail.body.split()
    assert mail.body.rstrip().endswith("https://prm.example.com/notices/preferences/")
    ((html, mime),) = mail.alternatives
    assert mime == "text/html"
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in html
    assert f'href="{link}"' in html
    assert 'href="https://prm.example.com/notices/preferences/"' in html
    assert "background-color: #1d55c4" in html
    assert "<style" not in html


def test_everybody_reads_it_in_their_language(now, mailoutbox, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    languages = {"de": "german@example.com", "en": "english@example.com", "xx": "unknown@example.com"}
    for language, email in languages.items():
        MembershipFactory(user__email=email, user__language=language)
    people = User.objects.values_list("pk", flat=True)
    tell(*people, at=now)
    tell(*people, at=now, code="sample.translated", params={})
    outbox.relay(at=now)
    subjects = {(mail.to[0].split("@")[0], mail.subject) for mail in mailoutbox}
    assert subjects == {
        ("german", "The registration of Zwack is approved for 1.234,50 €."),
        ("english", "The registration of Zwack is approved for €1,234.50."),
        ("unknown", "The registration of Zwack is approved for €1,234.50."),
        ("german", "Bitte ein gültiges Datum eingeben."),
        ("english", "Enter a valid date."),
        ("unknown", "Enter a valid date."),
    }
    german = next(mail for mail in mailoutbox if mail.to == ["german@example.com"])
    assert '<html lang="de"' in german.alternatives[0][0]


def test_a_line_break_in_a_name_does_not_end_the_subject(anna, now, mailoutbox):
    params = {"customer": "Zwack\r\nBcc: rival@example.com", "amount": "5", "currency": "EUR"}
    tell(anna.pk, at=now, params=params)
    outbox.relay(at=now)
    (mail,) = mailoutbox
    assert mail.subject == "The registration of Zwack Bcc: rival@example.com is approved for €5.00."
    assert mail.recipients() == ["anna@example.com"]


@pytest.mark.parametrize("loss", ["left the partner", "was deactivated"])
def test_who_may_not_read_it_any_more_gets_no_mail(loss, anna, now, mailoutbox):
    tell(anna.pk, at=now)
    tell(anna.pk, at=now, **PAID)
    if loss == "left the partner":
        Membership.objects.update(is_active=False)
    else:
        User.objects.update(is_active=False)
    outbox.relay(at=now)
    assert mails.send_digests(DAY, at=now) == mails.DigestCount(0, 0)
    assert mailoutbox == []
    assert set(Notification.objects.values_list("mail_due", "mailed_at")) == {("none", None)}
    assert queries.people_with_digest_due(now) == []


def test_one_bad_address_holds_nobody_up(anna, now, mailoutbox, refusing):
    bad = MembershipFactory(user__email="bad@example.com").user
    refusing.add("bad@example.com")
    tell(bad.pk, anna.pk, at=now)
    assert outbox.relay(at=now) == 1
    assert [mail.to for mail in mailoutbox] == [["anna@example.com"]]
    waiting = OutboxMessage.objects.get(status=WorkStatus.WAITING)
    notice = Notification.objects.get(user=bad)
    assert waiting.payload == {"notices": [notice.public_id]}
    tomorrow = timezone.now() + timedelta(days=1)
    assert outbox.relay(at=tomorrow) == 0
    assert OutboxMessage.objects.get(pk=waiting.pk).attempts == 1
    refusing.clear()
    assert outbox.relay(at=tomorrow + timedelta(days=1)) == 1
    assert [mail.to for mail in mailoutbox] == [["anna@example.com"], ["bad@example.com"]]


def test_what_could_not_be_mailed_at_once_is_in_the_next_summary(anna, now, mailoutbox, refusing):
    refusing.add("anna@example.com")
    tell(anna.pk, at=now)
    for days in range(10):
        outbox.relay(at=now + timedelta(days=days))
    assert OutboxMessage.objects.get().status == WorkStatus.QUARANTINED
    assert mails.send_digests(DAY, at=now + timedelta(days=10)) == mails.DigestCount(0, 1)
    refusing.clear()
    assert mails.send_digests(DAY, at=now + timedelta(minutes=60)) == mails.DigestCount(0, 0)  # may be on its way
    assert mails.send_digests(DAY, at=now + timedelta(minutes=61)) == mails.DigestCount(1, 0)
    assert len(mailoutbox) == 1


def test_the_summary_groups_a_days_news_and_comes_once(anna, now, mailoutbox):
    wish = {"sample.decided": NoticeWish(in_portal=False, email="daily")}
    notices.choose_notices(wish, by=queries.actor_of(anna))
    manager = VendorRoleFactory(user__email="manager@example.com").user
    tell(anna.pk, at=now, **PAID)
    tell(anna.pk, at=now)
    tell(anna.pk, at=now, **PAID)
    tell(manager.pk, at=now, kind="sample.queue", code="sample.waiting", params={"customer": "Zwack", "day": DAY})
    assert OutboxMessage.objects.count() == 0
    assert mails.send_digests(DAY, at=now) == mails.DigestCount(2, 0)
    assert mails.send_digests(DAY, at=now) == mails.DigestCount(0, 0)
    subjects = {mail.to[0]: mail.subject for mail in mailoutbox}
    assert subjects == {
        "anna@example.com": "3 pieces of news for you",
        "manager@example.com": "1 piece of news for you",
    }
    body = next(mail.body for mail in mailoutbox if mail.to == ["anna@example.com"])
    places = [body.index(part) for part in ("Decisions", "- The registration", "Money", "- A payout")]
    assert places == sorted(places)
    assert body.count("Money") == 1
    assert body.count("- A payout") == 2
    assert not Notification.objects.filter(mailed_at=None).exists()


def test_what_comes_later_waits_for_the_next_day(anna, now, mailoutbox):
    tell(anna.pk, at=now, **PAID)
    mails.send_digests(DAY, at=now)
    tell(anna.pk, at=now, **PAID)
    assert mails.send_digests(DAY, at=now) == mails.DigestCount(0, 0)
    assert mails.send_digests(DAY + timedelta(days=1), at=now) == mails.DigestCount(1, 0)
    assert [mail.subject for mail in mailoutbox] == ["1 piece of news for you"] * 2


def test_a_long_summary_is_cut_and_says_so(anna, now, mailoutbox, monkeypatch):
    monkeypatch.setattr(mails, "LINES", 2)
    for _ in range(5):
        tell(anna.pk, at=now, **PAID)
    mails.send_digests(DAY, at=now)
    (mail,) = mailoutbox
    assert mail.body.count("- A payout") == 2
    assert "And 3 more in the portal:" in mail.body
    assert "And 3 more in the portal" in mail.alternatives[0][0]
    assert not Notification.objects.filter(mailed_at=None).exists()


def test_a_failed_summary_leaves_everything_for_the_next_one(anna, now, mailoutbox, refusing):
    other = MembershipFactory(user__email="other@example.com").user
    refusing.add("anna@example.com")
    tell(anna.pk, other.pk, at=now, **PAID)
    with pytest.raises(CommandError):
        call_command("send_digests", "--day", str(DAY))
    assert list(Digest.objects.values_list("user", "day")) == [(other.pk, DAY)]
    refusing.clear()
    call_command("send_digests", "--day", str(DAY))
    assert [mail.to for mail in mailoutbox] == [["other@example.com"], ["anna@example.com"]]


def test_the_timetable_sends_todays_summary(anna, now, mailoutbox):
    tell(anna.pk, at=now, **PAID)
    tasks.send_digests()
    tasks.send_digests()
    assert len(mailoutbox) == 1
