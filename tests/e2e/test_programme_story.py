"""A new programme in a real browser: drafted, refused, simulated, published; a partner reads of it and gains a level.

The partner is Silver with revenue of 120,000, two new customers and three certified people. The new Gold asks for
115,000 on its first path and for as many customers and people as Silver.
"""

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from common import outbox
from tests.e2e.test_story import Album, sign_in
from tests.factories.partners import VendorRoleFactory
from tests.journeys.world import build_world
from tiers.actions.simulations import do_waiting
from tiers.actions.standings import review_partners
from tiers.models import ProgrammeDraft, ProgrammeVersion
from tiers.queries.terms import terms_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WORDS = "Gold is for partners who grow, not only for large ones."


def gold(page: Page, number: int):
    """The threshold of a requirement on Gold's first path."""
    return page.locator(f"#id_l2-p0-r{number}-threshold")


def begin_draft(page: Page, album: Album) -> None:
    page.get_by_role("link", name="Programme", exact=True).click()
    page.get_by_role("link", name="New draft").click()
    page.get_by_label("Name of the draft").fill("Gold for those who grow")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Words to partners").fill(WORDS)
    gold(page, 0).fill("95000")
    gold(page, 1).fill("2")
    gold(page, 2).fill("3")
    album.take(page, "editor")


def save_after_a_refusal(page: Page, album: Album) -> None:
    """Adding and removing a path keeps what was typed; asking for less than Silver is refused with words."""
    page.get_by_role("button", name="Add a path to Gold").click()
    expect(page.get_by_role("group", name="Gold, path 3")).to_be_visible()
    expect(gold(page, 0)).to_have_value("95000")
    page.get_by_role("button", name="Remove path 3 to Gold").click()
    expect(page.get_by_role("group", name="Gold, path 3")).to_have_count(0)
    page.get_by_role("button", name="Save").last.click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_contain_text("Gold, path 1, requirement 1, At least: Gold asks for less than Silver")
    album.take(page, "refused")
    gold(page, 0).fill("115000")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    expect(page.get_by_text("Channel revenue: at least €115,000 in the last 12 months").first).to_be_visible()
    album.take(page, "draft")


def simulate(page: Page, album: Album) -> None:
    page.get_by_role("link", name="Publish").click()
    expect(page.get_by_role("heading", name="Not simulated")).to_be_visible()
    page.get_by_label("Number of the new version").fill("2")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("has not been simulated over twelve months").first).to_be_visible()
    page.get_by_role("link", name="Simulate it first").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/simulations/**")
    do_waiting(now=timezone.now)
    page.reload()
    expect(page.get_by_text("Bałtyk IT").first).to_be_visible()
    album.take(page, "simulation")


def publish(page: Page, album: Album) -> ProgrammeVersion:
    draft = ProgrammeDraft.objects.get()
    page.goto(f"/tier/programme/drafts/{draft.public_id}/publish/")
    expect(page.get_by_role("heading", name="Simulated", exact=True)).to_be_visible()
    page.get_by_label("Number of the new version").fill("2")
    album.take(page, "publish")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 2 is published.")).to_be_visible()
    return ProgrammeVersion.objects.get(number=2)


def read_of_it(page: Page, album: Album) -> None:
    while outbox.relay(at=timezone.now()):
        pass
    page.goto("/notices/")
    page.get_by_role("link", name="The partner programme changes on").click()
    expect(page.get_by_role("heading", name="What it means for you")).to_be_visible()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    expect(page.get_by_text("What counts for you today is enough for Gold then.")).to_be_visible()
    album.take(page, "what-it-means")


def test_a_new_programme_from_the_draft_to_the_level_that_it_gives(open_context):
    album, world = Album(), build_world(today=timezone.localdate(), now=timezone.now())
    chief, seller = (album.watch(open_context()) for _ in range(2))
    sign_in(chief, VendorRoleFactory(role="channel_chief").user.email)
    sign_in(seller, world.emails["seller"])
    begin_draft(chief, album)
    save_after_a_refusal(chief, album)
    simulate(chief, album)
    version = publish(chief, album)
    assert version.starts_on >= timezone.localdate() + timedelta(days=30)
    read_of_it(seller, album)

    before = version.starts_on - timedelta(days=1)
    for day in (before, version.starts_on):
        review_partners(
            [world.partner.pk], day=day, at=datetime.combine(day, time(22), timezone.get_default_timezone())
        )
    first = version.starts_on + timedelta(days=1)
    levels = [terms_for(world.partner.pk, day=day).level_code for day in (before, version.starts_on, first)]
    assert levels == ["silver", "silver", "gold"]
    with time_machine.travel(datetime.combine(first, time(9), timezone.get_default_timezone())):
        sign_in(page := album.watch(open_context()), world.emails["seller"])
        page.goto("/tier/")
        expect(page.get_by_text("Rose to Gold").first).to_be_visible()
        album.take(page, "gold")
    refusals = [complaint for complaint in album.complaints if "422" in complaint]
    assert album.complaints == refusals, "Chromium notes the two forms that came back with a problem, and nothing else"
    assert len(refusals) == 2
