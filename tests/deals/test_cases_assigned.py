"""Changes and appeals that wait: given to a person, escalated by the clock, seen in queue and load."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from common import outbox
from common.actor import Actor
from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions import clockwork
from deals.actions.appeals import file_appeal, uphold_appeal
from deals.actions.assignments import assign_appeal, assign_change
from deals.actions.changes import propose_change, withdraw_change
from deals.actions.clockwork import run_review_clocks
from deals.actions.outcomes import lose_registration
from deals.actions.reviews import reject_registration
from deals.models import Appeal, Change, Registration
from deals.queries.queue import NOBODY, Wish, queue_page
from deals.queries.reviewers import loads_of, reviewers
from deals.rules.assignments import may_be_given
from deals.rules.drafts import DraftLine
from partners.models import Notification, User
from tests.factories.deals import Channel, a_channel, registered, vendor
from tests.journeys.world import api_client
from tests.races import outcomes_of

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


@dataclass(frozen=True)
class Case:
    """One that waits, and how it is given, taken away and looked at."""

    word: str
    waiting: Change | Appeal
    give: Callable[..., object]
    end: Callable[[], object]
    over: str  # the code of a refusal once it has ended
    address: str

    @property
    def due_at(self):
        return self.waiting.review_due_at if isinstance(self.waiting, Change) else self.waiting.due_at

    def event(self, what: str) -> str:
        return f"registration.{self.word}_{what}"


def a_deal(channel: Channel, at, name: str, **typed) -> Registration:
    about = {"customer_name": name, "customer_domain": f"{name.lower().replace(' ', '-')}.com"}
    return registered(channel, at=at, expected_close_on=(at + 30 * DAY).date(), **about, **typed)


def a_change(channel: Channel, at, name: str = "Changed") -> Case:
    deal = a_deal(channel, at, name)
    lines = [DraftLine(channel.product.pk, 3, Decimal(50_000))]
    found = propose_change(deal.pk, typed={"lines": lines}, by=channel.seller, at=at)
    assert found.status == "pending"
    end = partial(withdraw_change, found.pk, by=channel.seller, at=at)
    return Case("change", found, assign_change, end, "change.not_waiting", f"/deals/changes/{found.public_id}/")


def an_appeal(channel: Channel, at) -> Case:
    deal = a_deal(channel, at, "Appealed", amount=50_000)
    reject_registration(deal.pk, reason="No", by=channel.manager, at=at)
    found = file_appeal(deal.pk, grounds="We were first.", by=channel.seller, at=at)
    end = partial(uphold_appeal, found.pk, words="No", by=vendor("channel_chief"), at=at)
    return Case("appeal", found, assign_appeal, end, "appeal.not_open", f"/deals/appeals/{found.public_id}/")


@pytest.fixture(params=[a_change, an_appeal])
def kind(request) -> Callable[..., Case]:
    return request.param


@pytest.fixture
def case(kind, channel, now) -> Case:
    return kind(channel, now)


@pytest.fixture
def case_of_today(kind, channel) -> Case:
    """For pages, which know no other day."""
    return kind(channel, timezone.now())


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def chief(db) -> Actor:
    return vendor("channel_chief")


def told(kind: str, at) -> list[tuple[int, str, str]]:
    outbox.relay(at=at)
    return sorted(Notification.objects.filter(kind=kind).values_list("user_id", "code", "url"))


def codes(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


@pytest.mark.parametrize(
    ("user_id", "deciders", "codes"),
    [
        (None, {"user:1"}, ()),
        (1, set(), ()),
        (1, {"user:2"}, ()),
        (1, {"user:1"}, ("appeal.own_decision",)),
        (3, set(), ("review.not_a_reviewer",)),
        (3, {"user:3"}, ("review.not_a_reviewer",)),
    ],
)
def test_to_whom_it_may_be_given(user_id, deciders, codes):
    assert may_be_given(user_id, {1, 2}, deciders).codes == codes


def test_given_to_somebody_who_is_told_once(case, chief, now):
    giver = vendor("channel_manager")
    for _time in range(2):  # to whom it is given already: nothing changes
        case.give(case.waiting.pk, chief.user_id, by=giver, at=now)
    case.waiting.refresh_from_db()
    assert case.waiting.assigned_to_id == chief.user_id
    entry = AuditEntry.objects.get(event=case.event("assigned"))
    assert entry.facts == {case.word: case.waiting.public_id, "before": None, "after": chief.user_id}
    assert told("review_assigned", now + HOUR) == [(chief.user_id, f"{case.word}.was_assigned", case.address)]


def test_who_takes_it_is_not_told_and_may_put_it_back(case, chief, now):
    case.give(case.waiting.pk, chief.user_id, by=chief, at=now)
    case.give(case.waiting.pk, None, by=chief, at=now)
    case.waiting.refresh_from_db()
    assert (case.waiting.assigned_to_id, told("review_assigned", now + HOUR)) == (None, [])


def test_given_only_to_those_who_answer_it(case, now):
    for nobody in (vendor("finance").user_id, 0):
        with pytest.raises(Refused) as refused:
            case.give(case.waiting.pk, nobody, by=vendor("channel_chief"), at=now)
        assert codes(refused) == ["review.not_a_reviewer"]
    case.waiting.refresh_from_db()
    assert case.waiting.assigned_to_id is None
    assert not AuditEntry.objects.filter(event=case.event("assigned")).exists()


def test_given_only_by_those_who_review(case, channel, chief, now):
    for by, error in ((channel.rival_seller, NotFound), (channel.seller, Refused), (vendor("finance"), Refused)):
        with pytest.raises((error, Refused)):
            case.give(case.waiting.pk, chief.user_id, by=by, at=now)
    with pytest.raises(NotFound):
        case.give(0, chief.user_id, by=chief, at=now)
    case.waiting.refresh_from_db()
    assert case.waiting.assigned_to_id is None


def test_what_has_its_answer_is_given_to_nobody(case, chief, now):
    case.end()
    with pytest.raises(Refused) as refused:
        case.give(case.waiting.pk, chief.user_id, by=chief, at=now)
    assert codes(refused) == [case.over]


def test_an_appeal_is_not_given_to_who_decided_before(channel, chief):
    at = timezone.now()
    appeal = an_appeal(channel, at).waiting
    with pytest.raises(Refused) as refused:
        assign_appeal(appeal.pk, channel.manager.user_id, by=chief, at=at)
    assert codes(refused) == ["appeal.own_decision"]
    page = signed_in(chief).get(f"/deals/appeals/{appeal.public_id}/").content.decode()
    assert page.count("<option") == 1 + len(reviewers()) - 1  # nobody, and all but who decided


@pytest.mark.parametrize(("early", "is_late"), [(INSTANT, False), (timedelta(0), False), (-INSTANT, True)])
def test_late_it_is_escalated_once(case, chief, early, is_late):
    at = case.due_at - early
    assert run_review_clocks(at=at) == is_late
    assert run_review_clocks(at=at) == 0
    case.waiting.refresh_from_db()
    assert case.waiting.escalated_at == (at if is_late else None)
    assert AuditEntry.objects.filter(event=case.event("escalated")).count() == is_late
    mine = [news for news in told("review_late", at + DAY) if news[0] == chief.user_id]
    assert mine == [(chief.user_id, f"{case.word}.is_late", case.address)] * is_late


def test_who_was_given_it_is_told_that_it_is_late(case, chief, now):
    manager = vendor("channel_manager")
    case.give(case.waiting.pk, manager.user_id, by=manager, at=now)
    run_review_clocks(at=case.due_at + HOUR)
    assert {user_id for user_id, _code, _url in told("review_late", case.due_at + DAY)} >= {
        manager.user_id,
        chief.user_id,
    }


def test_what_has_its_answer_is_not_escalated(case):
    case.end()
    assert run_review_clocks(at=case.due_at + DAY) == 0


def test_a_change_of_what_is_not_protected_any_more_is_not_escalated(channel, now):
    case = a_change(channel, now)
    deal = case.waiting.registration
    assert run_review_clocks(at=deal.protected_until) == 0
    lose_registration(deal.pk, reason="price", by=channel.seller, at=now)
    assert run_review_clocks(at=case.due_at + DAY) == 0


def test_the_queue_shows_and_narrows_by_its_own_reviewer(case, chief, now):
    Registration.objects.update(assigned_to=vendor("channel_manager").user_id)  # whoever had the registration
    assert [row.public_id for row in queue_page(Wish(assigned=NOBODY), at=now).rows] == [case.waiting.public_id]
    case.give(case.waiting.pk, chief.user_id, by=chief, at=now)
    (row,) = queue_page(Wish(assigned=chief.user_id), at=now).rows
    assert (row.public_id, row.reviewer.pk, row.reviewer.name) == (
        case.waiting.public_id,
        chief.user_id,
        str(User.objects.get(pk=chief.user_id)),
    )
    assert queue_page(Wish(assigned=NOBODY), at=now).rows == []


@pytest.mark.parametrize(("seconds", "late"), [(-1, 0), (0, 0), (1, 1)])
def test_it_counts_as_load(case, chief, now, seconds, late):
    case.give(case.waiting.pk, chief.user_id, by=chief, at=now)
    at = case.due_at + timedelta(seconds=seconds)
    load = next(load for load in loads_of(reviewers(), at=at) if load.user_id == chief.user_id)
    assert (load.open_count, load.late_count) == (1, late)


def test_given_and_taken_on_its_page(case_of_today, chief):
    case = case_of_today
    browser, manager = signed_in(chief), vendor("channel_manager")
    assert "Take it" in browser.get(case.address).content.decode()
    chosen = User.objects.get(pk=manager.user_id).public_id
    assert browser.post(f"{case.address}assign/", {"reviewer": chosen}).headers["Location"] == case.address
    case.waiting.refresh_from_db()
    assert case.waiting.assigned_to_id == manager.user_id
    browser.post(f"{case.address}assign/", {"take": "1", "reviewer": chosen})
    case.waiting.refresh_from_db()
    assert case.waiting.assigned_to_id == chief.user_id
    page = browser.post(f"{case.address}assign/", {"reviewer": "usr_nobody"}, follow=True).content.decode()
    assert "This person does not review" in page
    assert "Take it" not in page
    listed = browser.get("/deals/requests/" if case.word == "change" else "/deals/appeals/").content.decode()
    assert str(User.objects.get(pk=chief.user_id)) in listed


def test_the_partner_reads_nothing_of_who_has_it(case_of_today, channel, chief):
    case = case_of_today
    User.objects.filter(pk=chief.user_id).update(full_name="Canary Judge")
    case.give(case.waiting.pk, chief.user_id, by=chief, at=timezone.now())
    partner = signed_in(channel.seller)
    deal = case.waiting.registration.public_id
    for address in ("/deals/appeals/", f"/deals/appeals/{case.waiting.public_id}/", f"/deals/{deal}/"):
        assert "Canary Judge" not in partner.get(address).content.decode()


def test_a_client_gives_it(case_of_today, chief):
    case = case_of_today
    client = api_client("deals.read", "deals.review")
    chosen = User.objects.get(pk=chief.user_id).public_id

    def give(reviewer: str):
        address, key = f"/api/v1/{case.word}s/{case.waiting.public_id}/assign", {"Idempotency-Key": reviewer}
        return client.post(address, {"reviewer": reviewer}, content_type="application/json", headers=key)

    answer = give(chosen)
    assert (answer.status_code, answer.json()["public_id"]) == (200, case.waiting.public_id)
    case.waiting.refresh_from_db()
    assert case.waiting.assigned_to_id == chief.user_id
    wrong = give("usr_nobody")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "review.not_a_reviewer")


def escalations_by_four_sweepers(now) -> int:
    channel = a_channel()
    cases = [
        *(a_change(channel, now + number * HOUR, f"Changed {number}") for number in range(4)),
        an_appeal(channel, now),
    ]
    at = max(case.due_at for case in cases) + HOUR
    outcomes_of(*[lambda: run_review_clocks(at=at)] * 4)
    return AuditEntry.objects.filter(event__endswith="_escalated").count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
class TestRaces:
    def test_sweepers_escalate_once(self, transactional_db, now):
        assert escalations_by_four_sweepers(now) == 5

    def test_control_without_the_lock_they_escalate_twice(self, transactional_db, now, monkeypatch):
        monkeypatch.setattr(clockwork, "_taken", lambda rows, pk: rows.filter(pk=pk).first())
        assert escalations_by_four_sweepers(now) != 5
