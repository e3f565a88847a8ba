"""A won deal counts once in the score book, in the transaction that wins it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum

from common.errors import Refused
from deals.actions.outcomes import lose_registration, note_sale_changed, release_registration, win_registration
from tests.factories.crm import SaleFactory
from tests.factories.deals import registered
from tiers.models import ScoreCredit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def won_deals() -> dict[int, Decimal]:
    rows = ScoreCredit.objects.filter(metric__code="won_deals").values_list("partner_id")
    return dict(rows.annotate(total=Sum("amount")))


def test_a_deal_won_by_hand_counts_from_that_day(channel, now):
    won = win_registration(registered(channel, at=now).pk, by=channel.seller, at=now + HOUR)
    credit = ScoreCredit.objects.get(metric__code="won_deals")
    assert (credit.partner_id, credit.amount, credit.valid_until, credit.holder) == (channel.partner.pk, 1, None, "")
    assert (credit.source_kind, credit.source_key, credit.label) == ("registration", won.public_id, won.customer_name)
    assert (credit.valid_from, credit.recorded_at, credit.metric.unit) == (now.date(), now + HOUR, "number")
    with pytest.raises(Refused):
        win_registration(won.pk, by=channel.seller, at=now + 2 * HOUR)
    assert won_deals() == {channel.partner.pk: 1}


def test_a_deal_won_by_its_sale_counts_once_however_often_it_is_reported(channel, now):
    deal = registered(channel, at=now)
    facts = {"partner": channel.partner, "customer": channel.customer, "booked_on": date(2026, 10, 20)}
    sale = SaleFactory(registration_public_id=deal.public_id, **facts)
    for hours in (1, 2):
        note_sale_changed(sale_ids=[sale.pk], partner_ids=[channel.partner.pk], at=now + hours * HOUR)
    assert won_deals() == {channel.partner.pk: 1}


@pytest.mark.parametrize("end", ["lost", "released", "refused"])
def test_what_is_not_won_counts_nothing(channel, now, end):
    deal = registered(channel, at=now)
    if end == "lost":
        lose_registration(deal.pk, reason="price", by=channel.seller, at=now + HOUR)
    elif end == "released":
        release_registration(deal.pk, by=channel.seller, at=now + HOUR)
    else:
        with pytest.raises(Refused):
            win_registration(deal.pk, by=channel.rival_seller, at=now + HOUR)
    assert won_deals() == {}


def test_a_win_that_is_rolled_back_counts_nothing(channel, now):
    deal = registered(channel, at=now)
    with transaction.atomic():
        win_registration(deal.pk, by=channel.seller, at=now + HOUR)
        transaction.set_rollback(True)
    deal.refresh_from_db()
    assert (deal.status, won_deals()) == ("approved", {})
