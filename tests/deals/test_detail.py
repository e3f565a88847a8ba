"""The deal's page and what is done from it: clocks, requests, comments, files; each side reads its own."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.money import Money
from deals.actions.attachments import attach
from deals.actions.changes import propose_change
from deals.actions.comments import add_comment
from deals.actions.extensions import request_extension
from deals.models import Attachment, Change, Comment, Extension, Protection, Registration
from deals.queries.life import deal_life
from deals.queries.registrations import registration_page
from deals.rules.drafts import DraftLine
from deals.rules.evidence import MAX_BYTES
from partners.models import User
from tests.factories.crm import CustomerFactory
from tests.factories.deals import registered, vendor
from tests.factories.partners import MembershipFactory
from tests.factories.tiers import hold_level

DAY = timedelta(days=1)
PDF = b"%PDF-1.7\n%%EOF"
WORDS = "The customer signed the offer yesterday."


def browser(user_id: int) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user_id))
    return client


@pytest.fixture
def seller(channel):
    return browser(channel.seller.user_id)


@pytest.fixture
def manager(channel):
    return browser(channel.manager.user_id)


@pytest.fixture
def at():
    return timezone.now() - DAY


@pytest.fixture
def deal(channel, at):
    return registered(channel, at=at, expected_close_on=(at + 30 * DAY).date())


def address(name: str, *ids: str) -> str:
    return reverse(f"deals:{name}", args=ids)


def text(response) -> str:
    return response.content.decode()


def talked(channel, deal, at):
    add_comment(deal.pk, stream="shared", text="Shared words", by=channel.seller, at=at)
    add_comment(deal.pk, stream="internal", text="Internal words", by=channel.manager, at=at)
    attach(deal.pk, name="ours.pdf", content=PDF, stream="internal", by=channel.manager, at=at)
    return attach(deal.pk, name="offer.pdf", content=PDF, stream="shared", by=channel.seller, at=at)


def test_each_side_reads_its_own_streams(channel, seller, manager, deal, at):
    talked(channel, deal, at)
    theirs, ours = (text(client.get(address("detail", deal.public_id))) for client in (seller, manager))
    for shown in ("Shared words", "offer.pdf"):
        assert shown in theirs
        assert shown in ours
    for hidden in ("Internal words", "ours.pdf", "Among ourselves", "internal", "Vendor only"):
        assert hidden not in theirs, hidden
    for shown in ("Internal words", "ours.pdf", "Among ourselves", "Vendor only"):
        assert shown in ours


def test_a_partner_comments_with_and_without_htmx(seller, deal):
    plain = seller.post(address("comment", deal.public_id), {"text": "We met them."})
    assert (plain.status_code, plain.url) == (302, address("detail", deal.public_id) + "#comments-shared")
    part = seller.post(address("comment", deal.public_id), {"text": "Twice."}, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in text(part)
    assert text(part).index("We met them.") < text(part).index("Twice.")
    assert Comment.objects.count() == 2


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_comment_that_cannot_be_taken_is_not_lost(seller, deal, headers):
    typed = "Long words. " * 400
    refused = seller.post(address("comment", deal.public_id), {"text": typed}, headers=headers)
    assert refused.status_code == 422
    assert "At most 4000 characters" in text(refused)
    assert typed.strip() in text(refused)
    assert not Comment.objects.exists()


def test_a_stream_that_is_not_theirs_is_one_that_there_is_not(seller, manager, deal):
    answers = [
        seller.post(address("comment", deal.public_id), {"text": "x", "stream": stream}, headers={"HX-Request": "true"})
        for stream in ("internal", "bogus")
    ]
    assert answers[0].status_code == answers[1].status_code == 422
    bodies = [re.sub(r'csrfmiddlewaretoken" value="[^"]*"', "", text(answer)) for answer in answers]
    assert bodies[0] == bodies[1]
    manager.post(address("comment", deal.public_id), {"text": "Ours", "stream": "internal"})
    assert list(Comment.objects.values_list("stream", "text")) == [("internal", "Ours")]


def test_files_come_back_as_downloads_only(channel, seller, manager, deal, at):
    shared = talked(channel, deal, at)
    answer = seller.get(address("file", deal.public_id, shared.public_id))
    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    internal = Attachment.objects.get(stream="internal")
    assert manager.get(address("file", deal.public_id, internal.public_id)).status_code == 200
    missing = seller.get(address("file", deal.public_id, "att_0000000000000000"))
    hidden = seller.get(address("file", deal.public_id, internal.public_id))
    assert missing.status_code == hidden.status_code == 404


def test_odd_names_make_no_headers(channel, seller, deal, at):
    kept = attach(deal.pk, name='za"żółć\r\nSet-Cookie: x.pdf', content=PDF, stream="shared", by=channel.seller, at=at)
    answer = seller.get(address("file", deal.public_id, kept.public_id))
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''za_")
    assert "Set-Cookie" not in answer
    assert answer.content == PDF


def test_uploading(channel, seller, manager, deal):
    def upload(client, name, content, **typed):
        return client.post(address("files", deal.public_id), {"file": SimpleUploadedFile(name, content), **typed})

    assert upload(seller, "offer.pdf", PDF).status_code == 302
    wrong = upload(seller, "offer.pdf", b"<html>")
    assert wrong.status_code == 422
    assert "The content is not what the name" in text(wrong)
    assert upload(seller, "empty.pdf", b"").status_code == 422
    assert seller.post(address("files", deal.public_id)).status_code == 422
    assert upload(seller, "sly.pdf", PDF, stream="internal").status_code == 302
    assert upload(manager, "ours.pdf", PDF, stream="internal").status_code == 302
    assert sorted(Attachment.objects.values_list("name", "stream")) == [
        ("offer.pdf", "shared"),
        ("ours.pdf", "internal"),
        ("sly.pdf", "shared"),
    ]
    assert "ours.pdf" not in text(seller.get(address("files", deal.public_id)))


def test_a_body_that_no_form_takes_is_not_received(seller, deal, settings):
    settings.UPLOAD_MAX_SIZE = 1000
    answer = seller.post(address("files", deal.public_id), {"file": SimpleUploadedFile("a.txt", b"x" * 1001)})
    assert answer.status_code in (400, 413)
    assert not Attachment.objects.exists()


def test_a_file_beyond_the_limit_is_told_so(seller, deal):
    large = SimpleUploadedFile("a.txt", b"x" * (MAX_BYTES + 1))
    answer = seller.post(address("files", deal.public_id), {"file": large})
    assert answer.status_code == 422
    assert "at most 10 MB" in text(answer)


def test_more_time_is_asked_for_with_a_file_and_granted_by_a_manager(channel, seller, manager, deal):
    typed = {"words": "Their offer.", "evidence_on": timezone.localdate().isoformat()}
    for _ in range(2):
        form = {**typed, "file": SimpleUploadedFile("offer.pdf", PDF)}
        assert seller.post(address("extend", deal.public_id), form).status_code == 302
    first, second = Extension.objects.order_by("number")
    assert (first.status, second.status, second.evidence.name) == ("granted", "pending", "offer.pdf")
    assert "Ask for more time" in text(seller.get(address("detail", deal.public_id)))
    assert "already waits" in text(seller.get(address("extend", deal.public_id)))
    assert deal.customer_name in text(manager.get(address("requests")))
    assert "Grant 60 days" in text(manager.get(address("detail", deal.public_id)))
    answer = manager.post(address("extension-answer", second.public_id), {"verdict": "grant", "words": ""})
    assert answer.url == address("detail", deal.public_id)
    second.refresh_from_db()
    assert second.status == "granted"
    assert deal.customer_name not in text(manager.get(address("requests")))
    assert "2 of 2" in text(seller.get(address("detail", deal.public_id)))


def test_an_extension_form_keeps_what_was_typed_and_no_file_of_it(seller, deal):
    form = {"words": "", "evidence_on": "2020-01-01"}
    refused = seller.post(address("extend", deal.public_id), form)
    assert refused.status_code == 422
    form = {**form, "words": WORDS, "file": SimpleUploadedFile("offer.pdf", PDF)}
    refused = seller.post(address("extend", deal.public_id), form)
    assert "The evidence is older than 30 days" in text(refused)
    assert WORDS in text(refused)
    assert not Attachment.objects.exists()


def changed(channel, deal, **changes):
    line = {"lines-0-product": channel.product.public_id, "lines-0-quantity": "3", "lines-0-amount": "5000"}
    names = ("customer_name", "customer_country", "customer_domain", "customer_tax_id", "site", "contact", "why_now")
    typed = {name: getattr(deal, name) for name in names} | {"expected_close_on": deal.expected_close_on.isoformat()}
    return {**typed, "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", **line, **changes}


def test_a_deal_is_changed_and_a_manager_decides_what_is_material(channel, seller, manager, deal):
    page = address("change", deal.public_id)
    assert re.search(r'name="lines-0-amount" value="5,?000.00"', text(seller.get(page)))
    assert "Nothing is different" in text(seller.post(page, changed(channel, deal)))
    assert seller.post(page, changed(channel, deal, contact="Béla")).status_code == 302
    assert Change.objects.get().status == "applied"
    assert seller.post(page, changed(channel, deal, contact="Béla", **{"lines-0-amount": "50000"})).status_code == 302
    waiting = Change.objects.get(status="pending")
    assert "A change waits" in text(seller.get(address("detail", deal.public_id)))
    assert "already waits" in text(seller.get(page))
    settle = address("change-settle", waiting.public_id)
    assert "50,000" in text(manager.get(settle))
    assert manager.post(settle, {"verdict": "approve", "words": ""}).status_code == 422
    assert manager.post(settle, {"verdict": "approve", "words": "Seen"}).url == address("requests")
    assert Registration.objects.get().total_amount == 50_000
    assert "Béla" in text(seller.get(address("detail", deal.public_id)))


def test_a_manager_says_who_a_changed_customer_is(channel, seller, manager, deal):
    known = CustomerFactory(legal_name="Kowalczyk Instalacje", country="PL")
    typed = {"customer_name": "Kowalczyk Instalacja", "customer_country": "PL", "customer_domain": ""}
    seller.post(address("change", deal.public_id), changed(channel, deal, **typed))
    settle = address("change-settle", Change.objects.get().public_id)
    assert known.public_id in text(manager.get(settle))
    refused = manager.post(settle, {"verdict": "approve", "words": "Same"})
    assert "Say who the customer is" in text(refused)
    manager.post(settle, {"verdict": "approve", "words": "Same", "customer": known.public_id})
    assert Registration.objects.get().customer == known


def test_a_change_is_taken_back(channel, seller, deal, at):
    line = DraftLine(channel.product.pk, 1, Decimal(50_000))
    change = propose_change(deal.pk, typed={"lines": [line]}, by=channel.seller, at=at)
    seller.post(address("change-withdraw", change.public_id))
    change.refresh_from_db()
    assert change.status == "withdrawn"


def test_stage_release_and_revocation(channel, seller, manager, deal, at):
    seller.post(address("stage", deal.public_id), {"stage": "proposal"})
    assert Registration.objects.get().stage == "proposal"
    assert "anybody may register" in text(seller.get(address("release", deal.public_id)))
    seller.post(address("release", deal.public_id))
    assert Registration.objects.get().status == "released"
    other = registered(channel, at=at, customer_name="Other", customer_domain="")
    assert manager.post(address("revoke", other.public_id), {"words": ""}).status_code == 422
    manager.post(address("revoke", other.public_id), {"words": "Sold elsewhere"})
    page = text(seller.get(address("detail", other.public_id)))
    assert "Protection revoked" in page
    assert "Sold elsewhere" in page


def test_what_cannot_be_done_says_why(channel, seller, deal):
    now = timezone.now()
    for _ in range(2):
        request_extension(deal.pk, words=WORDS, evidence_on=now.date(), by=channel.seller, at=now)
    page = text(seller.get(address("detail", deal.public_id)))
    assert 'aria-disabled="true" title="A request for more time already waits for its answer.' in page


def test_pages_that_are_not_theirs_do_not_exist(channel, seller, manager, deal, at):
    viewer = browser(MembershipFactory(partner=channel.partner, role="viewer").user.pk)
    for client in (viewer, manager):
        for name in ("extend", "change", "release", "stage"):
            assert client.post(address(name, deal.public_id)).status_code == 404, name
    for name in ("revoke",):
        assert seller.get(address(name, deal.public_id)).status_code == 404
    assert seller.get(address("requests")).status_code == 404
    assert viewer.post(address("comment", deal.public_id), {"text": "x"}).status_code == 404
    assert viewer.post(address("files", deal.public_id)).status_code == 404
    assert "Ask for more time" not in text(viewer.get(address("detail", deal.public_id)))
    rival = browser(channel.rival_seller.user_id)
    for name in ("detail", "extend", "change", "release", "files"):
        assert rival.get(address(name, deal.public_id)).status_code == 404, name


def test_the_countdown_of_the_ladder(channel, seller, deal):
    now = timezone.now()
    Registration.objects.update(last_activity_at=now - 61 * DAY, protected_until=now + 100 * DAY)
    Protection.objects.update(ends_at=now + 100 * DAY)
    page = text(seller.get(address("detail", deal.public_id)))
    assert "Is this deal still active?" in page
    assert "the customer is free in 14 days" in page


def busy(channel, deal, at, count):
    for number in range(count):
        talked(channel, deal, at)
        if not Extension.objects.filter(status="pending").exists():
            request_extension(deal.pk, words=WORDS, evidence_on=at.date(), by=channel.seller, at=at)
        propose_change(deal.pk, typed={"contact": f"Contact {count} {number}"}, by=channel.seller, at=at)


def test_the_page_takes_a_fixed_number_of_statements(channel, seller, manager, deal, at, django_assert_max_num_queries):
    for count in (1, 6):
        busy(channel, deal, at, count)
        for actor in (channel.seller, channel.manager):
            with django_assert_max_num_queries(9):
                page = registration_page(actor, deal.public_id, at=at)
                deal_life(actor, page.registration, at=at)


def test_the_whole_page_takes_a_fixed_number_of_statements(channel, seller, deal, at, django_assert_max_num_queries):
    """Who it is, what the bell and the menu show: six. Everything about the deal, however much: twelve."""
    busy(channel, deal, at, 4)
    page = address("detail", deal.public_id)
    seller.get(page)
    with django_assert_max_num_queries(6 + 12):
        seller.get(page)


def test_the_discount_is_that_of_the_level_on_the_decisions_day(channel, seller, manager, deal, at):
    hold_level(channel.partner.pk, "silver", starts_on=timezone.localdate(at))
    hold_level(channel.partner.pk, "gold", starts_on=timezone.localdate(at + DAY))
    discount = deal_life(channel.seller, deal, at=at).discount
    assert (discount.rate, discount.level_name, discount.day) == (Decimal("0.06"), "Silver", timezone.localdate(at))
    assert discount.amount == Money(deal.total_amount * Decimal("0.06"), deal.currency).rounded()
    for client in (seller, manager):
        page = text(client.get(address("detail", deal.public_id)))
        assert "Deal discount" in page
        assert "as Silver on" in page


def test_before_its_approval_and_to_a_distributor_a_deal_shows_no_discount(channel, at):
    waiting = registered(channel, at=at, amount=50_000, customer_name="Later", customer_domain="")
    assert waiting.protected_until is None
    assert deal_life(channel.seller, waiting, at=at).discount is None
    approved = registered(channel, at=at)
    assert deal_life(channel.seller, approved, at=at).discount is not None
    assert deal_life(channel.rival_seller, approved, at=at).discount is None


def test_vendor_roles_that_only_read_cannot_write(channel, deal):
    reader = browser(vendor("ceo").user_id)
    page = reader.get(address("detail", deal.public_id))
    assert page.status_code == 200
    assert "Your comment" not in text(page)
    assert reader.post(address("comment", deal.public_id), {"text": "x"}).status_code == 404
