"""A reviewer works through the queue by keyboard alone."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from deals.models import Registration
from partners.models import User
from tests.factories.deals import a_channel, registered

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
NAMES = ("Nordwind Energie", "Solaris Polska", "Atlas Freight")


@pytest.fixture
def page(open_context, transactional_db) -> Page:
    channel, at = a_channel(), timezone.now()
    for name in NAMES:
        about = {"customer_name": name, "customer_domain": f"{name.split()[0].lower()}.de", "customer_country": "DE"}
        registered(channel, at=at, amount=50_000, expected_close_on=timezone.localdate(), **about)
    opened = open_context(User.objects.get(pk=channel.manager.user_id)).new_page()
    opened.goto(reverse("deals:queue") + "?sort=customer")
    return opened


def statuses() -> dict[str, str]:
    return dict(Registration.objects.values_list("customer_name", "status"))


def test_the_keys_lead_from_row_to_decision_to_the_next(page):
    for key in ("j", "j", "k", "j", "r"):  # Atlas, Nordwind, Atlas, Nordwind
        page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nordwind Energie")
    expect(page.get_by_label("Your reason")).to_be_focused()
    page.keyboard.type("They have nobody there")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Solaris Polska")
    page.keyboard.press("a")
    expect(page.get_by_label("Your reason")).to_be_focused()
    page.keyboard.type("Well known")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Atlas Freight")
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(r"/deals/queue/\?sort=customer$"))
    assert statuses() == {
        "Nordwind Energie": "rejected",
        "Solaris Polska": "approved",
        "Atlas Freight": "in_review",
    }


def test_several_are_selected_and_decided_by_keyboard(page):
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_text("With the selected ones 2")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Your reason").fill("All of them are known")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("2 of 2 done")
    assert sorted(statuses().values()) == ["approved", "approved", "in_review"]


def test_a_key_that_is_typed_is_no_command(page):
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("sola")
    expect(page.get_by_role("link", name="Atlas Freight")).to_have_count(0)
    expect(page.get_by_role("link", name="Solaris Polska")).to_be_visible()
