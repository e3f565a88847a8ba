"""The pages of the review: the queue, several at once, one review, questions and answers, who has how much."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from deals.actions.assignments import assign_registration
from deals.actions.inquiries import ask_partner
from deals.models import Inquiry, Protection, Registration
from partners.models import User
from tests.deals.test_queue import appeal_of, change_of
from tests.factories.deals import registered, vendor

DAY = timedelta(days=1)
QUEUE = "/deals/queue/"


def signed_in(actor: Any) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", strip_tags(answer.content.decode()))


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def manager(channel):
    return signed_in(channel.manager)


@pytest.fixture
def seller(channel):
    return signed_in(channel.seller)


def waiting(channel, at, name: str = "", **typed: Any) -> Registration:
    about = {"customer_name": name, "customer_domain": f"{name.lower()}.com"} if name else {}
    return registered(
        channel, at=at, **{"amount": 50_000, "expected_close_on": timezone.localdate() + DAY, **about, **typed}
    )


def status_of(deal: Registration) -> str:
    return Registration.objects.get(pk=deal.pk).status


def test_the_queue_shows_registrations_changes_and_appeals(channel, manager, at):
    deal = waiting(channel, at - 9 * DAY, "Bravo")
    change_of(waiting(channel, at, "Small", amount=5000), at + DAY)
    appeal_of(waiting(channel, at, "Other"), at + 2 * DAY)
    page = text_of(manager.get(QUEUE))
    for expected in ("4 wait", "1 is late", "Bravo", "R10 Size", "Change", "Value", "Appeal", "Low risk"):
        assert expected in page, expected
    narrowed = manager.get(QUEUE, {"q": "brav", "late": "on", "sort": "-value", "kind": "registration"})
    assert "Bravo" in text_of(narrowed)
    assert "Small" not in text_of(narrowed)
    address = reverse("deals:review", args=[deal.public_id])
    assert f"{address}?q=brav&amp;late=on&amp;sort=-value&amp;kind=registration" in narrowed.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "kind=x",
        "least=abc",
        "most=-1",
        "rule=x",
        "sort=x",
        "after=x",
        "assigned=x",
        "family=x",
        "country=X",
    ],
)
def test_what_cannot_be_read_counts_as_not_given(channel, manager, at, query):
    waiting(channel, at, "Bravo")
    assert "Bravo" in text_of(manager.get(f"{QUEUE}?{query}"))


def test_an_empty_queue_and_an_empty_selection_say_so(channel, manager, at):
    assert "Every registration has its answer." in text_of(manager.get(QUEUE))
    waiting(channel, at, "Bravo")
    assert "Nothing that waits matches" in text_of(manager.get(QUEUE, {"q": "Nobody"}))


def test_mine_and_nobody_s(channel, manager, at):
    mine, _free = waiting(channel, at, "Mine"), waiting(channel, at, "Free")
    assign_registration(mine.pk, channel.manager.user_id, by=channel.manager, at=at)
    assert ["Mine" in text_of(manager.get(QUEUE, {"assigned": who})) for who in ("me", "nobody", "")] == [
        True,
        False,
        True,
    ]


def many(client: Client, *deals: Registration, **typed: str) -> Any:
    return client.post(f"{QUEUE}many/?q=x", {"selected": [deal.public_id for deal in deals], **typed})


def test_several_are_approved_each_by_itself(channel, manager, at):
    good, compared = waiting(channel, at, "Good"), waiting(channel, at, customer_domain="")
    taken = waiting(channel, at)
    registered(channel, at=at, by_rival=True, expected_close_on=timezone.localdate())
    Registration.objects.filter(pk=taken.pk).update(status="withdrawn")
    page = text_of(many(manager, good, compared, taken, decision="approve", reason="All known"))
    assert [status_of(deal) for deal in (good, compared, taken)] == ["approved", "in_review", "withdrawn"]
    assert "1 of 3 done" in page
    assert "open it to compare" in page
    assert "while the registration is “Withdrawn”" in page
    assert Registration.objects.get(pk=good.pk).decisions.get(sequence=2).reason_params == {"words": "All known"}


def test_several_are_rejected_or_given_to_somebody(channel, manager, at):
    first, second = waiting(channel, at, "First"), waiting(channel, at, customer_domain="")
    colleague = vendor("channel_chief")
    public_id = User.objects.get(pk=colleague.user_id).public_id
    many(manager, first, second, decision="assign", reviewer=public_id)
    assert set(Registration.objects.values_list("assigned_to", flat=True)) == {colleague.user_id}
    assert "2 of 2 done" in text_of(many(manager, first, second, decision="reject", reason="No"))
    assert {status_of(first), status_of(second)} == {"rejected"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"decision": "approve", "reason": " "}, "Give a reason."),
        ({"decision": "reject", "reason": "x" * 1001}, "At most 1000 characters"),
        ({"decision": "approve", "reason": "Yes", "selected": []}, "Select at least one"),
        ({"decision": "assign", "reviewer": "usr_0000000000000000"}, "does not review"),
    ],
)
def test_several_at_once_are_refused_with_a_reason(channel, manager, at, typed, expected):
    deal = waiting(channel, at, "Bravo")
    answer = manager.post(f"{QUEUE}many/", {"selected": [deal.public_id], **typed})
    assert expected in text_of(answer)
    assert status_of(deal) == "in_review"


def test_nothing_is_done_without_saying_what(channel, manager, at):
    deal = waiting(channel, at, "Bravo")
    assert many(manager, deal, decision="burn", reason="Yes").url == f"{QUEUE}?q=x"
    assert status_of(deal) == "in_review"


def test_a_review_has_everything_in_one_screen(channel, manager, at):
    deal = waiting(channel, at - 9 * DAY, customer_domain="", why_now="They need it now")
    rival = waiting(channel, at, by_rival=True, customer_name="Zwack Unicum Zrt.", customer_domain="")
    registered(channel, at=at, customer_name="Small", customer_domain="", expected_close_on=timezone.localdate())
    page = text_of(manager.get(reverse("deals:review", args=[deal.public_id])))
    for expected in (
        *("Who is the customer?", "Nobody we know", "They need it now", "R10 Size", "Similar customer"),
        *("Other partners with this customer", rival.partner.name, "The partner so far", "Protected now1"),
        *("has the least to do", "Ask the partner first"),
    ):
        assert expected in page, expected


def test_the_next_one_in_the_selection_follows_a_decision(channel, manager, at):
    first, other, third = (waiting(channel, at, name) for name in ("Zeta", "Beta", "Zetor"))
    address = reverse("deals:review", args=[first.public_id]) + "?q=zet"
    following = manager.get(reverse("deals:review-next", args=[first.public_id]) + "?q=zeto")
    assert following.url == reverse("deals:review", args=[third.public_id]) + "?q=zeto"
    decided = manager.post(address, {"decision": "reject", "reason": "No"})
    assert decided.url == reverse("deals:review", args=[third.public_id]) + "?q=zet"
    last = manager.post(
        reverse("deals:review", args=[third.public_id]) + "?q=zeto", {"decision": "reject", "reason": "No"}
    )
    assert last.url == f"{QUEUE}?q=zeto"
    assert status_of(other) == "in_review"


def test_a_question_goes_to_the_partner_and_its_answer_comes_back(channel, manager, seller, at):
    deal = waiting(channel, at)
    address = reverse("deals:review-ask", args=[deal.public_id])
    refused = manager.post(address, {"words": "Who is it?"})
    assert refused.status_code == 422
    assert "Choose at least one field" in text_of(refused)
    assert "Who is it?" in text_of(refused)
    asked = manager.post(address, {"words": "Who is it?", "fields_asked": ["contact", "lines"]}, follow=True)
    assert "The partner is asked." in text_of(asked)
    review = text_of(manager.get(reverse("deals:review", args=[deal.public_id])))
    assert "Waits for the partner" in review
    assert "Not answered yet" in review
    answer = reverse("deals:answer", args=[deal.public_id])
    page = seller.get(answer)
    assert "Who is it?" in text_of(page)
    assert ['name="contact"' in page.content.decode(), 'name="customer_name"' in page.content.decode()] == [True, False]
    typed = {
        "contact": "Mrs Novak",
        "words": "Here",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
        "lines-0-product": channel.product.public_id,
        "lines-0-quantity": "0",
        "lines-0-amount": "4000",
        "lines-1-product": "",
        "lines-1-quantity": "1",
        "lines-1-amount": "",
    }
    wrong = seller.post(answer, typed)
    assert wrong.status_code == 422
    assert "whole number from 1" in text_of(wrong)
    assert 'value="Mrs Novak"' in wrong.content.decode()
    done = seller.post(answer, {**typed, "lines-0-quantity": "2", "customer_name": "Smuggled"})
    assert done.url == reverse("deals:detail", args=[deal.public_id])
    deal.refresh_from_db()
    assert (deal.status, deal.contact, deal.customer_name) == ("approved", "Mrs Novak", channel.customer.legal_name)
    assert Inquiry.objects.get().answer == "Here"
    assert Protection.objects.count() == 1


def test_only_the_partner_answers_and_only_what_was_asked(channel, manager, seller, at):
    deal = waiting(channel, at)
    address = reverse("deals:answer", args=[deal.public_id])
    assert seller.get(address).status_code == 404  # nothing was asked
    ask_partner(deal.pk, fields=["contact"], words="Who?", by=channel.manager, at=at)
    assert seller.get(address).status_code == 200
    for stranger in (manager, signed_in(channel.rival_seller)):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, {"contact": "X"}).status_code == 404


def test_a_review_is_taken_given_and_put_back(channel, manager, at):
    deal, chief = waiting(channel, at), vendor("channel_chief")
    address = reverse("deals:review-assign", args=[deal.public_id])

    def assigned(**typed: str) -> int | None:
        manager.post(address, typed)
        return Registration.objects.get(pk=deal.pk).assigned_to_id

    assert assigned(take="1") == channel.manager.user_id
    assert assigned(reviewer=User.objects.get(pk=chief.user_id).public_id) == chief.user_id
    assert assigned(reviewer="usr_0000000000000000") == chief.user_id
    assert assigned(reviewer="") is None


def test_who_has_how_much(channel, manager, at):
    deal = waiting(channel, at - 9 * DAY)
    assign_registration(deal.pk, channel.manager.user_id, by=channel.manager, at=at)
    page = text_of(manager.get(f"{QUEUE}load/"))
    assert channel.manager.label in page
    assert "Has the least to do" in page


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "name", ["review", "review-next", "review-ask", "review-assign", "queue", "queue-load", "queue-many"]
)
def test_a_partner_has_no_such_pages(channel, seller, at, method, name):
    args = [waiting(channel, at).public_id] if name.startswith("review") else []
    answer = getattr(seller, method)(reverse(f"deals:{name}", args=args))
    assert answer.status_code in (404, 405)
    assert "Zwack" not in text_of(answer)
