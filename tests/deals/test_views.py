"""The pages over HTTP: who may open them, what they say, what they keep, what a double click does."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deals.actions.policies import add_named_account
from deals.models import Decision, Protection, Registration
from partners.models import Membership, User
from tests.factories.crm import ProductFactory
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


def typed(channel, **changes: Any) -> dict[str, Any]:
    """What the browser sends."""
    return {
        "token": str(uuid.uuid4()),
        "partner": channel.partner.pk,
        "customer_name": "Zwack Unicum Nyrt.",
        "customer_country": "HU",
        "customer_domain": "www.zwack.hu",
        "customer_tax_id": "",
        "contact": "Anna Kovács",
        "expected_close_on": (timezone.localdate() + timedelta(days=40)).isoformat(),
        "stage": "qualified",
        "source": "own",
        "currency": "EUR",
        "why_now": "Budget until summer.",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
        "lines-0-product": channel.product.public_id,
        "lines-0-quantity": "3",
        "lines-0-amount": "5,000.00",
        "lines-1-product": "",
        "lines-1-quantity": "1",
        "lines-1-amount": "",
        **changes,
    }


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_seller_registers_a_deal_and_reads_why(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel), follow=True)
    registration = Registration.objects.get()
    assert answer.redirect_chain == [(reverse("deals:detail", args=[registration.public_id]), 302)]
    assert "Protected for this partner" in text_of(answer)
    assert (registration.status, registration.total_amount, registration.stage) == ("approved", 5000, "qualified")
    receipt = text_of(seller.get(reverse("deals:receipt", args=[registration.public_id])))
    assert "is approved automatically up to" in receipt
    assert "This rule decided" in receipt


def test_a_double_click_registers_once(channel, seller):
    once = typed(channel)
    first, second = seller.post(reverse("deals:new"), once), seller.post(reverse("deals:new"), once)
    assert first.url == second.url
    assert Registration.objects.count() == Decision.objects.count() == 1


def test_a_form_that_was_sent_is_not_sent_again_with_other_words(channel, seller):
    once = typed(channel)
    seller.post(reverse("deals:new"), once)
    answer = seller.post(reverse("deals:new"), {**once, "customer_name": "Somebody Else"})
    assert answer.status_code == 422
    assert "This form was already sent" in text_of(answer)
    assert Registration.objects.count() == 1


def test_every_problem_shows_at_once_and_the_form_keeps_what_was_typed(channel, seller):
    wrong = {
        "customer_name": "",
        "customer_country": "",
        "customer_domain": "jan@gmail.com",
        "contact": " ",
        "expected_close_on": "31 February",
        "stage": "someday",
        "why_now": "Because <b>now</b>",
        "lines-0-quantity": "many",
        "lines-0-amount": "-5",
        "lines-1-product": "prd_0000000000000000",
        "lines-1-amount": "12",
    }
    answer = seller.post(reverse("deals:new"), typed(channel, **wrong))
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {
        *("customer_name", "customer_country", "customer_domain", "contact", "expected_close_on", "stage"),
    }
    assert [set(errors) for errors in form.lines.errors] == [{"quantity", "amount"}, {"product"}]
    page = answer.content.decode()
    assert 'value="31 February"' in page
    assert "jan@gmail.com" in page
    assert "Because &lt;b&gt;now&lt;/b&gt;" in page
    assert not Registration.objects.exists()


def test_a_refusal_of_the_action_is_shown_in_the_form(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, currency="HUF"))
    assert answer.status_code == 422
    assert "There is no exchange rate for HUF" in text_of(answer)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"token": "no token"},
        {"lines-TOTAL_FORMS": "x"},
        {"lines-TOTAL_FORMS": "100000"},
        {"partner": "x"},
        {"customer_name": "x" * 10_000},
        {"customer_name": "a\x00b"},
        {"lines-0-amount": "1e999"},
        {"lines-0-amount": "NaN"},
        {"lines-0-quantity": "9" * 100},
    ],
)
def test_absurd_input_gets_a_clear_answer(channel, seller, broken):
    answer = seller.post(reverse("deals:new"), typed(channel, **broken))
    assert answer.status_code == 422
    assert not Registration.objects.exists()


def test_another_partner_cannot_be_named_in_the_form(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, partner=channel.rival.pk))
    assert answer.status_code == 422
    assert not Registration.objects.exists()


def test_another_row_for_a_product_keeps_the_form_as_it_is(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, add_line="1", customer_name=""))
    assert answer.status_code == 200
    assert len(answer.context["form"].lines.forms) == 3
    assert "5,000.00" in answer.content.decode()


def test_a_draft_is_saved_edited_and_submitted(channel, seller):
    seller.post(reverse("deals:new"), typed(channel, save="1", contact="", expected_close_on=""))
    draft = Registration.objects.get()
    assert draft.status == "draft"
    edit = reverse("deals:edit", args=[draft.public_id])
    page = seller.get(edit).content.decode()
    assert "Zwack Unicum Nyrt." in page
    assert "5,000.00" in page
    other = ProductFactory()
    changed = typed(channel, **{"lines-1-product": other.public_id, "lines-1-amount": "700"})
    assert seller.post(edit, changed).status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.total_amount, draft.lines.count()) == ("approved", 5700, 2)
    assert seller.get(edit).status_code == 404


def test_a_draft_is_submitted_from_its_page(channel, seller, at):
    draft = drafted(channel, at=at, expected_close_on=timezone.localdate())
    answer = seller.post(reverse("deals:happen", args=[draft.public_id, "submit"]), follow=True)
    assert "Protected for this partner" in text_of(answer)


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
    assert "1 registration waits longer than we promised" in page
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
        (seller, reverse("deals:detail", args=[waiting.public_id]), 11),
        (seller, reverse("deals:receipt", args=[waiting.public_id]), 9),
        (manager, reverse("deals:queue"), 8),
        (manager, reverse("deals:list"), 8),
        (manager, reverse("deals:review", args=[waiting.public_id]), 12),
    ]
    for client, address, _most in addresses:
        client.get(address)  # the first request of a session notes it
    few = [statements(client, address) for client, address, _most in addresses]
    for number in range(1, 4):
        in_review(channel, at, customer_name=f"Company {number}", customer_domain="")
    assert [statements(client, address) for client, address, _most in addresses] == few
    assert all(count <= most for count, (_client, _address, most) in zip(few, addresses, strict=True)), few
