"""Pencil holds: a free customer is kept for three days, for one partner, whoever asks at once."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from common.errors import NotFound, Refused
from common.models import AuditEntry
from crm.models import Customer
from crm.rules.matching import CustomerIdentity
from deals.actions import locks, pencils
from deals.actions.pencils import hold_customer, release_hold
from deals.models import PencilHold
from deals.queries.holds import live_holds
from deals.queries.preflight import check
from deals.rules.preflight import PreflightQuestion
from tests.factories.crm import CustomerFactory
from tests.factories.deals import a_channel, registered, seller_of
from tests.factories.partners import PartnerFactory
from tests.races import outcomes_of

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


def about(channel, **changes) -> PreflightQuestion:
    customer = channel.customer
    identity = CustomerIdentity(customer.legal_name, customer.country, customer.domain, customer.tax_id)
    return replace(PreflightQuestion(identity, (channel.product.family_id,), amount=Decimal(5000)), **changes)


def newcomer(channel, name="Nobody Knows It") -> PreflightQuestion:
    return about(channel, identity=CustomerIdentity(name, "DE"))


def hold(channel, question=None, at=AT) -> PencilHold:
    return hold_customer(channel.partner.pk, question or about(channel), by=channel.seller, at=at)


def rival_hold(channel, question=None, at=AT) -> PencilHold:
    return hold_customer(channel.rival.pk, question or about(channel), by=channel.rival_seller, at=at)


def refused_with(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


@pytest.mark.django_db
def test_a_hold_keeps_others_waiting_until_it_ends(channel):
    held = hold(channel)
    assert held.ends_at == AT + timedelta(hours=72)
    for hours, light in ((0, "amber"), (71, "amber"), (72, "green")):
        assert check(channel.rival.pk, about(channel), at=AT + timedelta(hours=hours)).light == light
    assert check(channel.partner.pk, about(channel), at=AT).light == "green"
    assert registered(channel, at=AT, by_rival=True).status == "in_review"
    assert AuditEntry.objects.filter(event="pencil.held").count() == 1


@pytest.mark.django_db
def test_the_same_hold_again_is_the_same_and_no_longer(channel):
    first = hold(channel)
    again = hold(channel, at=AT + timedelta(hours=5))
    assert (again.pk, again.ends_at) == (first.pk, first.ends_at)


@pytest.mark.django_db
def test_every_record_of_a_company_is_held_as_one(channel):
    twin = CustomerFactory(legal_name="Zwack Vienna", country="AT", domain=channel.customer.domain)
    hold(channel)
    assert set(PencilHold.objects.values_list("customer_id", flat=True)) == {channel.customer.pk, twin.pk}
    (shown,) = live_holds(frozenset({channel.partner.pk}), at=AT)
    release_hold(shown.public_id, by=channel.seller, at=AT + timedelta(hours=1))
    assert live_holds(frozenset({channel.partner.pk}), at=AT + timedelta(hours=1)) == []
    assert check(channel.rival.pk, about(channel), at=AT + timedelta(hours=1)).light == "green"


@pytest.mark.django_db
def test_a_newcomer_becomes_a_customer(channel):
    held = hold(channel, newcomer(channel))
    assert held.customer.legal_name == "Nobody Knows It"
    assert check(channel.rival.pk, newcomer(channel), at=AT).light == "amber"
    assert check(channel.partner.pk, newcomer(channel), at=AT).light == "green"
    typed = {"customer_name": "Nobody Knows It", "customer_country": "DE", "customer_domain": ""}
    registration = registered(channel, at=AT + timedelta(hours=1), **typed)
    assert (registration.status, registration.customer_id) == ("approved", held.customer_id)


@pytest.mark.django_db
def test_what_is_not_free_is_not_held_and_the_refusal_tells_no_more_than_the_light(channel):
    registered(channel, at=AT, by_rival=True)
    with pytest.raises(Refused) as caught:
        hold(channel)
    assert refused_with(caught) == ["registration.customer_protected", "pencil.not_free"]
    hold(channel, newcomer(channel))
    with pytest.raises(Refused) as caught:
        rival_hold(channel, newcomer(channel))
    assert refused_with(caught) == ["check.person_looks", "pencil.not_free"]
    with pytest.raises(Refused) as caught:
        hold_customer(channel.rival.pk, about(channel), by=channel.seller, at=AT)
    assert refused_with(caught) == ["actor.not_permitted"]
    assert PencilHold.objects.count() == 1


@pytest.mark.django_db
def test_five_at_once_and_none_again_too_soon(channel):
    held = [hold(channel, newcomer(channel, name)) for name in ("Abel", "Bertram", "Cornelius", "Dagobert", "Emerich")]
    with pytest.raises(Refused) as caught:
        hold(channel, newcomer(channel, "Friedolin"))
    assert refused_with(caught) == ["pencil.too_many"]
    assert not Customer.objects.filter(legal_name="Friedolin").exists()
    release_hold(held[0].public_id, by=channel.seller, at=AT + timedelta(hours=1))
    hold(channel, at=AT + timedelta(hours=1))
    ended = AT + timedelta(hours=73)
    with pytest.raises(Refused) as caught:
        hold(channel, at=ended + timedelta(hours=71))
    assert refused_with(caught) == ["pencil.held_lately"]
    hold(channel, at=ended + timedelta(hours=72))


@pytest.mark.django_db
def test_a_registration_takes_the_place_of_the_hold(channel):
    held = hold(channel)
    registered(channel, at=AT + timedelta(hours=2))
    held.refresh_from_db()
    assert held.ends_at == AT + timedelta(hours=2)


@pytest.mark.django_db
def test_only_the_holder_releases_and_only_once(channel):
    held = hold(channel)
    with pytest.raises(NotFound):
        release_hold(held.public_id, by=channel.rival_seller, at=AT)
    release_hold(held.public_id, by=channel.seller, at=AT)
    with pytest.raises(Refused) as caught:
        release_hold(held.public_id, by=channel.seller, at=AT)
    assert refused_with(caught) == ["pencil.over"]


def holders(count: int, question_of):
    channel = a_channel()
    partners = [PartnerFactory(name=f"Holder {number}") for number in range(count)]
    sellers = {partner.pk: seller_of(partner) for partner in partners}

    def work(partner):
        return lambda: hold_customer(partner.pk, question_of(channel), by=sellers[partner.pk], at=AT).public_id

    return [work(partner) for partner in partners]


def kinds(outcomes) -> Counter:
    return Counter("held" if isinstance(one, str) else ",".join(r.code for r in one.reasons) for one in outcomes)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("question_of", [about, newcomer], ids=["known", "new"])
def test_of_eight_who_hold_one_customer_at_once_one_does(question_of):
    outcomes = outcomes_of(*holders(8, question_of))
    assert kinds(outcomes) == {"held": 1, "check.person_looks,pencil.not_free": 7}
    assert PencilHold.objects.count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_without_the_locks_several_hold_it(monkeypatch):
    """The control: if only one holds it here too, the test above proves nothing."""
    works = holders(4, about)
    all_have_looked = threading.Barrier(4)
    rows = pencils._rows

    def rows_when_all_have_looked(*args, **kwargs):
        all_have_looked.wait(timeout=60)
        return rows(*args, **kwargs)

    for module in (locks, pencils):
        monkeypatch.setattr(module, "take", lambda names: None)
    monkeypatch.setattr("deals.actions.checks.take", lambda names: None)
    monkeypatch.setattr(pencils, "_rows", rows_when_all_have_looked)
    assert kinds(outcomes_of(*works)) == {"held": 4}
