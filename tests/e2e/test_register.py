"""Registering a deal in a real browser: in under a minute, with the light while typing, also by keyboard alone."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from deals.models import PencilHold, Registration
from tests.e2e.inspection import take_picture
from tests.factories.deals import Channel, a_channel, registered
from tests.factories.partners import MembershipFactory

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SECONDS = 60


@pytest.fixture
def channel() -> Channel:
    channel = a_channel()
    at = timezone.now()
    taken = {"customer_name": "Taken Ltd", "customer_country": "GB", "customer_domain": "taken.co.uk"}
    registered(channel, at=at, by_rival=True, expected_close_on=at.date() + timedelta(days=9), **taken)
    return channel


@pytest.fixture
def page(channel, open_context) -> Page:
    return open_context(MembershipFactory(partner=channel.partner, role="seller").user).new_page()


def light(page: Page, colour: str) -> None:
    expect(page.locator(f"#light [data-light={colour}]")).to_be_visible()


def test_a_deal_is_registered_in_under_a_minute(channel, page):
    """Every key is pressed by itself: nobody types faster than this machine, but nothing may keep them waiting."""
    started = time.monotonic()
    page.goto("/deals/new/")
    page.get_by_label("Customer's legal name").press_sequentially("Taken Ltd")
    page.get_by_label("Country").select_option("GB")
    page.get_by_label("Web address or tax id").press_sequentially("taken.co.uk")
    page.get_by_label("Product or service").select_option(label=channel.product.name)
    light(page, "red")
    expect(page.locator("#light")).to_contain_text("cannot be protected for you")
    expect(page.locator("#light")).not_to_contain_text("Rival")
    take_picture(page, "register/red")
    page.get_by_label("Customer's legal name").fill("Free And Easy GmbH")
    page.get_by_label("Country").select_option("DE")
    page.get_by_label("Web address or tax id").fill("DE811907980")
    page.get_by_label("Value of the line").press_sequentially("5000")
    light(page, "green")
    page.get_by_role("button", name="Keep it for me").click()
    expect(page.locator("#light")).to_contain_text("Kept for you")
    take_picture(page, "register/held")
    page.get_by_label("Whom do you talk to?").fill("Ewa Nowak")
    page.get_by_label("Expected close").fill(str(timezone.localdate() + timedelta(days=60)))
    page.get_by_role("button", name="Submit").last.click()
    page.wait_for_url("**/deals/reg_*/")
    assert time.monotonic() - started < SECONDS
    deal = Registration.objects.get(customer_name="Free And Easy GmbH")
    assert (deal.status, deal.customer_tax_id) == ("approved", "DE811907980")
    assert PencilHold.objects.get().ends_at <= deal.submitted_at


def test_a_deal_is_registered_by_keyboard_alone(channel, page):
    page.goto("/deals/new/")
    page.get_by_label("Customer's legal name").focus()
    keys = page.keyboard
    keys.type("Keys Only AG")
    keys.press("Tab")
    keys.type("Germ")
    keys.press("Tab")
    keys.type("keys-only.de")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("4000")
    light(page, "green")
    page.get_by_label("Whom do you talk to?").focus()
    keys.type("Ewa")
    keys.press("Tab")
    keys.type((timezone.localdate() + timedelta(days=60)).strftime("%m%d%Y"))
    page.get_by_label("Whom do you talk to?").focus()
    keys.press("Enter")
    page.wait_for_url("**/deals/reg_*/")
    deal = Registration.objects.get(customer_name="Keys Only AG")
    assert (deal.customer_country, deal.customer_domain, deal.status) == ("DE", "keys-only.de", "approved")


def test_without_scripts_it_works_the_same(channel, browser, live_server, open_context):
    user = MembershipFactory(partner=channel.partner, role="seller").user
    cookies = open_context(user).cookies()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB")
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/deals/new/")
    page.get_by_label("Customer's legal name").fill("No Scripts AG")
    page.get_by_label("Country").select_option("DE")
    page.get_by_label("Product or service").select_option(label=channel.product.name)
    page.get_by_label("Why now?").fill("Because.")
    page.get_by_role("button", name="Check now").click()
    light(page, "green")
    expect(page.get_by_label("Why now?")).to_have_value("Because.")
    context.close()
