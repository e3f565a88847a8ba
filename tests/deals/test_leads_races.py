"""Several answer one offer at once, or its time ends meanwhile: one thing happens. The control takes the lock away."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from common.errors import Refused
from deals.actions import leads
from deals.actions.leads import accept_offer, expire_offers
from deals.models import Lead, LeadOffer, Registration
from tests.factories.deals import a_channel, seller_of
from tests.factories.leads import an_offer
from tests.races import outcomes_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


def two_accept():
    channel = a_channel()
    offer, colleague = an_offer(channel, at=AT), seller_of(channel.partner)
    return outcomes_of(
        lambda: accept_offer(offer.public_id, by=channel.seller, at=AT),
        lambda: accept_offer(offer.public_id, by=colleague, at=AT),
    )


def test_of_two_colleagues_one_accepts():
    refused = [outcome for outcome in two_accept() if isinstance(outcome, Exception)]
    assert [type(each) for each in refused] == [Refused]
    assert Registration.objects.count() == 1


def test_control_without_the_lock_there_are_two_deals(monkeypatch):
    barrier = threading.Barrier(2)

    def unlocked(lead_id: int) -> Lead:
        return Lead.objects.select_related("family").get(pk=lead_id)

    may_take = leads.rules.may_take

    def together(standing):
        barrier.wait(timeout=60)
        return may_take(standing)

    monkeypatch.setattr(leads, "_lock", unlocked)
    monkeypatch.setattr(leads.rules, "may_take", together)
    two_accept()
    assert Registration.objects.count() == 2


def test_an_answer_and_the_end_of_the_time_exclude_each_other():
    channel = a_channel()
    offer = an_offer(channel, at=AT)
    end = offer.expires_at
    accepted, expired = outcomes_of(
        lambda: accept_offer(offer.public_id, by=channel.seller, at=end - timedelta(microseconds=1)),
        lambda: expire_offers(at=end),
    )
    offer.refresh_from_db()
    lead, waiting = Lead.objects.get(), LeadOffer.objects.filter(answer="waiting").count()
    if isinstance(accepted, Refused):
        assert (expired, offer.answer, lead.status, waiting) == (1, "expired", "offered", 1)
    else:
        assert (expired, offer.answer, lead.status, waiting) == (0, "accepted", "accepted", 0)
    assert Registration.objects.count() == (lead.status == "accepted")


def test_several_sweepers_end_an_offer_once():
    offer = an_offer(a_channel(), at=AT)
    done = outcomes_of(*[lambda: expire_offers(at=offer.expires_at)] * 4)
    assert sum(done) == 1
    assert LeadOffer.objects.count() == 2
