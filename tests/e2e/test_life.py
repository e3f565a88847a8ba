"""Talking about a deal and showing evidence in a real browser."""

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from deals.models import Attachment, Comment
from tests.factories.deals import a_channel, registered
from tests.factories.partners import MembershipFactory

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def deal():
    channel = a_channel()
    return registered(channel, at=timezone.now())


@pytest.fixture
def page(deal, open_context):
    context = open_context(MembershipFactory(partner=deal.partner, role="seller").user)
    page = context.new_page()
    page.goto(f"/deals/{deal.public_id}/")
    return page


def test_a_comment_appears_without_leaving_the_page(page):
    page.evaluate("window.stayed = true")
    words = page.get_by_label("Your comment")
    words.fill("We met them today.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We met them today.")).to_be_visible()
    expect(words).to_have_value("")
    assert page.evaluate("window.stayed")
    assert Comment.objects.get().text == "We met them today."


def test_what_was_typed_stays_when_it_cannot_be_taken(page):
    long_words = "words " * 700
    page.get_by_label("Your comment").fill(long_words)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("At most 4000 characters")
    expect(page.get_by_label("Your comment")).to_have_value(long_words)
    assert not Comment.objects.exists()


def test_a_file_is_added_and_downloaded(page, tmp_path: Path):
    offer = tmp_path / "offer.txt"
    offer.write_text("signed")
    page.get_by_role("link", name="Add a file").click()
    field = page.get_by_label("File", exact=True)
    field.set_input_files({"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"<html>"})
    page.get_by_role("button", name="Add the file").click()
    expect(page.get_by_role("alert")).to_contain_text("The content is not what the name")
    field.set_input_files(offer)
    page.get_by_role("button", name="Add the file").click()
    expect(page.get_by_text("The file is added.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="offer.txt").click()
    assert Path(download.value.path()).read_bytes() == b"signed"
    assert Attachment.objects.get().name == "offer.txt"
