"""What people are told of a decision: a partner what its receipt says, a reviewer what waits, nobody a rival's fact."""

from datetime import timedelta

import pytest
from django.core import mail

from common import outbox
from common.errors import NotFound
from common.reasons import sentence
from common.verdict import Reason
from deals.actions.news.decisions import tell_decision
from partners.models import Notification
from tests.factories.deals import registered

HOUR = timedelta(hours=1)


def told(user) -> list[tuple[str, str]]:
    """Kinds and sentences, oldest first."""
    found = Notification.objects.filter(user=user).order_by("pk")
    return [(notice.kind, sentence(Reason(notice.code, notice.params))) for notice in found]


def handle_news(at) -> None:
    while outbox.relay(at=at):
        pass


def test_a_partner_is_told_what_its_receipt_says_and_a_reviewer_what_waits(channel, now):
    registered(channel, at=now, by_rival=True)
    registered(channel, at=now)
    registered(channel, at=now, customer_name="Somebody Else", customer_domain="", amount=50_000)
    handle_news(now + HOUR)
    seller = channel.partner.memberships.get().user
    assert [kind for kind, _ in told(seller)] == ["decision", "decision"]
    texts = [text for _, text in told(seller)]
    assert texts[0].startswith("Zwack Unicum Nyrt. is not protected for you: Under the rules of engagement")
    assert texts[1].startswith("A person decides about Somebody Else: The value of €50,000.00 is above")
    assert not any("Rival" in message.body + message.subject for message in mail.outbox if message.to == [seller.email])
    waits = Notification.objects.get(kind="review_waits")
    assert waits.user_id == channel.manager.user_id
    assert waits.subject_id


def test_a_decision_is_told_once(channel, now):
    deal = registered(channel, at=now)
    decision = deal.decisions.get()
    tell_decision(decision_id=decision.pk, at=now)
    tell_decision(decision_id=decision.pk, at=now)
    assert Notification.objects.filter(kind="decision").count() == 1


def test_news_about_a_decision_that_is_not_there_fails_loudly(db, now):
    with pytest.raises(NotFound):
        tell_decision(decision_id=1, at=now)
