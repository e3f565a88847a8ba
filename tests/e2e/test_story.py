"""The main story in a real browser: everything that people do is clicked and typed, with a picture of every stop."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.inspection import take_picture
from tests.factories.partners import PASSWORD
from tests.journeys.world import World, api_client, build_world, report_sale, run_night_on_a_worker, stock

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Album:
    """Pictures of the story in order; no page may write to the console."""

    def __init__(self) -> None:
        self.count = 0
        self.complaints: list[str] = []

    def watch(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def take(self, page: Page, name: str) -> None:
        self.count += 1
        take_picture(page, f"story/{self.count:02}-{name}")


def sign_in(page: Page, email: str) -> None:
    page.goto("/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)


def register_deal(page: Page, album: Album) -> str:
    page.get_by_role("link", name="Register a deal").first.click()
    page.get_by_label("Customer's legal name").fill("Inter Cars")
    page.get_by_label("Country").select_option("PL")
    page.get_by_label("Web address").fill("www.intercars.example.com")
    page.get_by_label("Whom do you talk to?").fill("Ewa Nowak, IT director")
    page.get_by_label("Product or service").select_option(label="Platform")
    page.get_by_label("Quantity").fill("4")
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_label("Expected close").fill(str(timezone.localdate() + timedelta(days=60)))
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_label("Value of the line")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Customer's legal name")).to_have_value("Inter Cars")
    album.take(page, "form-with-a-problem")
    page.get_by_label("Value of the line").fill("60000")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("In review").first).to_be_visible()
    album.take(page, "deal-in-review")
    return page.url.rstrip("/").split("/")[-1]


def approve(page: Page, album: Album) -> None:
    page.get_by_role("link", name="Review queue").first.click()
    album.take(page, "queue")
    page.get_by_role("link", name="Inter Cars").first.click()
    page.get_by_label("Your reason").fill("The partner brought us in.")
    album.take(page, "review")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Your reason")).to_have_count(0)


def unfold_statement(page: Page, album: Album) -> None:
    page.get_by_role("link", name="Statements").first.click()
    page.get_by_role("main").locator("a[href*='/statements/stm_']").first.click()
    expect(page.get_by_text("€1,690.00").first).to_be_visible()
    album.take(page, "statement")
    page.get_by_role("link", name="Growth rebate").first.click()
    for amount in ("€1,000.00", "€400.00", "€140.00", "€1,540.00", "€60,000.00"):
        expect(page.get_by_text(amount).first).to_be_visible()
    album.take(page, "line-down-to-the-sale")


def test_the_story_in_a_browser(open_context):
    album, world = Album(), build_world(today=timezone.localdate(), now=timezone.now())
    crm = api_client("crm.read", "crm.write")
    stock(crm)
    pages = {who: album.watch(open_context()) for who in world.emails if who != "rival"}
    for who, page in pages.items():
        sign_in(page, world.emails[who])

    seller = pages["seller"]
    album.take(seller, "home-of-the-seller")
    deal_id = register_deal(seller, album)
    approve(pages["manager"], album)
    seller.reload()
    expect(seller.get_by_text("Approved").first).to_be_visible()
    seller.get_by_role("link", name="Why: the receipt").click()
    expect(seller.get_by_text("The partner brought us in.").first).to_be_visible()
    album.take(seller, "receipt")

    finish_and_pay(world, deal_id, crm)
    unfold_statement(pages["partner finance"], album)
    pages["ceo"].goto("/insights/")
    expect(pages["ceo"].get_by_text("€1,690").first).to_be_visible()
    album.take(pages["ceo"], "dashboard")
    assert len(album.complaints) == 1, album.complaints
    assert "422" in album.complaints[0], "Chromium notes the form that came back with a problem, and nothing else"


def finish_and_pay(world: World, deal_id: str, crm) -> None:
    """What no person does: the CRM reports the sale, the night recalculates."""
    report_sale(crm, world.partner.public_id, deal_id, timezone.localdate())
    run_night_on_a_worker(timezone.localdate())
