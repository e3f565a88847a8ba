"""Who reviews what, how much each has to do, what the screen of a review is made of, and all of it over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common import outbox
from common.errors import Refused
from common.models import AuditEntry
from deals.actions.answers import answer_inquiry
from deals.actions.assignments import assign_many, assign_registration
from deals.actions.inquiries import ask_partner
from deals.actions.reviews import approve_registration, decide_registrations, reject_registration
from deals.choices.engagement import RuleVerdict
from deals.models import Registration
from deals.queries.reviewers import loads_of, reviewers
from deals.queries.reviews import record_of_partner, review_page
from deals.rules.assignments import Load, least_loaded, may_assign
from partners.models import Notification, User
from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.factories.deals import registered, vendor

__all__ = ["quick_secrets"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = datetime(2026, 10, 15, 10, 0, tzinfo=UTC)


def waiting(channel, at, name: str = "", **typed: Any) -> Registration:
    about = {"customer_name": name, "customer_domain": f"{name.lower()}.com"} if name else {}
    return registered(channel, at=at, **{"amount": 50_000, **about, **typed})


def codes(caught) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in caught.value.reasons]


def test_a_review_is_given_to_somebody_who_is_told(channel, now):
    deal, chief = waiting(channel, now), vendor("channel_chief")
    assign_registration(deal.pk, chief.user_id, by=channel.manager, at=now)
    assign_registration(deal.pk, chief.user_id, by=channel.manager, at=now)  # nothing changes
    deal.refresh_from_db()
    assert deal.assigned_to_id == chief.user_id
    entry = AuditEntry.objects.get(event="registration.assigned")
    assert entry.facts == {"before": None, "after": chief.user_id}
    outbox.relay(at=now + HOUR)
    assert Notification.objects.get(kind="review_assigned").user_id == chief.user_id


def test_who_takes_one_is_not_told_and_may_put_it_back(channel, now):
    deal = waiting(channel, now)
    assign_registration(deal.pk, channel.manager.user_id, by=channel.manager, at=now)
    assign_registration(deal.pk, None, by=channel.manager, at=now)
    outbox.relay(at=now + HOUR)
    assert Registration.objects.get(pk=deal.pk).assigned_to_id is None
    assert not Notification.objects.filter(kind="review_assigned").exists()


def test_a_review_is_given_only_to_reviewers_and_only_while_it_waits(channel, now):
    deal, finance = waiting(channel, now), vendor("finance")
    approved = registered(channel, at=now, customer_name="Small", customer_domain="")
    for pk, user_id, by, expected in (
        (deal.pk, finance.user_id, channel.manager, ("review.not_a_reviewer", "reviewer")),
        (deal.pk, channel.seller.user_id, channel.manager, ("review.not_a_reviewer", "reviewer")),
        (deal.pk, channel.manager.user_id, finance, ("actor.not_permitted", "")),
        (deal.pk, channel.manager.user_id, channel.seller, ("actor.not_permitted", "")),
        (approved.pk, channel.manager.user_id, channel.manager, ("registration.status", "")),
    ):
        with pytest.raises(Refused) as caught:
            assign_registration(pk, user_id, by=by, at=now)
        assert codes(caught) == [expected]
    assert not Registration.objects.exclude(assigned_to=None).exists()


@pytest.mark.parametrize(
    ("status", "expected"),
    [("in_review", True), ("action_required", True), ("draft", False), ("approved", False), ("rejected", False)],
)
def test_what_can_be_given(status, expected):
    assert bool(may_assign(status)) is expected


def load(name: str, *counts: int) -> Load:
    return Load(hash(name), name, name, *counts, median_time=None)


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([load("A", 2, 0, 0), load("B", 1, 1, 9)], "B"),
        ([load("A", 1, 1, 0), load("B", 1, 0, 9)], "B"),
        ([load("A", 1, 1, 3), load("B", 1, 1, 2)], "B"),
        ([load("B", 0, 0, 0), load("A", 0, 0, 0)], "A"),
    ],
)
def test_the_next_one_goes_to_whoever_has_least_to_do(loads, expected):
    assert least_loaded(loads).name == expected
    assert least_loaded([]) is None


def test_loads_count_what_is_open_late_and_decided(channel, now, django_assert_num_queries):
    deals = [waiting(channel, now - 10 * DAY * number, name) for number, name in enumerate(("Alpha", "Beta", "Gamma"))]
    for deal in deals:
        assign_registration(deal.pk, channel.manager.user_id, by=channel.manager, at=now)
    old = waiting(channel, now - 40 * DAY, "Old")
    reject_registration(old.pk, reason="No", by=channel.manager, at=now - 31 * DAY)
    for name, hours in (("Quick", 1), ("Slow", 5), ("Middle", 2)):
        deal = waiting(channel, now - DAY, name)
        reject_registration(deal.pk, reason="No", by=channel.manager, at=now - DAY + hours * HOUR)
    with django_assert_num_queries(2):
        found = {load.user_id: load for load in loads_of(reviewers(), at=now)}
    mine = found[channel.manager.user_id]
    assert (mine.open_count, mine.late_count, mine.decided_count, mine.median_time) == (3, 2, 3, 2 * HOUR)


def test_the_time_in_which_a_partner_had_to_answer_is_not_the_reviewer_s(channel, now):
    deal = waiting(channel, now)
    ask_partner(deal.pk, fields=["contact"], words="Who?", by=channel.manager, at=now + HOUR)
    answer_inquiry(deal.pk, typed={"contact": "Me"}, words="", by=channel.seller, at=now + 25 * HOUR)
    approve_registration(deal.pk, reason="Yes", by=channel.manager, at=now + 27 * HOUR)
    (mine,) = loads_of(reviewers(), at=now + 30 * HOUR)
    assert mine.median_time == 3 * HOUR


def test_who_does_not_review_has_no_load(channel, now):
    vendor("finance")
    User.objects.filter(pk=vendor("channel_chief").user_id).update(is_active=False)
    assert [person.pk for person in reviewers()] == [channel.manager.user_id]


def test_several_are_decided_each_by_itself(channel, now):
    first, second, compared = (
        waiting(channel, now, "Alpha"),
        waiting(channel, now, "Beta"),
        waiting(channel, now, customer_domain=""),
    )
    reject_registration(second.pk, reason="No", by=channel.manager, at=now)
    ids = [first.pk, second.pk, compared.pk, first.pk]
    answers = decide_registrations(ids, decision=RuleVerdict.APPROVE, reason="Yes", by=channel.manager, at=now)
    assert [(found.registration_id, [reason.code for reason in found.reasons]) for found in answers] == [
        (first.pk, []),
        (second.pk, ["registration.status"]),
        (compared.pk, ["review.needs_comparison"]),
    ]


def test_too_many_and_none_at_once_are_refused(channel, now):
    for ids, code in (([], "review.nothing_selected"), (list(range(101)), "review.too_many_selected")):
        with pytest.raises(Refused) as caught:
            decide_registrations(ids, decision=RuleVerdict.REJECT, reason="No", by=channel.manager, at=now)
        assert codes(caught) == [(code, "")]
        with pytest.raises(Refused) as caught:
            assign_many(ids, None, by=channel.manager, at=now)
        assert codes(caught) == [(code, "")]


def test_a_review_shows_other_partners_and_the_partner_s_record(channel, now):
    deal = waiting(channel, now, customer_domain="")
    same = waiting(channel, now, by_rival=True)
    alike = waiting(channel, now, by_rival=True, customer_name="Zwack Unicum Zrt.", customer_domain="")
    waiting(channel, now, "Another", by_rival=True)
    page = review_page(channel.manager, deal.public_id, at=now)
    assert page.similar == [alike, same]
    assert (page.record.open_count, page.record.rejected_count, page.record.won_share) == (1, 0, None)


def test_a_partner_s_record(channel, now):
    for number, status in enumerate(("won", "won", "lost", "rejected", "upheld", "approved", "in_review")):
        deal = registered(channel, at=now, customer_name=f"Company {'ABCDEFG'[number]}", customer_domain="")
        Registration.objects.filter(pk=deal.pk).update(status=status, review_due_at=now)
    record = record_of_partner(channel.partner.pk, at=now)
    assert (record.open_count, record.protected_count, record.rejected_count) == (1, 1, 2)
    assert (record.won_count, record.lost_count, round(record.won_share, 2)) == (2, 1, round(record.won_share, 2))
    assert record.won_share * 3 == 2
    later = Registration.objects.filter(status="approved").values_list("protected_until", flat=True)[0]
    assert record_of_partner(channel.partner.pk, at=later).protected_count == 0


def test_statements_of_a_review_do_not_grow(channel, now, django_assert_max_num_queries):
    deal = waiting(channel, now, customer_domain="")
    for number in range(3):
        waiting(channel, now, by_rival=True, customer_name=f"Zwack Unicum {'ABC'[number]}", customer_domain="")
    with django_assert_max_num_queries(10):
        page = review_page(channel.manager, deal.public_id, at=now)
        assert [other.partner.name for other in page.similar] == ["Rival Canary"] * 3


# REST


@pytest.fixture
def reviewer(db):
    return ApiClient(ask_token(*register("Desk", "deals.read", "deals.review")).json()["access_token"])


@pytest.fixture
def crm(db):
    return ApiClient(ask_token(*register("CRM", "deals.read", "deals.write")).json()["access_token"])


def act(client: ApiClient, deal: Registration, verb: str, **body: Any) -> Any:
    return client.post(f"/registrations/{deal.public_id}/{verb}", body, key=f"{verb} {deal.pk} {sorted(body.items())}")


def test_a_client_lists_what_waits(channel, now, reviewer, monkeypatch):
    for name in ("Alpha", "Beta"):
        waiting(channel, now, name)
    monkeypatch.setattr("deals.queries.queue.PAGE_SIZE", 1)
    first = reviewer.get("/reviews", sort="customer").json()
    assert [row["customer_name"] for row in first["results"]] == ["Alpha"]
    (row,) = first["results"]
    assert (row["kind"], row["rule"], row["reviewer"], row["base_amount"]) == (
        "registration",
        "size",
        None,
        "50000.0000",
    )
    second = reviewer.get(first["next"].partition("/api/v1")[2]).json()
    assert ([row["customer_name"] for row in second["results"]], second["next"]) == (["Beta"], None)
    assert reviewer.get("/reviews", search="nobody").json()["results"] == []
    assert reviewer.get("/reviews", kind="x").status_code == 422


def test_a_client_decides(channel, now, reviewer):
    deal = waiting(channel, now)
    approved = act(reviewer, deal, "approve", reason="Known")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    refused = act(reviewer, waiting(channel, now, customer_domain=""), "approve", reason="Known")
    assert (refused.status_code, refused.json()["code"]) == (409, "registration.customer_not_chosen")
    compared = waiting(channel, now, customer_name="Zwack Unicum Kft", customer_domain="")
    assert act(reviewer, compared, "approve", reason="New", customer="new").json()["status"] == "approved"
    assert act(reviewer, waiting(channel, now, "Beta"), "reject", reason="No").json()["status"] == "rejected"


def test_a_client_asks_answers_and_assigns(channel, now, reviewer, crm):
    deal = waiting(channel, now)
    public_id = User.objects.get(pk=channel.manager.user_id).public_id
    assert act(reviewer, deal, "assign", reviewer=public_id).status_code == 200
    assert Registration.objects.get(pk=deal.pk).assigned_to_id == channel.manager.user_id
    assert act(reviewer, deal, "assign", reviewer="usr_x").json()["code"] == "review.not_a_reviewer"
    assert act(reviewer, deal, "assign", reviewer=None).status_code == 200
    asked = act(reviewer, deal, "ask", fields_asked=["lines", "contact"], words="How many?")
    assert asked.json()["status"] == "action_required"
    wrong = act(crm, deal, "answer", customer_name="Else", words="x")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "inquiry.field_not_asked")
    lines = [{"product": channel.product.public_id, "quantity": 1, "amount": "9000.00"}]
    answered = act(crm, deal, "answer", lines=lines)
    assert (answered.json()["status"], answered.json()["total_amount"]) == ("approved", "9000.0000")


def test_a_client_needs_the_scope(channel, now, reviewer, crm):
    deal = waiting(channel, now)
    bodies = {"approve": {"reason": "x"}, "reject": {"reason": "x"}, "ask": {"fields_asked": [], "words": "x"}}
    for verb, body in {**bodies, "assign": {"reviewer": None}}.items():
        assert act(crm, deal, verb, **body).status_code == 403
    assert crm.get("/reviews").status_code == 403
    assert act(reviewer, deal, "answer", words="x").status_code == 403
    assert Registration.objects.get(pk=deal.pk).status == "in_review"
