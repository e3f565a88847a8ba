"""The dashboard equals the rows behind it, in a fixed number of statements."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.actor import SYSTEM
from common.money import Money
from common.period import Period
from deals.actions.breaches import acknowledge_breach, settle_breach
from deals.actions.reviews import approve_registration
from incentives.actions.payouts import record_payout
from insights.queries.dashboard import answers_in, dashboard_for, dashboard_period
from insights.queries.home import partner_home, vendor_home
from insights.queries.sales import sales_behind, total_of
from tests.factories.cases import broken
from tests.factories.crm import SaleFactory, SaleLineFactory
from tests.factories.deals import a_channel, drafted, registered, vendor
from tests.factories.incentives import FINANCE, night, published, sold
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)


def statement_count(look) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        look()
    return len(caught)


def direct_sale(amount: str, on: date, **other) -> None:
    SaleLineFactory(sale=SaleFactory(booked_on=on, **other), net_amount=Decimal(amount))


def test_the_period_is_twelve_whole_months():
    assert dashboard_period(date(2026, 10, 14)) == Period(date(2025, 11, 1), date(2026, 11, 1))
    assert dashboard_period(date(2026, 12, 31)) == Period(date(2026, 1, 1), date(2027, 1, 1))
    assert dashboard_period(date(2027, 1, 1)) == Period(date(2026, 2, 1), date(2027, 2, 1))


def test_channel_mix_equals_the_sales_behind_it(now):
    partner_id = PartnerFactory().pk
    sold(partner_id, "300", date(2026, 10, 1))
    sold(partner_id, "500", date(2025, 11, 1))
    sold(partner_id, "7", date(2025, 10, 31))  # the day before the period
    direct_sale("200", date(2026, 9, 30))
    direct_sale("9", date(2026, 9, 30), status="cancelled")
    direct_sale("11", date(2026, 9, 30), waits_for_rate=True)
    direct_sale("13", date(2026, 9, 30), is_current=False)
    page = dashboard_for(SYSTEM, at=now)
    assert (page.partner_amount, page.direct_amount, page.partner_share) == (800, 200, Decimal("0.8"))
    assert len(page.mix) == 12
    assert (page.mix[0].partner_amount, page.mix[-1].partner_amount, page.mix[-2].direct_amount) == (500, 300, 200)
    manager = vendor("ceo")
    for channel, amount in (("", 1000), ("partner", 800), ("direct", 200)):
        assert total_of(sales_behind(manager, page.period, channel=channel)) == amount
    october = sales_behind(manager, Period(OCTOBER, date(2026, 11, 1)))
    assert [sale.base_total for sale in october] == [300]


def test_an_empty_program_has_a_dashboard(now):
    page = dashboard_for(vendor("ceo"), at=now)
    assert page.partner_share is None
    assert page.answers.count == page.waiting_count == page.accrued == 0
    assert [row.partner_amount for row in page.mix] == [0] * 12
    assert all(total.count == 0 for total in page.registrations.values())


def test_registrations_and_answers(now):
    channel = a_channel()
    waiting = registered(channel, at=now, amount=50_000)
    registered(channel, at=now, customer_name="Small One", customer_domain="", customer_country="DE")
    drafted(channel, at=now)
    page = dashboard_for(vendor("ceo"), at=now)
    assert (page.registrations["in_review"].count, page.registrations["approved"].count) == (1, 1)
    assert page.registrations["draft"].count == 0  # the vendor does not see drafts
    assert (page.waiting_count, page.overdue_count) == (1, 0)
    assert page.answers.automatic_share == 1
    later = datetime(2026, 10, 20, 10, 0, tzinfo=UTC)
    assert dashboard_for(vendor("ceo"), at=later).overdue_count == 1
    approve_registration(waiting.pk, reason="Known customer of theirs", by=channel.manager, at=later)
    answers = dashboard_for(vendor("ceo"), at=later).answers
    assert (answers.count, answers.person_count, answers.late_count) == (2, 1, 1)
    assert answers.median == later - now
    assert len(answers_in(dashboard_period(later.date()))) == 2


def test_accrued_and_paid_equal_the_ledger(now):
    partner_id = PartnerFactory().pk
    published(("0", "0.10"))
    sold(partner_id, "1000", date(2026, 9, 3))
    night(date(2026, 9, 30), partner_id)
    record_payout(partner_id, Money(Decimal(40), "EUR"), reference="SEPA-1", by=FINANCE, at=now)
    page = dashboard_for(SYSTEM, at=now)
    assert (page.accrued, page.paid, page.owed) == (100, 40, 60)
    assert page.accrued - page.paid == page.owed


def test_promises_kept_and_broken(now):
    chief = vendor("channel_chief")
    breach = broken(a_channel(), at=now - timedelta(days=3))
    page = dashboard_for(SYSTEM, at=now)
    assert (page.open_breach_count, page.breaches.found, page.breaches.made_good_share) == (1, 1, None)
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=now)
    settle_breach(breach.pk, amount=breach.amount, by=chief, at=now)
    page = dashboard_for(SYSTEM, at=now)
    assert (page.open_breach_count, page.breaches.made_good_share) == (0, Decimal(1))
    assert page.breaches.settled_amount == page.accrued == Decimal("1200.00"), "the ledger says the same"
    assert (page.appeals.judged, page.appeals.overturn_rate) == (0, None)


def test_the_dashboard_takes_as_many_statements_for_many_rows(now):
    channel = a_channel()
    ceo = vendor("ceo")
    registered(channel, at=now)
    sold(channel.partner.pk, "300", OCTOBER)
    few = statement_count(lambda: dashboard_for(ceo, at=now))
    for number in range(8):
        registered(channel, at=now, customer_name=f"Company {number}", customer_domain="", customer_country="DE")
        sold(channel.rival.pk, "300", date(2026, 1 + number, 1))
    assert statement_count(lambda: dashboard_for(ceo, at=now)) == few


def test_a_partners_home_shows_its_own_business_only(now):
    channel = a_channel()
    registered(channel, at=now)
    drafted(channel, at=now, customer_name="Still A Draft")
    registered(channel, at=now, by_rival=True, customer_name="Rivals Customer", customer_domain="", amount=1)
    home = partner_home(channel.seller, channel.partner, at=now)
    assert [deal.customer_name for deal in home.latest] == [channel.customer.legal_name]
    assert [deal.customer_name for deal in home.drafts] == ["Still A Draft"]
    assert (home.totals["approved"].count, home.totals["draft"].count) == (1, 1)
    assert home.balance is None  # a seller does not see money
    assert home.may_register
    ending = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert [deal.partner_id for deal in partner_home(channel.seller, channel.partner, at=ending).ending] == [
        channel.partner.pk
    ]


@pytest.mark.parametrize(
    ("ends_on", "is_current", "ends_soon"),
    [
        (None, False, False),
        (date(2026, 10, 14), False, False),
        (date(2026, 10, 15), True, True),
        (date(2026, 11, 13), True, True),
        (date(2026, 11, 14), True, False),
    ],
)
def test_a_partner_is_reminded_of_its_agreement(now, ends_on, is_current, ends_soon):
    channel = a_channel()
    channel.partner.agreement_ends_on = ends_on
    home = partner_home(channel.seller, channel.partner, at=now)
    assert (home.agreement_current, home.agreement_ends_soon) == (is_current, ends_soon)


def test_a_reviewers_home_lists_the_queue_by_the_clock(now):
    channel = a_channel()
    first = registered(channel, at=now, amount=50_000)
    registered(channel, at=now.replace(hour=11), amount=60_000, customer_name="Later", customer_domain="")
    home = vendor_home(channel.manager, at=now)
    assert (home.waiting_count, home.queue[0].public_id, len(home.queue)) == (2, first.public_id, 2)
    assert home.statements == []
    finance = vendor_home(vendor("finance"), at=now)
    assert finance.queue == []
    assert finance.sees_money
