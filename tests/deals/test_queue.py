"""The queue: what is in it, in which order, how it is narrowed, how many statements it takes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from deals.actions.assignments import assign_registration
from deals.actions.reviews import reject_registration
from deals.models import Appeal, Change, Registration
from deals.queries import queue
from deals.queries.queue import NOBODY, Wish, next_registration, queue_page, waiting_counts
from tests.factories.deals import registered

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def waiting(channel, at, name: str = "", **typed) -> Registration:
    """In review, of a customer of its own."""
    about = {"customer_name": name, "customer_domain": f"{name.lower().replace(' ', '-')}.com"} if name else {}
    return registered(channel, at=at, **{"amount": 50_000, **about, **typed})


def appeal_of(deal: Registration, due_at) -> Appeal:
    return Appeal.objects.create(
        registration=deal,
        decision=deal.decisions.latest("sequence"),
        status_before="rejected",
        grounds="We were first.",
        filed_at=due_at - 5 * DAY,
        filed_by="Seller",
        due_at=due_at,
    )


def change_of(deal: Registration, due_at) -> Change:
    return Change.objects.create(
        registration=deal,
        dimensions=["value", "close"],
        before={},
        after={},
        status="pending",
        requested_at=due_at - DAY,
        requested_by="Seller",
        review_due_at=due_at,
    )


def names(wish: Wish, at) -> list[str]:
    return [row.registration.customer_name for row in queue_page(wish, at=at).rows]


@pytest.fixture
def mixed(channel, now):
    """Registrations of three customers, a change and an appeal; by time left: Change, Bravo, Appeal, Alpha, Charlie."""
    bravo = waiting(channel, now, "Bravo")
    alpha = waiting(channel, now + 5 * HOUR, "Alpha", amount=20_000)
    charlie = waiting(channel, now + 6 * HOUR, "Charlie", amount=90_000, by_rival=True, customer_country="FR")
    changed = waiting(channel, now, "Changed", amount=5000)
    refused = waiting(channel, now, "Appealed")
    reject_registration(refused.pk, reason="No", by=channel.manager, at=now)
    return {
        "bravo": bravo,
        "alpha": alpha,
        "charlie": charlie,
        "change": change_of(changed, bravo.review_due_at - HOUR),
        "appeal": appeal_of(refused, bravo.review_due_at + HOUR),
    }


EVERYTHING = ["Changed", "Bravo", "Appealed", "Alpha", "Charlie"]


def test_everything_that_waits_is_in_one_list_by_time_left(mixed, now):
    rows = queue_page(Wish(), at=now).rows
    assert [row.registration.customer_name for row in rows] == EVERYTHING
    assert [row.kind for row in rows] == ["change", "registration", "appeal", "registration", "registration"]
    assert (rows[0].dimensions, rows[0].public_id) == (("value", "close"), mixed["change"].public_id)
    assert (rows[1].rule, rows[1].due_at) == ("size", mixed["bravo"].review_due_at)
    assert [row.may_approve_at_once for row in rows] == [False, True, False, True, True]


def test_the_queue_is_narrowed(mixed, channel, now):
    due = mixed["bravo"].review_due_at
    expected = {
        Wish(kind="registration"): ["Bravo", "Alpha", "Charlie"],
        Wish(kind="change"): ["Changed"],
        Wish(kind="appeal"): ["Appealed"],
        Wish(search="BRAV"): ["Bravo"],
        Wish(search="rival can"): ["Charlie"],
        Wish(search=mixed["alpha"].public_id): ["Alpha"],
        Wish(partner=channel.rival.public_id): ["Charlie"],
        Wish(country="FR"): ["Charlie"],
        Wish(rule="size"): ["Bravo", "Alpha", "Charlie"],
        Wish(rule="similar_customer"): [],
        Wish(rule="size", kind="change"): [],
        Wish(least=Decimal(50_000)): ["Bravo", "Appealed", "Charlie"],
        Wish(least=Decimal("50000.01")): ["Charlie"],
        Wish(most=Decimal(20_000)): ["Changed", "Alpha"],
        Wish(only_late=True): [],
        Wish(family_id=channel.product.family_id): EVERYTHING,
        Wish(family_id=0): [],
    }
    assert {wish: names(wish, now) for wish in expected} == expected
    assert names(Wish(only_late=True), due) == ["Changed"]
    assert names(Wish(only_late=True), due + timedelta(microseconds=1)) == ["Changed", "Bravo"]


def test_the_queue_is_narrowed_by_reviewer(mixed, channel, now):
    assign_registration(mixed["alpha"].pk, channel.manager.user_id, by=channel.manager, at=now)
    assert names(Wish(assigned=channel.manager.user_id), now) == ["Alpha"]
    assert names(Wish(assigned=NOBODY), now) == [name for name in EVERYTHING if name != "Alpha"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-due", EVERYTHING[::-1]),
        ("value", ["Changed", "Alpha", "Bravo", "Appealed", "Charlie"]),
        ("customer", ["Alpha", "Appealed", "Bravo", "Changed", "Charlie"]),
        ("-customer", ["Charlie", "Changed", "Bravo", "Appealed", "Alpha"]),
        ("no such", EVERYTHING),
    ],
)
def test_the_queue_is_sorted(mixed, now, sort, expected):
    assert names(Wish(sort=sort), now) == expected


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in queue.SORTS for sign in ("", "-")])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_follow_each_other_without_gap_or_double(channel, now, monkeypatch, sort, size):
    """Also where everything is due at one instant and worth the same."""
    deals = [waiting(channel, now, f"Company {'ABCD'[number]}") for number in range(4)]
    for deal in deals[:2]:
        change_of(deal, deal.review_due_at)
        appeal_of(deal, deal.review_due_at)
    everything = [row.public_id for row in queue_page(Wish(sort=sort), at=now).rows]
    monkeypatch.setattr(queue, "PAGE_SIZE", size)
    collected, cursor = [], ""
    while True:
        page = queue_page(Wish(sort=sort, cursor=cursor), at=now)
        collected += [row.public_id for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    assert collected == everything
    assert len(set(collected)) == 8


@pytest.mark.parametrize("sort", ["due", "customer", "value"])
@pytest.mark.parametrize("cursor", ["x", "e30=", "WzEsIDIsIDMsIDRd", "ż", "WyJcdTAwMDAiLCAwLCAxXQ=="])
def test_a_cursor_that_is_not_ours_is_the_first_page(mixed, now, cursor, sort):
    assert len(names(Wish(cursor=cursor, sort=sort), now)) == 5


def test_the_next_one_is_the_next_in_the_selection(mixed, channel, now):
    def following(wish: Wish, name: str) -> str:
        found = next_registration(wish, mixed[name].public_id, at=now)
        return Registration.objects.get(public_id=found).customer_name if found else ""

    assert [following(Wish(), name) for name in ("bravo", "alpha", "charlie")] == ["Alpha", "Charlie", "Bravo"]
    assert [following(Wish(sort="-value"), name) for name in ("charlie", "bravo")] == ["Bravo", "Alpha"]
    assert following(Wish(partner=channel.partner.public_id), "alpha") == "Bravo"
    assert following(Wish(partner=channel.rival.public_id), "charlie") == ""
    assert following(Wish(partner=channel.rival.public_id), "bravo") == "Charlie"


def test_what_waits_is_counted_up_to_a_thousand(mixed, now, monkeypatch):
    due = mixed["bravo"].review_due_at
    assert waiting_counts(now) == (5, 0)
    assert waiting_counts(due + HOUR) == (5, 2)
    monkeypatch.setattr(queue, "MANY", 3)
    assert waiting_counts(due + DAY) == (3, 3)


def test_statements_do_not_grow_with_rows(channel, now, django_assert_num_queries):
    for number in range(4):
        waiting(channel, now, f"Company {'ABCD'[number]}")
    with django_assert_num_queries(2):
        rows = queue_page(Wish(), at=now).rows
        assert [(row.registration.partner.name, row.registration.customer.country) for row in rows]
    with django_assert_num_queries(1):
        waiting_counts(now)
    with django_assert_num_queries(2):
        next_registration(Wish(), rows[0].public_id, at=now)
    with django_assert_num_queries(1):
        assert queue_page(Wish(search="nothing like it"), at=now).rows == []
