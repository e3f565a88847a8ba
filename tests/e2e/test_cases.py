"""Appeals and breaches in a real browser: every page in both themes on phone and desktop, and both stories clicked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from deals.models import Breach, Protection, Registration
from tests.e2e.cases import case_sights, guarded, refusal_of
from tests.e2e.inspection import Inspector
from tests.e2e.pages import Sight
from tests.e2e.test_pages import WINDOWS
from tests.factories.cases import report_sale
from tests.factories.deals import Channel, a_channel
from tests.factories.partners import MembershipFactory, VendorRoleFactory

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def channel() -> Channel:
    return a_channel()


def readers(channel: Channel) -> dict:
    return {
        "partner-admin": MembershipFactory(partner=channel.partner, role="admin").user,
        "channel-chief": VendorRoleFactory(role="channel_chief").user,
        "channel-manager": VendorRoleFactory(role="channel_manager").user,
    }


def test_every_page_of_cases(channel, open_context, live_server):
    from_where = case_sights(channel, timezone.now())
    problems = []
    for reader, user in readers(channel).items():
        for width, theme in WINDOWS:
            inspector = Inspector(open_context(user, width=width, theme=theme), live_server.url)
            for name, (route, ids) in from_where[reader].items():
                inspector.inspect(Sight(name, _address(route, ids)), f"cases/{reader}/{width}-{theme}")
            problems += [f"{reader} {width} {theme} {problem}" for problem in inspector.problems]
    assert problems == []


def _address(route: str, ids: list[str]) -> str:
    return str(reverse(route, args=ids))


def test_without_cases(channel, open_context, live_server):
    inspector = Inspector(open_context(readers(channel)["partner-admin"], width=390), live_server.url)
    for name in ("appeals", "breaches", "precedents"):
        inspector.inspect(Sight(name, _address(f"deals:{name}", [])), "cases/empty")
    assert inspector.problems == []


def opened(open_context, user, address: str) -> Page:
    page = open_context(user).new_page()
    page.goto(address)
    return page


def test_a_breach_is_made_good_in_the_browser(channel, open_context):
    now, people = timezone.now(), readers(channel)
    there = guarded(channel, now - timedelta(days=9), "Aranykorona Zrt.", "aranykorona.hu")
    report_sale(there, at=now - timedelta(days=1), amount="20000.00")
    chief = opened(open_context, people["channel-chief"], "/deals/")
    chief.get_by_role("link", name="Breaches").first.click()
    chief.get_by_role("link", name="Aranykorona").first.click()
    expect(chief.get_by_text("€600.00").first).to_be_visible()
    chief.get_by_label("What went wrong?").fill("Nobody looked at the list.")
    chief.get_by_role("button", name="Acknowledge").click()
    expect(chief.get_by_label("Amount", exact=True)).to_have_value("600.00")
    chief.get_by_label("Amount", exact=True).fill("650")
    chief.get_by_role("button", name="Make good").click()
    expect(chief.get_by_text("Say why the amount is not the one proposed.").first).to_be_visible()
    chief.get_by_label("Why another amount?").fill("For their trouble.")
    chief.get_by_role("button", name="Make good").click()
    expect(chief.get_by_text("The partner is told.").first).to_be_visible()
    assert Breach.objects.get().settled_amount == Decimal(650)

    partner = opened(open_context, people["partner-admin"], "/statements/")
    partner.get_by_role("main").locator("a[href*='/statements/stm_']").first.click()
    partner.get_by_role("link", name="Aranykorona").first.click()
    for text in ("€600.00", "€50.00", "€650.00"):
        expect(partner.get_by_text(text).first).to_be_visible()
    partner.get_by_role("link", name="What went wrong").click()
    expect(partner.get_by_text("Nobody looked at the list.").first).to_be_visible()
    call_command("verify_ledger")


def test_an_appeal_is_overturned_in_the_browser(channel, open_context):
    now, people = timezone.now(), readers(channel)
    deal = refusal_of(channel, now - timedelta(days=2), "Appealing Glasbau")
    partner = opened(open_context, people["partner-admin"], f"/deals/{deal.public_id}/")
    partner.get_by_role("link", name="Appeal", exact=True).click()
    partner.get_by_label("Why should somebody look again?").fill("They asked us.")
    partner.get_by_role("button", name="Send the appeal").click()
    expect(partner.get_by_text("Somebody else looks at it again").first).to_be_visible()
    assert Registration.objects.get().status == "appealed"

    chief = opened(open_context, people["channel-chief"], "/deals/appeals/")
    chief.get_by_role("link", name="Appealing Glasbau").first.click()
    if chief.get_by_label("This is a new customer").count():
        chief.get_by_label("This is a new customer").check()
    chief.get_by_label("Your reasons").fill("They did ask.")
    chief.get_by_role("button", name="Protect from now on").click()
    expect(chief.get_by_text("Judged for the partner").first).to_be_visible()
    assert Protection.objects.filter(registration=deal).exists()
