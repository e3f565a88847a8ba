"""A distributor asks, the reseller answers, either ends it; nobody else sees it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from common import outbox
from common.errors import NotFound, Refused
from common.models import AuditEntry
from partners import queries, rules
from partners.actions import distribution
from partners.models import Distribution, Notification
from tests.factories.partners import MembershipFactory, PartnerFactory

pytestmark = pytest.mark.django_db


class Sides:
    def __init__(self) -> None:
        self.distributor = PartnerFactory(name="Big Distribution", types=("distributor",))
        self.reseller = PartnerFactory(name="Small Reseller")
        self.distributor_user = MembershipFactory(partner=self.distributor).user
        self.reseller_user = MembershipFactory(partner=self.reseller).user
        self.by_distributor = queries.actor_of(self.distributor_user)
        self.by_reseller = queries.actor_of(self.reseller_user)

    def ask(self, at):
        return distribution.request_distribution(
            self.distributor.pk, self.reseller.public_id, by=self.by_distributor, at=at
        )

    def answer(self, link, at, *, agrees=True):
        return distribution.answer_distribution(
            link.public_id, agrees=agrees, by=self.by_reseller, day=at.date(), at=at
        )


@pytest.fixture
def sides() -> Sides:
    return Sides()


def refused_with(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def events() -> list[str]:
    return list(
        AuditEntry.objects.filter(event__startswith="distribution").order_by("pk").values_list("event", flat=True)
    )


def test_asked_agreed_and_ended(sides, now):
    link = sides.ask(now)
    assert queries.resellers_of([sides.distributor.pk], day=now.date()) == []
    sides.answer(link, now)
    ((distributor_id, reseller),) = queries.resellers_of([sides.distributor.pk], day=now.date())
    assert (distributor_id, reseller.name) == (sides.distributor.pk, "Small Reseller")
    assert queries.resellers_of([sides.distributor.pk], day=now.date() - timedelta(days=1)) == []
    end = now + timedelta(days=3)
    distribution.end_distribution(link.public_id, by=sides.by_distributor, day=end.date(), at=end)
    assert queries.resellers_of([sides.distributor.pk], day=end.date()) == []
    assert len(queries.resellers_of([sides.distributor.pk], day=end.date() - timedelta(days=1))) == 1
    assert events() == ["distribution.requested", "distribution.accepted", "distribution.ended"]
    sides.ask(end)
    assert Distribution.objects.count() == 2


@pytest.mark.parametrize(
    ("starts", "ends", "live"),
    [(0, None, True), (1, None, False), (-1, 0, False), (-1, 1, True), (None, None, False), (0, 0, False)],
)
def test_live_is_half_open(now, starts, ends, live):
    def day(offset):
        return None if offset is None else now.date() + timedelta(days=offset)

    assert rules.distribution_is_live(day(starts), day(ends), now.date()) is live


def test_each_side_is_told_once(sides, now):
    sides.answer(sides.ask(now), now)
    outbox.relay(at=timezone.now())
    told = {notice.user_id: (notice.code, notice.params["partner"]) for notice in Notification.objects.all()}
    assert told == {
        sides.reseller_user.pk: ("distribution.requested", "Big Distribution"),
        sides.distributor_user.pk: ("distribution.accepted", "Small Reseller"),
    }


def test_asking_is_refused(sides, now):
    def ask(who, number, by):
        with pytest.raises(Refused) as caught:
            distribution.request_distribution(who.pk, number, by=by, at=now)
        return refused_with(caught)

    assert ask(sides.reseller, sides.distributor.public_id, sides.by_reseller) == ["distribution.no_distributor"]
    assert ask(sides.distributor, "ptn_0000000000000000", sides.by_distributor) == ["distribution.unknown_reseller"]
    assert ask(sides.distributor, sides.distributor.public_id, sides.by_distributor) == [
        "distribution.unknown_reseller"
    ]
    assert ask(sides.distributor, sides.reseller.public_id, sides.by_reseller) == ["actor.not_permitted"]
    seller = queries.actor_of(MembershipFactory(partner=sides.distributor, role="seller").user)
    assert ask(sides.distributor, sides.reseller.public_id, seller) == ["actor.not_permitted"]
    sides.ask(now)
    assert ask(sides.distributor, sides.reseller.public_id, sides.by_distributor) == ["distribution.exists"]
    assert Distribution.objects.count() == 1


def test_only_the_reseller_answers_and_only_once(sides, now):
    link = sides.ask(now)
    stranger = queries.actor_of(MembershipFactory().user)
    for by in (sides.by_distributor, stranger):
        with pytest.raises(NotFound):
            distribution.answer_distribution(link.public_id, agrees=True, by=by, day=now.date(), at=now)
    sides.answer(link, now, agrees=False)
    with pytest.raises(Refused) as caught:
        sides.answer(link, now)
    assert refused_with(caught) == ["distribution.answered"]
    with pytest.raises(Refused) as caught:
        distribution.end_distribution(link.public_id, by=sides.by_reseller, day=now.date(), at=now)
    assert refused_with(caught) == ["distribution.not_live"]
    link.refresh_from_db()
    assert (link.starts_on, link.ends_on) == (None, None)


def test_the_page(sides):
    distributor, reseller = Client(), Client()
    distributor.force_login(sides.distributor_user)
    reseller.force_login(sides.reseller_user)
    unknown = {"distributor": sides.distributor.public_id, "reseller": "ptn_none"}
    answer = distributor.post("/distribution/", unknown)
    assert answer.status_code == 422
    assert b"No other partner has this number" in answer.content
    known = unknown | {"reseller": sides.reseller.public_id.upper()}
    assert distributor.post("/distribution/", known).status_code == 302
    link = Distribution.objects.get()
    assert b"Agree" in reseller.get("/distribution/").content
    assert distributor.post(f"/distribution/{link.public_id}/agree/").status_code == 404
    assert reseller.post(f"/distribution/{link.public_id}/agree/").status_code == 302
    assert reseller.post("/distribution/", known).status_code == 404
    link.refresh_from_db()
    assert link.starts_on == timezone.localdate()
