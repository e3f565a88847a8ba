"""The pages over HTTP: who may open them, what they say, what they keep, what a double click does."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deals.actions.policies import add_named_account
from deals.models import Protection, Registration
from partners.models import Membership, User
from tests.factories.deals import drafted, registered, vendor

EMPTY_ID = "reg_0000000000000000"


def signed_in(actor: Any) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def seller(channel):
    return signed_in(channel.seller)


@pytest.fixture
def manager(channel):
    return signed_in(channel.manager)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_draft_is_submitted_from_its_page(channel, seller, at):
    draft = drafted(channel, at=at, expected_close_on=timezone.localdate())
    answer = seller.post(reverse("deals:happen", args=[draft.public_id, "submit"]), follow=True)
    assert "Protected until" in text_of(answer)


def test_deals_are_won_lost_and_withdrawn_from_their_pages(channel, seller, at):
    close_on = timezone.localdate() + timedelta(days=1)

    def after(event, registration, **data):
        answer = seller.post(reverse("deals:happen", args=[registration.public_id, event]), data, follow=True)
        registration.refresh_from_db()
        return registration.status, text_of(answer)

    approved = registered(channel, at=at, expected_close_on=close_on)
    status, page = after("lose", approved, reason="bad weather")
    assert (status, "Choose one of the possibilities" in page) == ("approved", True)
    assert after("lose", approved, reason="price")[0] == "lost"
    assert "This is not possible" in after("win", approved)[1]
    again = registered(channel, at=timezone.now(), expected_close_on=close_on)
    assert after("win", again)[0] == "won"
    draft = drafted(channel, at=at)
    assert after("withdraw", draft)[0] == "withdrawn"
    assert seller.post(reverse("deals:happen", args=[draft.public_id, "explode"])).status_code == 404


def test_a_refused_partner_reads_one_fixed_text_and_nothing_of_the_rival(channel, seller, at):
    registered(channel, at=at, by_rival=True, expected_close_on=timezone.localdate())
    rejected = registered(channel, at=at, expected_close_on=timezone.localdate())
    rival = Registration.objects.get(partner=channel.rival)
    for name in ("detail", "receipt"):
        page = seller.get(reverse(f"deals:{name}", args=[rejected.public_id]))
        assert "cannot be protected for you" in text_of(page)
        assert not any(
            secret in page.content.decode()
            for secret in (rival.public_id, "Rival", rival.protected_until.isoformat()[:10])
        )


def test_the_list_shows_filters_and_pages(channel, seller, at, monkeypatch):
    assert "No deals yet" in text_of(seller.get(reverse("deals:list")))
    monkeypatch.setattr("deals.queries.registrations.PAGE_SIZE", 1)
    drafted(channel, at=at, customer_name="Alpha Ltd")
    drafted(channel, at=at, customer_name="Beta Ltd")
    first = seller.get(reverse("deals:list"), {"sort": "customer"})
    assert "Alpha Ltd" in text_of(first)
    assert "Beta Ltd" not in text_of(first)
    second = seller.get(reverse("deals:list"), {"sort": "customer", "after": first.context["page"].next_cursor})
    assert "Beta Ltd" in text_of(second)
    assert "No deal matches" in text_of(seller.get(reverse("deals:list"), {"q": "nobody", "status": "nonsense"}))


def test_the_manager_s_list_shows_partners(channel, manager, at):
    registered(channel, at=at, expected_close_on=timezone.localdate())
    assert "Alpha Partner" in text_of(manager.get(reverse("deals:list")))


def test_the_rules_are_published(channel, seller, at):
    add_named_account(channel.customer.pk, starts_on=timezone.localdate(), by=vendor("channel_chief"), at=at)
    page = text_of(seller.get(reverse("deals:rules")))
    assert "R6 Live direct opportunity" in page
    assert "Zwack Unicum" in page
    assert "10,000" in page
    assert "€" in page


def in_review(channel, at, **changes):
    return registered(channel, at=at, amount=50_000, expected_close_on=timezone.localdate(), **changes)


def test_a_manager_works_through_the_queue(channel, manager, at):
    first = in_review(channel, at - timedelta(days=5))
    second = in_review(channel, at, customer_domain="")
    page = text_of(manager.get(reverse("deals:queue")))
    assert "2 wait" in page
    assert "1 is late" in page
    assert "To compare" in page
    review = text_of(manager.get(reverse("deals:review", args=[second.public_id])))
    assert "Nearly the same name, same country" in review
    decided = manager.post(
        reverse("deals:review", args=[first.public_id]), {"decision": "approve", "reason": "Yes"}, follow=True
    )
    assert decided.redirect_chain == [(reverse("deals:review", args=[second.public_id]), 302)]
    last = manager.post(reverse("deals:review", args=[second.public_id]), {"decision": "reject", "reason": "No"})
    assert last.url == reverse("deals:queue")
    assert [found.status for found in Registration.objects.order_by("pk")] == ["approved", "rejected"]
    assert "Nothing waits" in text_of(manager.get(reverse("deals:queue")))


def test_a_manager_must_say_who_the_customer_is(channel, manager, at):
    waiting = in_review(channel, at, customer_domain="")
    address = reverse("deals:review", args=[waiting.public_id])
    answer = manager.post(address, {"decision": "approve", "reason": "Fine words"})
    assert answer.status_code == 422
    assert "Say who the customer is" in text_of(answer)
    assert "Fine words" in text_of(answer)
    for unknown in ("cus_0000000000000000", "x"):
        answer = manager.post(address, {"decision": "approve", "reason": "Yes", "customer": unknown})
        assert "There is no such customer" in text_of(answer)
    manager.post(address, {"decision": "approve", "reason": "Yes", "customer": channel.customer.public_id})
    assert Protection.objects.get().customer == channel.customer


def test_a_review_that_is_refused_says_why(channel, manager, at):
    waiting = in_review(channel, at, customer_domain="")
    registered(channel, at=at, by_rival=True, expected_close_on=timezone.localdate())
    answer = manager.post(
        reverse("deals:review", args=[waiting.public_id]),
        {"decision": "approve", "reason": "Yes", "customer": channel.customer.public_id},
    )
    assert answer.status_code == 422
    assert "cannot be protected" in text_of(answer)


def routes(public_id: str) -> list[tuple[str, str]]:
    """Every address of this app: method and path."""
    names = ["list", "new", "rules", "queue"]
    return [
        *(("get", reverse(f"deals:{name}")) for name in names),
        ("post", reverse("deals:new")),
        *(("get", reverse(f"deals:{name}", args=[public_id])) for name in ("detail", "edit", "receipt", "review")),
        *(("post", reverse(f"deals:{name}", args=[public_id])) for name in ("edit", "review")),
        *(
            ("post", reverse("deals:happen", args=[public_id, event]))
            for event in ("submit", "withdraw", "win", "lose")
        ),
    ]


def answer_of(client: Client, method: str, path: str) -> tuple[int, str, str]:
    answer = getattr(client, method)(path)
    body = "" if answer.status_code == 302 else re.sub(r'nonce="[^"]*"|"\w{64}"', "", answer.content.decode())
    return answer.status_code, answer.get("Location", "").replace(path, "PATH"), body.replace(path, "PATH")


def test_every_address_sends_an_anonymous_visitor_to_the_login_page_alike(channel, at):
    for public_id in (in_review(channel, at).public_id, EMPTY_ID):
        for method, path in routes(public_id):
            status, location, _body = answer_of(Client(), method, path)
            assert (status, location) == (302, f"{reverse('account_login')}?next=PATH"), path


def test_a_rival_s_deal_is_a_missing_one_on_every_address(channel, at):
    rival = signed_in(channel.rival_seller)
    for registration in (in_review(channel, at), drafted(channel, at=at)):
        for (method, foreign), (_method, missing) in zip(routes(registration.public_id), routes(EMPTY_ID), strict=True):
            if foreign != missing:
                assert answer_of(rival, method, foreign) == answer_of(rival, method, missing)
                assert answer_of(rival, method, foreign)[0] == 404, foreign


def test_pages_of_the_other_side_do_not_exist(channel, seller, manager, at):
    waiting = in_review(channel, at)
    assert seller.get(reverse("deals:queue")).status_code == 404
    assert seller.get(reverse("deals:review", args=[waiting.public_id])).status_code == 404
    assert manager.get(reverse("deals:new")).status_code == 404
    direct = signed_in(vendor("direct_sales"))
    assert direct.get(reverse("deals:list")).status_code == 404
    assert direct.get(reverse("deals:detail", args=[waiting.public_id])).status_code == 404


def test_a_viewer_sees_but_cannot_act(channel, at):
    Membership.objects.filter(partner=channel.partner).update(role="viewer")
    viewer = signed_in(channel.seller)
    waiting = in_review(channel, at)
    assert viewer.get(reverse("deals:detail", args=[waiting.public_id])).status_code == 200
    assert viewer.get(reverse("deals:new")).status_code == 404
    answer = viewer.post(reverse("deals:happen", args=[waiting.public_id, "withdraw"]), follow=True)
    assert "Your role does not allow this" in text_of(answer)
    waiting.refresh_from_db()
    assert waiting.status == "in_review"


def test_what_a_partner_types_is_text_everywhere(channel, seller, manager, at):
    nasty = "<script>alert(1)</script> Ltd"
    waiting = in_review(channel, at, customer_name=nasty, customer_domain="", why_now="<img src=x>")
    pages = [seller.get(reverse("deals:detail", args=[waiting.public_id])), manager.get(reverse("deals:queue"))]
    pages += [manager.get(reverse("deals:review", args=[waiting.public_id])), seller.get(reverse("deals:list"))]
    for page in pages:
        assert "<script>alert" not in page.content.decode()
        assert "<img src=x" not in page.content.decode()


def statements(client: Client, address: str) -> int:
    """Statements of a page, without those that note the session's last activity."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    texts = [query["sql"] for query in captured.captured_queries]
    return sum("SAVEPOINT" not in text and "usersessions" not in text for text in texts)


def test_pages_take_a_fixed_number_of_statements(channel, seller, manager, at):
    waiting = in_review(channel, at, customer_name="Company 0", customer_domain="")
    addresses = [  # one of them is the bell's, in lists another one the saved views
        (seller, reverse("deals:list"), 9),
        (seller, reverse("deals:detail", args=[waiting.public_id]), 15),
        (seller, reverse("deals:receipt", args=[waiting.public_id]), 9),
        (manager, reverse("deals:queue"), 11),
        (manager, reverse("deals:list"), 8),
        (manager, reverse("deals:review", args=[waiting.public_id]), 19),
    ]
    for client, address, _most in addresses:
        client.get(address)  # the first request of a session notes it
    few = [statements(client, address) for client, address, _most in addresses]
    for number in range(1, 4):
        in_review(channel, at, customer_name=f"Company {number}", customer_domain="")
    assert [statements(client, address) for client, address, _most in addresses] == few
    assert all(count <= most for count, (_client, _address, most) in zip(few, addresses, strict=True)), few
