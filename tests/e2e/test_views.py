"""Views of a list, kept and opened again in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.inspection import Inspector
from tests.factories.deals import a_channel, drafted, registered
from tests.factories.partners import MembershipFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_what_the_filters_show_is_what_is_saved(open_context, live_server, now):
    channel = a_channel()
    admin = MembershipFactory(partner=channel.partner, role="admin").user
    for make, name in ((drafted, "Not Yet Sent"), (registered, "Sent Long Ago")):
        make(channel, at=now, customer_name=name, customer_domain="", customer_country="DE")
    inspector = Inspector(open_context(admin, width=390), live_server.url)
    page = inspector.page
    page.goto("/deals/")
    page.get_by_label("Status").select_option("draft")
    expect(page.get_by_role("link", name="Sent Long Ago")).to_be_hidden()
    page.get_by_text("Save this view").click()
    inspector.check_accessibility()
    page.get_by_label("Name of the view").fill("Drafts")
    page.get_by_label("For my colleagues too").check()
    page.get_by_role("button", name="Save").click()
    view = page.get_by_role("link", name="Drafts")
    expect(view).to_have_attribute("aria-current", "true")
    page.get_by_label("Status").select_option("")
    expect(page.get_by_role("link", name="Sent Long Ago")).to_be_visible()
    view.click()
    page.wait_for_url(re.compile("status=draft"))
    expect(page.get_by_role("link", name="Sent Long Ago")).to_be_hidden()
    page.get_by_text("Save this view").click()
    page.get_by_role("button", name="Delete the view: Drafts").click()
    expect(view).to_be_hidden()
    assert inspector.problems == []
