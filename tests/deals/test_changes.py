"""Changes of approved registrations: applied, judged anew, left to a person; protections follow."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from common.errors import NotFound, Refused
from common.models import AuditEntry
from crm.models import Customer
from deals.actions.changes import propose_change, settle_change, withdraw_change
from deals.actions.extensions import request_extension
from deals.actions.outcomes import lose_registration
from deals.models import Change, Decision, Protection, Registration
from deals.queries.decisions import replays
from deals.rules.drafts import DraftLine
from tests.factories.crm import CustomerFactory, OpportunityFactory, ProductFactory
from tests.factories.deals import a_channel, registered, typed_as, vendor
from tests.races import outcomes_of

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def change(registration, channel, at, **typed) -> Change:
    return propose_change(registration.pk, typed=typed, by=channel.seller, at=at)


def live(at) -> set[tuple[int, int]]:
    rows = Protection.objects.filter(starts_at__lte=at, ends_at__gt=at)
    return set(rows.values_list("customer_id", "family_id"))


def events(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("id").values_list("event", flat=True))


def lines(channel, amount, *more) -> list[DraftLine]:
    return [DraftLine(channel.product.pk, 3, Decimal(amount)), *(DraftLine(pk, 1, Decimal(1000)) for pk in more)]


@pytest.fixture
def approved(channel, now) -> Registration:
    return registered(channel, at=now)


@pytest.fixture(autouse=True)
def decisions_replay(db):
    """Whatever a test does: every decision judged again is the same."""
    yield
    assert [found for found in replays() if not found.is_same] == []


def test_what_is_not_material_applies_at_once(channel, now, approved):
    at = now + DAY
    found = change(approved, channel, at, contact="Béla", customer_name="ZWACK UNICUM NYRT", lines=lines(channel, 6250))
    assert (found.status, found.dimensions, found.decision) == ("applied", [], None)
    approved.refresh_from_db()
    assert (approved.contact, approved.customer_name) == ("Béla", "ZWACK UNICUM NYRT")
    assert (approved.total_amount, approved.base_amount) == (6250, 6250)
    assert approved.lines.get().amount == 6250
    assert (approved.status, approved.last_activity_at) == ("approved", at)
    assert Protection.objects.count() == Decision.objects.count() == 1
    assert events(approved)[-1] == "registration.change_applied"


def test_small_steps_add_up_to_a_material_one(channel, now, approved):
    assert change(approved, channel, now, lines=lines(channel, 6250)).dimensions == []
    grown = change(approved, channel, now, lines=lines(channel, 6300))
    assert (grown.dimensions, grown.status) == (["value"], "applied")
    assert change(approved, channel, now, lines=lines(channel, 7875)).dimensions == []


def test_a_value_that_a_person_decides_waits_while_the_rest_stays(channel, now, approved):
    waiting = change(approved, channel, now, lines=lines(channel, 50_000))
    assert (waiting.status, waiting.dimensions) == ("pending", ["value"])
    assert waiting.review_due_at > now
    decision = waiting.decision
    assert (decision.question, decision.verdict, decision.decisive_rule) == ("change", "review", "size")
    approved.refresh_from_db()
    assert (approved.status, approved.total_amount) == ("approved", 5000)
    with pytest.raises(Refused) as caught:
        change(approved, channel, now, contact="Béla")
    assert codes(caught) == ("change.pending",)
    settled = settle_change(waiting.pk, verdict="approve", words="Seen the offer", by=channel.manager, at=now + DAY)
    assert (settled.status, settled.settled_by) == ("applied", channel.manager.label)
    approved.refresh_from_db()
    assert approved.total_amount == approved.lines.get().amount == 50_000
    assert Protection.objects.count() == 1
    assert settled.decision.reason_params == {"words": "Seen the offer"}
    assert events(approved)[-2:] == ["registration.change_proposed", "registration.change_applied"]


def test_a_value_below_the_minimum_is_refused_and_the_rest_stays(channel, now, approved):
    refused = change(approved, channel, now, lines=lines(channel, 500))
    assert (refused.status, refused.decision.verdict) == ("refused", "reject")
    approved.refresh_from_db()
    assert (approved.status, approved.total_amount) == ("approved", 5000)
    assert events(approved)[-1] == "registration.change_refused"


def test_a_new_family_is_protected_to_the_same_end(channel, now, approved):
    product = ProductFactory()
    found = change(approved, channel, now + DAY, lines=lines(channel, 5000, product.pk))
    assert (found.status, found.dimensions) == ("applied", ["family"])
    approved.refresh_from_db()
    new = Protection.objects.get(family=product.family)
    assert (new.starts_at, new.ends_at) == (now + DAY, approved.protected_until)
    assert live(now + DAY) == {
        (channel.customer.pk, channel.product.family_id),
        (channel.customer.pk, product.family_id),
    }
    assert approved.family_ids == sorted([channel.product.family_id, product.family_id])


def test_a_family_given_up_is_free_at_once(channel, now, approved):
    product = ProductFactory()
    change(approved, channel, now, lines=lines(channel, 5000, product.pk))
    back = change(approved, channel, now + DAY, lines=lines(channel, 5000))
    assert back.dimensions == []
    assert live(now + DAY) == {(channel.customer.pk, channel.product.family_id)}
    assert live(now + DAY - TICK) > live(now + DAY)


def test_a_family_that_a_rival_holds_is_refused_without_telling(channel, now, approved):
    product = ProductFactory()
    registered(channel, at=now, by_rival=True, lines=[DraftLine(product.pk, 1, Decimal(2000))])
    refused = change(approved, channel, now, lines=lines(channel, 5000, product.pk))
    assert (refused.status, refused.decision.decisive_rule) == ("refused", "live_protection")
    assert live(now) == {
        (channel.customer.pk, channel.product.family_id),
        (channel.customer.pk, product.family_id),
    }
    approved.refresh_from_db()
    assert approved.family_ids == [channel.product.family_id]


def test_what_direct_sales_began_meanwhile_counts_for_what_is_new_only(channel, now, approved):
    """An opportunity seen after the registration stands against a new family, not against the one that is held."""
    product = ProductFactory()
    for family in (channel.product.family, product.family):
        OpportunityFactory(customer=channel.customer, family=family, first_seen_at=now + DAY)
    value = change(approved, channel, now + 2 * DAY, lines=lines(channel, 7000))
    assert (value.dimensions, value.status) == (["value"], "applied")
    refused = change(approved, channel, now + 2 * DAY, lines=lines(channel, 7000, product.pk))
    assert (refused.status, refused.decision.decisive_rule) == ("refused", "direct_opportunity")


def test_another_customer_is_protected_instead(channel, now, approved):
    other = CustomerFactory(legal_name="Tokaj Wine Zrt.", country="HU", domain="tokaj.hu")
    found = change(approved, channel, now + DAY, **typed_as(other))
    assert (found.status, found.dimensions) == ("applied", ["customer"])
    approved.refresh_from_db()
    assert (approved.customer_id, approved.match_kind) == (other.pk, "domain")
    assert live(now + DAY) == {(other.pk, channel.product.family_id)}
    assert Protection.objects.get(customer=channel.customer).ends_at == now + DAY
    assert Protection.objects.get(customer=other).ends_at == approved.protected_until
    assert registered(channel, at=now + DAY, by_rival=True).status == "approved"


def test_a_rival_s_customer_is_refused_and_the_old_one_stays_protected(channel, now, approved):
    other = CustomerFactory(legal_name="Tokaj Wine Zrt.", country="HU", domain="tokaj.hu")
    registered(channel, at=now, by_rival=True, **typed_as(other))
    refused = change(approved, channel, now + DAY, **typed_as(other))
    assert (refused.status, refused.decision.decisive_rule) == ("refused", "live_protection")
    assert (channel.customer.pk, channel.product.family_id) in live(now + DAY)
    approved.refresh_from_db()
    assert approved.customer_name == channel.customer.legal_name


def test_a_customer_nobody_knows_becomes_known_only_if_approved(channel, now, approved):
    typed = {"customer_name": "Never Heard Of", "customer_country": "DE", "customer_domain": ""}
    refused = change(approved, channel, now, **typed, lines=lines(channel, 500))
    assert (refused.status, Customer.objects.count()) == ("refused", 1)
    found = change(approved, channel, now, **typed)
    assert found.status == "applied"
    assert live(now) == {(Customer.objects.get(legal_name="Never Heard Of").pk, channel.product.family_id)}


def test_a_similar_customer_is_compared_by_a_person(channel, now, approved):
    similar = CustomerFactory(legal_name="Kowalczyk Instalacje", country="PL")
    typed = {"customer_name": "Kowalczyk Instalacja", "customer_country": "PL", "customer_domain": ""}
    waiting = change(approved, channel, now, **typed)
    assert (waiting.status, waiting.decision.decisive_rule) == ("pending", "similar_customer")
    with pytest.raises(Refused) as caught:
        settle_change(waiting.pk, verdict="approve", words="Yes", by=channel.manager, at=now, customer_id=0)
    assert codes(caught) == ("registration.unknown_customer",)
    settle_change(waiting.pk, verdict="approve", words="Same", by=channel.manager, at=now, customer_id=similar.pk)
    assert live(now) == {(similar.pk, channel.product.family_id)}


def test_what_the_rules_reject_by_now_a_manager_cannot_approve(channel, now, approved):
    similar = CustomerFactory(legal_name="Kowalczyk Instalacje", country="PL", domain="kowalczyk.pl")
    typed = {"customer_name": "Kowalczyk Instalacja", "customer_country": "PL", "customer_domain": ""}
    waiting = change(approved, channel, now, **typed)
    registered(channel, at=now + DAY, by_rival=True, **typed_as(similar))
    with pytest.raises(Refused) as caught:
        settle_change(
            waiting.pk, verdict="approve", words="Same", by=channel.manager, at=now + DAY, customer_id=similar.pk
        )
    assert codes(caught) == ("registration.customer_protected",)
    waiting.refresh_from_db()
    assert waiting.status == "pending"


def test_a_manager_refuses_and_a_partner_withdraws(channel, now, approved):
    first = change(approved, channel, now, lines=lines(channel, 50_000))
    settled = settle_change(first.pk, verdict="reject", words="No offer", by=channel.manager, at=now)
    assert (settled.status, settled.decision.reason_code) == ("refused", "registration.rejected_by_person")
    second = change(approved, channel, now, lines=lines(channel, 50_000))
    assert withdraw_change(second.pk, by=channel.seller, at=now).status == "withdrawn"
    for act in (
        lambda: withdraw_change(second.pk, by=channel.seller, at=now),
        lambda: settle_change(second.pk, verdict="reject", words="x", by=channel.manager, at=now),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert codes(caught) == ("change.not_waiting",)
    approved.refresh_from_db()
    assert (approved.status, approved.total_amount) == ("approved", 5000)


def test_a_close_after_the_end_waits_for_an_extension_that_covers_it(channel, now, approved):
    close_on = (approved.protected_until + 30 * DAY).date()
    waiting = change(approved, channel, now, expected_close_on=close_on)
    assert (waiting.status, waiting.dimensions) == ("pending", ["close"])
    assert waiting.decision.reason_code == "change.needs_extension"
    extension = request_extension(approved.pk, words="x" * 20, evidence_on=now.date(), by=channel.seller, at=now + DAY)
    waiting.refresh_from_db()
    approved.refresh_from_db()
    assert (waiting.status, waiting.extension) == ("applied", extension)
    assert approved.expected_close_on == close_on


def test_an_extension_that_is_too_short_leaves_it_waiting(channel, now, approved):
    close_on = (approved.protected_until + 61 * DAY).date()
    waiting = change(approved, channel, now, expected_close_on=close_on)
    request_extension(approved.pk, words="x" * 20, evidence_on=now.date(), by=channel.seller, at=now)
    waiting.refresh_from_db()
    assert (waiting.status, Registration.objects.get().expected_close_on) == ("pending", date(2026, 12, 15))


def test_who_may_change_what(channel, now, approved):
    for by, typed, expected in [
        (channel.rival_seller, {"contact": "x"}, "actor.not_permitted"),
        (channel.manager, {"contact": "x"}, "actor.not_permitted"),
        (channel.seller, {"status": "won"}, "change.field_unknown"),
        (channel.seller, {"contact": approved.contact}, "change.nothing"),
        (channel.seller, {"contact": " "}, "registration.contact_missing"),
        (channel.seller, {"customer_name": "\u202e"}, "registration.text_characters"),
        (channel.seller, {"lines": []}, "registration.lines_missing"),
        (channel.seller, {"lines": [DraftLine(0, 1, Decimal(1))]}, "registration.unknown_product"),
        (channel.seller, {"expected_close_on": now.date() - DAY}, "registration.close_in_past"),
    ]:
        with pytest.raises(Refused) as caught:
            propose_change(approved.pk, typed=typed, by=by, at=now)
        assert expected in codes(caught)
    with pytest.raises(Refused) as caught:
        change(approved, channel, approved.protected_until, contact="x")
    assert codes(caught) == ("registration.status",)
    with pytest.raises(NotFound):
        settle_change(0, verdict="approve", words="x", by=channel.manager, at=now)
    assert not Change.objects.exists()
    waiting = change(approved, channel, now, lines=lines(channel, 50_000))
    for by, verdict, words, expected in [
        (channel.seller, "approve", "x", "actor.not_permitted"),
        (vendor("finance"), "approve", "x", "actor.not_permitted"),
        (channel.manager, "approve", " ", "registration.words_missing"),
        (channel.manager, "co_sell", "x", "registration.choice_invalid"),
    ]:
        with pytest.raises(Refused) as caught:
            settle_change(waiting.pk, verdict=verdict, words=words, by=by, at=now)
        assert codes(caught) == (expected,)
    with pytest.raises(Refused) as caught:
        settle_change(waiting.pk, verdict="approve", words="x", by=channel.manager, at=approved.protected_until)
    assert codes(caught) == ("registration.status",)


def test_what_waits_ends_with_the_deal(channel, now, approved):
    waiting = change(approved, channel, now, lines=lines(channel, 50_000))
    lose_registration(approved.pk, reason="price", by=channel.seller, at=now)
    waiting.refresh_from_db()
    assert waiting.status == "withdrawn"


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_one_customer_is_claimed_once_however_it_is_claimed(now):
    """Changes to a customer and registrations of it at one instant: one is protected."""
    channel = a_channel()
    other = CustomerFactory(legal_name="Tokaj Wine Zrt.", country="HU", domain="tokaj.hu")
    approved = registered(channel, at=now)
    found = outcomes_of(
        lambda: change(approved, channel, now, **typed_as(other)).status,
        lambda: registered(channel, at=now, by_rival=True, **typed_as(other)).status,
    )
    assert sorted(map(str, found)) in (["applied", "rejected"], ["approved", "refused"])
    assert Protection.objects.filter(customer=other, ends_at__gt=now).count() == 1
