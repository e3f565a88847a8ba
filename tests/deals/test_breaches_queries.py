"""Lists, pages and figures of breaches, and what the sentinel costs an import."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import NotFound
from crm.models import Opportunity, Sale
from deals.actions.breaches import acknowledge_breach, reject_breach, settle_breach
from deals.actions.sentinel import note_opportunities_changed, note_sales_changed
from deals.models import Breach
from deals.queries.breaches import (
    breach_figures,
    breach_list,
    breach_page,
    breaches_visible_to,
    find_breach,
    overdue_breach_count,
)
from tests.factories.cases import broken, protected, report_opportunity, report_sale
from tests.factories.crm import CustomerFactory, OpportunityFactory, SaleFactory, SaleLineFactory
from tests.factories.deals import a_channel, vendor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(days=10)


@pytest.fixture
def channel():
    return a_channel()


@pytest.fixture
def chief():
    return vendor("channel_chief")


def two(channel) -> tuple[Breach, Breach]:
    """Both inside one protection: an opportunity, and three days later a sale."""
    protected(channel, at=AT)
    report_opportunity(channel, at=LATER)
    report_sale(channel, at=LATER + timedelta(days=3))
    return Breach.objects.get(source="opportunity"), Breach.objects.get(source="sale")


def test_who_sees_it(channel, chief):
    breach = broken(channel, at=LATER)
    for actor in (channel.seller, channel.manager, chief, vendor("ceo"), vendor("finance")):
        assert find_breach(actor, breach.public_id) == breach
    for actor in (channel.rival_seller, vendor("direct_sales")):
        assert not breaches_visible_to(actor).exists()
        with pytest.raises(NotFound):
            breach_page(actor, breach.public_id)


def test_what_is_late_to_acknowledge_comes_first(channel, chief):
    first, second = two(channel)
    assert list(breach_list(chief)) == [first, second]
    acknowledge_breach(first.pk, words="x", by=chief, at=LATER)
    assert list(breach_list(chief)) == [second, first]
    assert list(breach_list(chief, status="open")) == [second]
    assert list(breach_list(chief, search="zwack")) == [second, first]
    assert list(breach_list(chief, search="ALPHA", status="settled")) == []
    assert list(breach_list(chief, search="nobody")) == []


@pytest.mark.parametrize(("after", "late"), [(timedelta(0), 0), (timedelta(microseconds=1), 1)])
def test_when_an_acknowledgement_is_late(channel, after, late):
    breach = broken(channel, at=LATER)
    assert overdue_breach_count(breach.due_at + after) == late


def test_the_page_names_what_was_protected_and_other_breaches(channel, chief):
    first, second = two(channel)
    page = breach_page(channel.seller, second.public_id)
    assert (page.protected_from, page.protected_until) == (AT, AT + timedelta(days=60))
    assert (page.day, page.lost_amount, page.others) == ((LATER + timedelta(days=3)).date(), Decimal(40_000), [first])
    assert page.may_acknowledge.codes == ("actor.not_permitted",)
    acknowledge_breach(second.pk, words="We did not look.", by=chief, at=LATER + timedelta(days=4))
    told = breach_page(channel.seller, second.public_id).timeline
    assert [(str(entry.title), entry.text, entry.actor) for entry in told] == [
        ("Acknowledged", "We did not look.", ""),
        ("Found by the program", "", ""),
    ]
    assert breach_page(chief, second.public_id).timeline[0].actor == chief.label


def test_the_page_costs_the_same_however_many_there_are(channel, chief, django_assert_num_queries):
    _first, second = two(channel)
    with CaptureQueriesContext(
        connection,
    ) as few:
        breach_page(chief, second.public_id)
    for number in range(5):
        report_opportunity(channel, at=LATER, external_id=f"O-{number + 10}")
    with django_assert_num_queries(len(few)):
        breach_page(chief, second.public_id)
    with django_assert_num_queries(1):
        assert len({row.partner.name + row.registration.customer_name for row in breach_list(chief)}) == 1


def test_figures(channel, chief):
    first, second = two(channel)
    since, until = LATER, LATER + timedelta(days=4)
    found = breach_figures(since, until, at=LATER + timedelta(days=4))
    assert (found.found, found.open, found.late, found.median_time, found.made_good_share) == (2, 2, 1, None, None)
    acknowledge_breach(first.pk, words="x", by=chief, at=LATER + timedelta(days=9))
    acknowledge_breach(second.pk, words="x", by=chief, at=LATER + timedelta(days=4))
    settle_breach(second.pk, amount=second.amount, by=chief, at=LATER + timedelta(days=9))
    reject_breach(first.pk, reason="x", by=chief, at=LATER + timedelta(days=9))
    found = breach_figures(since, until, at=LATER + timedelta(days=10))
    assert (found.found, found.settled, found.rejected, found.in_time, found.late) == (2, 1, 1, 1, 1)
    assert found.median_time == timedelta(days=9)
    assert (found.made_good_share, found.settled_amount) == (Decimal("0.5"), Decimal("1200.00"))
    assert breach_figures(since, LATER, at=LATER).found == 0, "half-open"


def test_an_import_without_breaches_costs_the_sentinel_little(channel, django_assert_num_queries):
    protected(channel, at=AT)
    customers = CustomerFactory.create_batch(50)
    opportunities = [OpportunityFactory(customer=customer, first_seen_at=LATER).pk for customer in customers]
    sales = [SaleFactory(customer=customer, booked_on=date(2026, 10, 20)) for customer in customers]
    for sale in sales:
        SaleLineFactory(sale=sale, product=channel.product)
    with django_assert_num_queries(5):
        note_opportunities_changed(opportunity_ids=opportunities, at=LATER)
    with django_assert_num_queries(7):
        note_sales_changed(sale_ids=[sale.pk for sale in sales], at=LATER)
    assert not Breach.objects.exists()
    assert (Opportunity.objects.count(), Sale.objects.count()) == (50, 50)
