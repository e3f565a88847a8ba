"""Two customers become one: deals follow as a whole, or refuse; and merges at the same instant as claims."""

import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from common.actor import SYSTEM
from common.audit import entries_about
from common.errors import NotFound, Refused
from crm.actions import customers as customer_actions
from crm.models import Customer
from deals.actions import claims as claim_actions
from deals.actions import locks, merges
from deals.actions.merges import merge_duplicates
from deals.actions.outcomes import release_registration
from deals.actions.policies import add_entry
from deals.actions.registrations import save_draft, submit_registration
from deals.actions.reviews import approve_registration
from deals.models import BlockedCustomer, Breach, NamedAccount, PencilHold, Protection, Registration
from deals.rules.policies import BlockedCustomerEntry, NamedAccountEntry
from tests.factories.cases import report_opportunity
from tests.factories.crm import CustomerFactory
from tests.factories.deals import Channel, a_channel, a_draft, registered, typed_as, vendor
from tests.races import outcomes_of

DAY = timedelta(days=1)


@pytest.fixture
def other(channel: Channel) -> Customer:
    return CustomerFactory(legal_name="Unicum Liquor House", country="HU", domain="unicum-house.hu")


@pytest.fixture
def chief(channel: Channel):
    return vendor("channel_chief")


def of_other(channel, other, *, at, by_rival=False, **typed) -> Registration:
    return registered(channel, at=at, by_rival=by_rival, **{**typed_as(other), **typed})


def merge(channel, other, chief, at) -> None:
    merge_duplicates(channel.customer.public_id, other.public_id, by=chief, at=at)


def periods(registration) -> list[tuple]:
    rows = Protection.objects.filter(registration=registration).order_by("starts_at", "ends_at", "pk")
    return list(rows.values_list("customer_id", "starts_at", "ends_at"))


def test_what_is_protected_moves_and_the_past_stays(channel, other, chief, now):
    theirs = of_other(channel, other, at=now - DAY, by_rival=True)
    merge(channel, other, chief, now)
    theirs.refresh_from_db()
    assert (theirs.status, theirs.customer_id, theirs.updated_at) == ("approved", channel.customer.pk, now)
    assert periods(theirs) == [
        (other.pk, now - DAY, now),
        (channel.customer.pk, now, theirs.protected_until),
    ]
    assert [entry.event for entry in entries_about(theirs)].count("registration.customer_merged") == 1
    refused = registered(channel, at=now + DAY)
    assert (refused.status, refused.decisions.get().reason_code) == ("rejected", "registration.customer_protected")
    release_registration(theirs.pk, by=channel.rival_seller, at=now + 2 * DAY)
    assert of_other(channel, other, at=now + 2 * DAY).status == "approved"


def test_two_partners_protections_stand_against_it(channel, other, chief, now):
    mine, theirs = registered(channel, at=now), of_other(channel, other, at=now, by_rival=True)
    before = list(Protection.objects.order_by("pk").values()), list(Registration.objects.order_by("pk").values())
    with pytest.raises(Refused) as caught:
        merge(channel, other, chief, now + DAY)
    (reason,) = caught.value.reasons
    assert reason.code == "merge.protected_twice"
    assert {reason.params["one"], reason.params["other"]} == {mine.public_id, theirs.public_id}
    assert (
        list(Protection.objects.order_by("pk").values()),
        list(Registration.objects.order_by("pk").values()),
    ) == before
    other.refresh_from_db()
    assert other.merged_into_id is None


def test_one_partner_s_protections_take_turns_until_both_have_ended(channel, other, chief, now):
    first, second = registered(channel, at=now), of_other(channel, other, at=now + 5 * DAY)
    merge(channel, other, chief, now + 6 * DAY)
    assert periods(second)[-1] == (channel.customer.pk, first.protected_until, second.protected_until)
    release_registration(first.pk, by=channel.seller, at=now + 7 * DAY)
    assert registered(channel, at=now + 7 * DAY, by_rival=True).status == "rejected"  # the second is to come
    later = {"by_rival": True, "expected_close_on": date(2027, 3, 1)}
    assert registered(channel, at=second.protected_until, **later).status == "approved"


def test_the_lost_one_s_may_end_first(channel, other, chief, now):
    second, first = of_other(channel, other, at=now), registered(channel, at=now + 5 * DAY)
    merge(channel, other, chief, now + 6 * DAY)
    assert periods(second)[-1] == (channel.customer.pk, now + 6 * DAY, second.protected_until)
    assert periods(first)[-1] == (channel.customer.pk, second.protected_until, first.protected_until)


