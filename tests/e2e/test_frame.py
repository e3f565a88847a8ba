"""What the frame does in a browser: themes, navigation on a phone, keyboard, lists that refresh in place."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.e2e.inspection import Inspector
from tests.e2e.pages import Sight
from tests.e2e.world import empty_world
from tests.factories.partners import PASSWORD, PartnerFactory, VendorRoleFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager():
    return VendorRoleFactory(role="channel_manager", user__full_name="Maria Manager").user


def test_the_theme_follows_the_system_until_one_is_chosen(open_context, manager):
    page = open_context(manager, theme="dark").new_page()
    page.goto("/partners/")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.locator("summary.who").click()
    page.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", "dark")


def test_the_navigation_opens_on_a_phone(open_context, manager):
    page = open_context(manager, width=390).new_page()
    page.goto("/partners/")
    entry = page.get_by_role("link", name="Review queue")
    expect(entry).to_be_hidden()
    toggle = page.get_by_role("button", name="Menu")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(entry).to_be_visible()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(open_context, manager):
    page = open_context(manager).new_page()
    page.goto("/partners/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.locator("summary.who").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator("summary.who")).to_be_focused()


def test_a_list_narrows_in_place_and_its_address_can_be_shared(open_context, manager):
    PartnerFactory(name="Nordlicht Systems")
    PartnerFactory(name="Duna Cloud", country="HU")
    page = open_context(manager).new_page()
    page.goto("/partners/")
    page.evaluate("window.samePage = true")
    page.get_by_role("searchbox").press_sequentially("duna")
    expect(page.get_by_role("link", name="Nordlicht Systems")).to_be_hidden()
    expect(page.get_by_role("link", name="Duna Cloud")).to_be_visible()
    assert page.evaluate("window.samePage")
    assert "q=duna" in page.url
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("duna")
    page.get_by_label("Country").select_option("HU")
    page.wait_for_url(re.compile("country=HU"))
    expect(page.get_by_role("link", name="Duna Cloud")).to_be_visible()


def test_dialogs_open_and_close(open_context, manager):
    page = open_context(manager).new_page()
    page.goto("/design/")
    page.get_by_role("button", name="Open a dialog").click()
    dialog = page.get_by_role("dialog", name="Withdraw this deal?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_charts_are_drawn_and_their_numbers_can_be_read(open_context, manager):
    page = open_context(manager).new_page()
    page.goto("/design/")
    page.wait_for_load_state("networkidle")
    painted = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v)"
    assert page.locator("canvas").evaluate(painted)
    page.get_by_text("Show as a table").click()
    expect(page.get_by_text("The table of the same numbers.")).to_be_visible()


def test_signing_in_and_setting_up_the_second_factor(open_context, live_server):
    world = empty_world()
    user = world.users["partner-admin"]
    context = open_context()
    inspector = Inspector(context, live_server.url)
    page = inspector.page
    page.goto("/account/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    inspector.check_accessibility()
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nordlicht Systems")
    inspector.inspect(Sight("confirm", "/account/2fa/totp/activate/"), "account/1440-light")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    inspector.inspect(Sight("set-up", "/account/2fa/totp/activate/"), "account/1440-light")
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("code.secret").inner_text()
    time.sleep(max(0.0, 4 - (30 - time.time() % 30)))  # a code lives to the half minute
    page.get_by_label("Authenticator code").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Recovery codes").first).to_be_visible()
    inspector.inspect(Sight("new-codes", "/account/2fa/recovery-codes/generate/"), "account/1440-light")
    inspector.inspect(Sight("recovery-codes", "/account/2fa/recovery-codes/"), "account/1440-light")
    recovery_code = page.locator(".codes code").first.inner_text()
    inspector.inspect(Sight("two-factor-on", "/account/2fa/"), "account/1440-light")
    page.locator("summary.who").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Second step")
    inspector.check_accessibility()
    page.locator("input[name=code]").first.fill(recovery_code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nordlicht Systems")
    assert inspector.problems == []
