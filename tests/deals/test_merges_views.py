"""The page of possible duplicates: who opens it, what stands side by side, and the button that makes two one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Customer
from partners.models import User
from tests.factories.crm import CustomerFactory
from tests.factories.deals import registered, typed_as, vendor

LIST = "/deals/customers/duplicates/"


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def other(channel) -> Customer:
    return CustomerFactory(legal_name="Zwack Unicum Trading", country="HU", domain="", source="registration")


@pytest.fixture
def chief(channel) -> Client:
    return signed_in(vendor("channel_chief"))


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def address(kept, lost) -> str:
    return reverse("deals:merge", args=[kept.public_id, lost.public_id])


def deal_of(channel, customer, at, **how):
    close_on = (at + timedelta(days=30)).date()
    return registered(channel, at=at, **{**typed_as(customer), "expected_close_on": close_on, **how})


def test_the_list_shows_what_partners_brought_and_what_it_may_be(channel, other, chief):
    page = chief.get(LIST).content.decode()
    assert other.legal_name in page
    assert address(channel.customer, other) in page
    assert "duplicates" in chief.get("/").content.decode()


def test_any_customer_can_be_searched_for(channel, other, chief):
    assert address(other, channel.customer) in chief.get(LIST, {"q": "nyrt"}).content.decode()
    assert "No customer matches" in chief.get(LIST, {"q": "nothing of the kind"}).content.decode()


def test_a_page_asks_the_same_however_many_there_are(channel, chief):
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert chief.get(LIST).status_code == 200
        return len(asked)

    CustomerFactory.create_batch(10, source="registration")
    statements()
    ten = statements()
    CustomerFactory.create_batch(15, source="registration")
    assert statements() == ten <= 60


@pytest.mark.parametrize("role", ["channel_manager", "finance", "direct_sales", "ceo"])
def test_nobody_else_learns_of_customers(channel, other, role):
    client = signed_in(vendor(role))
    assert client.get(LIST).status_code == 404
    assert client.get(address(channel.customer, other)).status_code == 404
    assert client.post(address(channel.customer, other)).status_code == 404
    assert signed_in(channel.seller).get(LIST).status_code == 404


def test_two_are_compared_and_made_one(channel, other, chief, at):
    deal_of(channel, channel.customer, at)
    page = chief.get(address(channel.customer, other)).content.decode()
    for text in (channel.customer.legal_name, other.legal_name, "zwack.hu", channel.partner.name, "Merge into"):
        assert text in page
    assert chief.post(address(channel.customer, other)).status_code == 302
    other.refresh_from_db()
    assert other.merged_into_id == channel.customer.pk
    assert "No customer matches" in chief.get(LIST, {"q": "trading"}).content.decode()


def test_what_stands_against_it_is_said_before_the_button(channel, chief, at):
    other = CustomerFactory(legal_name="Unicum Liquor House", country="HU", domain="unicum-house.hu")
    mine, theirs = deal_of(channel, channel.customer, at), deal_of(channel, other, at, by_rival=True)
    page = chief.get(address(channel.customer, other)).content.decode()
    for text in (mine.public_id, theirs.public_id, channel.rival.name, "has to end first"):
        assert text in page
    assert "Merge into" not in page
    assert chief.post(address(channel.customer, other)).status_code == 422
    other.refresh_from_db()
    assert other.merged_into_id is None


def test_one_and_the_same_and_unknown_ones(channel, chief):
    page = chief.get(address(channel.customer, channel.customer))
    assert (page.status_code, "two different customers" in page.content.decode()) == (200, True)
    assert chief.get(reverse("deals:merge", args=["cus_none", channel.customer.public_id])).status_code == 404