def test_claims_under_review_meet_and_the_first_received_is_first(channel, other, chief, now):
    theirs = of_other(channel, other, at=now, by_rival=True, amount=50_000)
    mine = registered(channel, at=now, amount=50_000)
    merge(channel, other, chief, now)
    approved = approve_registration(theirs.pk, reason="First", by=channel.manager, at=now + DAY)
    assert list(approved.protections.values_list("customer", flat=True)) == [channel.customer.pk]
    with pytest.raises(Refused, match=r"registration\.customer_protected"):
        approve_registration(mine.pk, reason="Second", by=channel.manager, at=now + DAY)


def named(customer, starts_on, ends_on=None):
    return NamedAccountEntry(customer_id=customer.pk, starts_on=starts_on, ends_on=ends_on, note="Key")


def test_entries_of_lists_move(channel, other, chief, now):
    add_entry(named(other, date(2026, 10, 20)), by=chief, at=now)
    add_entry(
        BlockedCustomerEntry(
            customer_id=other.pk, starts_on=date(2026, 10, 14), ends_on=None, note="", reason="barred"
        ),
        by=chief,
        at=now,
    )
    merge(channel, other, chief, now)
    assert NamedAccount.objects.get().customer_id == channel.customer.pk
    assert BlockedCustomer.objects.get().customer_id == channel.customer.pk
    assert registered(channel, at=now).decisions.get().reason_code == "registration.customer_blocked"


def test_an_entry_goes_on_where_the_kept_one_s_ended(channel, other, chief, now):
    NamedAccount.objects.create(customer=channel.customer, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 1))
    NamedAccount.objects.create(customer=other, starts_on=date(2026, 3, 1), note="Key")
    merge(channel, other, chief, now)
    found = NamedAccount.objects.order_by("starts_on", "customer").values_list("customer", "starts_on", "ends_on")
    assert set(found) == {
        (channel.customer.pk, date(2026, 1, 1), date(2026, 6, 1)),
        (other.pk, date(2026, 3, 1), date(2026, 6, 1)),
        (channel.customer.pk, date(2026, 6, 1), None),
    }


def test_one_list_twice_stands_against_it(channel, other, chief, now):
    for customer in (channel.customer, other):
        add_entry(named(customer, date(2026, 10, 20)), by=chief, at=now)
    with pytest.raises(Refused, match=r"merge\.named_twice"):
        merge(channel, other, chief, now)
    assert NamedAccount.objects.filter(customer=other).exists()


def test_a_pencil_holds_the_kept_one(channel, other, chief, now):
    PencilHold.objects.create(
        partner=channel.rival, customer=other, family_ids=[channel.product.family_id], customer_name="Unicum House",
        customer_country="HU", starts_at=now - DAY, ends_at=now + DAY, created_by="Rival",
    )  # fmt: skip
    merge(channel, other, chief, now)
    assert registered(channel, at=now).decisions.get().decisive_rule == "pencil_hold"


def test_direct_business_with_the_lost_one_breaks_the_kept_one_s_protection(channel, other, chief, now):
    mine = registered(channel, at=now)
    report_opportunity(channel, at=now + DAY, customer=other.external_id)
    assert not Breach.objects.exists()
    merge(channel, other, chief, now + 2 * DAY)
    assert Breach.objects.get().registration_id == mine.pk


def test_who_may_not_and_who_is_unknown(channel, other, chief, now):
    with pytest.raises(Refused, match=r"actor\.not_permitted"):
        merge(channel, other, channel.manager, now)
    with pytest.raises(NotFound):
        merge_duplicates(channel.customer.public_id, "cus_unknown", by=chief, at=now)


def test_the_database_refuses_a_protection_of_who_was_merged_away(channel, other, chief, now):
    mine = registered(channel, at=now)
    merge(channel, other, chief, now)
    protection = mine.protections.get()
    protection.pk, protection.customer, protection.starts_at = None, other, now + DAY
    with pytest.raises(IntegrityError, match="merged"), transaction.atomic():
        protection.save(force_insert=True)
    Registration.objects.filter(pk=mine.pk).update(customer=other)
    mine.refresh_from_db()
    assert mine.customer_id == channel.customer.pk


# At the same instant


def merge_beside_claims(monkeypatch, now, *, locked: bool) -> list[object]:
    """A rival claims the lost customer while it is merged into one that the partner claims: all at once."""
    channel = a_channel()
    other = CustomerFactory(legal_name="Unicum Liquor House", country="HU", domain="unicum-house.hu")
    drafts = [
        save_draft(a_draft(partner, channel.product, **typed_as(customer)), by=SYSTEM, at=now).pk
        for partner, customer in ((channel.partner, channel.customer), (channel.rival, other))
    ]
    if not locked:
        _let_everybody_look_first(monkeypatch)
    return outcomes_of(
        *(lambda pk=pk: submit_registration(pk, by=SYSTEM, at=now).status for pk in drafts),  # type: ignore[misc]
        lambda: merge_duplicates(channel.customer.public_id, other.public_id, by=SYSTEM, at=now),
    )


def _let_everybody_look_first(monkeypatch) -> None:
    """Locks that do not lock, and nobody writes before everybody has looked."""
    all_have_looked = threading.Barrier(3)

    def after_all(deed):
        def wait(*args, **how):
            all_have_looked.wait(timeout=60)
            return deed(*args, **how)

        return wait

    monkeypatch.setattr(locks, "take", lambda names: None)
    monkeypatch.setattr(merges, "take", lambda names: None)
    monkeypatch.setattr(locks, "lock_claims", lambda *claimed: None)
    monkeypatch.setattr(merges, "lock_claims", lambda *claimed: None)
    monkeypatch.setattr(claim_actions, "lock_free_claims", lambda *claimed: True)
    monkeypatch.setattr(claim_actions, "protect", after_all(claim_actions.protect))
    monkeypatch.setattr(merges, "_locked", lambda *which: [])
    monkeypatch.setattr(merges, "_join", after_all(merges._join))


def held_twice(at) -> int:
    """Companies that two registrations hold at the instant, whichever of their records they hold."""
    live = Protection.objects.filter(starts_at__lte=at, ends_at__gt=at).select_related("customer")
    held = [row.customer.merged_into_id or row.customer_id for row in live]
    return len(held) - len(set(held))


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_merge_at_the_same_instant_as_claims_leaves_one_protection(monkeypatch, now):
    for _round in range(4):
        claims = merge_beside_claims(monkeypatch, now, locked=True)
        refused = isinstance(claims[2], Refused)
        assert not any(isinstance(outcome, Exception) for outcome in claims[:2]), claims
        assert refused or claims[2] is None, claims
        merged = Customer.objects.exclude(merged_into=None)
        assert merged.exists() is not refused
        assert not Protection.objects.filter(customer__in=merged, ends_at__gt=now).exists()
        assert held_twice(now) == 0
        assert sorted(claims[:2]) == (["approved", "approved"] if refused else ["approved", "rejected"])
        _clear()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_without_locks_and_guard_the_company_is_protected_twice(monkeypatch, now):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE deals_protection DISABLE TRIGGER deals_protection_customer")
    try:
        merge_beside_claims(monkeypatch, now, locked=False)
        assert held_twice(now) == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE deals_protection ENABLE TRIGGER deals_protection_customer")


@pytest.mark.django_db
def test_a_claim_that_waited_for_the_merge_is_of_the_kept_customer(channel, other, chief, now, monkeypatch):
    """It had compared the customer before the merge, and protects it after: the database sends it back."""
    draft = save_draft(a_draft(channel.rival, channel.product, **typed_as(other)), by=channel.rival_seller, at=now)
    look = claim_actions._look_unless_others_do

    def merge_meanwhile(case, who):
        judged = look(case, who)
        monkeypatch.setattr(claim_actions, "_look_unless_others_do", look)
        customer_actions.merge_customers(channel.customer.pk, other.pk, by=chief, at=now)
        return judged

    monkeypatch.setattr(claim_actions, "_look_unless_others_do", merge_meanwhile)
    claimed = submit_registration(draft.pk, by=channel.rival_seller, at=now)
    claimed.refresh_from_db()
    assert (claimed.status, claimed.customer_id) == ("approved", channel.customer.pk)
    assert list(claimed.protections.values_list("customer", flat=True)) == [channel.customer.pk]


def _clear() -> None:
    tables = ("deals_registration", "crm_customer", "partners_partner", "tiers_programme", "deals_rulebook")
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
