"""Submitting: what the rules decide at once, what a person must, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from common.errors import Refused
from common.models import AuditEntry, OutboxMessage
from crm.models import Customer
from deals.actions.policies import add_named_account
from deals.actions.registrations import register_deal, submit_registration
from deals.actions.reviews import approve_registration
from deals.models import Decision, Protection, Registration, RegistrationLine
from deals.rules.drafts import DraftLine
from tests.factories.crm import CustomerFactory, ExchangeRateFactory, OpportunityFactory, ProductFactory
from tests.factories.deals import a_draft, drafted, registered, vendor


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def decided(registration: Registration) -> tuple[str, str, str]:
    decision = registration.decisions.get()
    return registration.status, decision.decisive_rule, decision.reason_code


def nothing_kept() -> bool:
    return not (Registration.objects.exists() or Decision.objects.exists() or OutboxMessage.objects.exists())


def test_a_small_deal_is_approved_and_protected_at_once(channel, now):
    registration = registered(channel, at=now)
    assert decided(registration) == ("approved", "size", "registration.small_enough")
    protection = Protection.objects.get()
    assert (protection.customer, protection.family) == (channel.customer, channel.product.family)
    assert (protection.starts_at, protection.ends_at) == (now, now + timedelta(days=60))
    stored = Registration.objects.get()
    assert (stored.protected_until, stored.decided_at, stored.base_amount) == (protection.ends_at, now, 5000)
    assert (stored.match_kind, stored.match_score, stored.customer_id) == ("domain", 90, channel.customer.pk)


def test_each_transition_leaves_one_audit_entry(channel, now):
    registered(channel, at=now)
    events = AuditEntry.objects.filter(subject_kind="deals.registration").order_by("id")
    assert [(entry.event, entry.actor_label) for entry in events] == [
        ("registration.drafted", channel.seller.label),
        ("registration.submitted", channel.seller.label),
        ("registration.screened", "PRM"),
        ("registration.approved", "PRM"),
    ]
    assert OutboxMessage.objects.get().topic == "deals.decision_made"


def test_a_large_deal_goes_to_a_person_by_the_clock(channel, now):
    registration = registered(channel, at=now, amount="10000.01")
    assert decided(registration) == ("in_review", "size", "registration.large")
    assert registration.review_due_at == now + timedelta(days=1)
    assert not Protection.objects.exists()


def test_below_the_minimum_is_rejected_and_makes_no_customer(channel, now):
    draft = a_draft(channel.partner, channel.product, amount="999.99")
    registration = register_deal(draft, by=channel.seller, at=now)
    assert decided(registration) == ("rejected", "size", "registration.below_minimum")
    assert Customer.objects.count() == 1


def test_an_unknown_customer_becomes_one(channel, now):
    registration = register_deal(a_draft(channel.partner, channel.product), by=channel.seller, at=now)
    assert registration.status == "approved"
    assert registration.customer.legal_name == "Brand New Company"
    assert registration.customer.source == "registration"


def test_a_similar_customer_is_compared_by_a_person(channel, now):
    registration = registered(channel, at=now, customer_domain="")
    assert decided(registration) == ("in_review", "similar_customer", "registration.similar_customer")
    assert registration.customer_id is None
    assert Customer.objects.count() == 1


def test_a_rival_s_live_protection_rejects_and_lapses_by_time_alone(channel, now):
    registered(channel, at=now, by_rival=True)
    last_instant = now + timedelta(days=60) - timedelta(microseconds=1)
    refused = registered(channel, at=last_instant, expected_close_on=date(2027, 3, 1))
    assert decided(refused) == ("rejected", "live_protection", "registration.customer_protected")
    free = registered(channel, at=now + timedelta(days=60), expected_close_on=date(2027, 3, 1))
    assert free.status == "approved"


def test_another_family_of_the_same_customer_is_free(channel, now):
    registered(channel, at=now, by_rival=True)
    other = ProductFactory()
    registration = registered(channel, at=now, lines=[DraftLine(other.pk, 1, Decimal(2000))])
    assert registration.status == "approved"


def test_every_family_of_a_registration_must_be_free(channel, now):
    registered(channel, at=now, by_rival=True)
    lines = [DraftLine(ProductFactory().pk, 1, Decimal(2000)), DraftLine(channel.product.pk, 1, Decimal(2000))]
    assert registered(channel, at=now, lines=lines).status == "rejected"
    assert Protection.objects.count() == 1


def test_one_s_own_protection_is_named_as_such(channel, now):
    registered(channel, at=now)
    again = registered(channel, at=now)
    assert decided(again) == ("rejected", "live_protection", "registration.already_yours")


def test_a_named_account_is_rejected(channel, now):
    add_named_account(channel.customer.pk, starts_on=date(2026, 10, 1), by=vendor("channel_chief"), at=now)
    assert decided(registered(channel, at=now)) == ("rejected", "named_account", "registration.named_account")


def test_a_live_direct_opportunity_rejects(channel, now):
    OpportunityFactory(customer=channel.customer, family=None, first_seen_at=now - timedelta(seconds=1))
    assert decided(registered(channel, at=now)) == ("rejected", "direct_opportunity", "registration.direct_opportunity")


def test_a_back_dated_opportunity_cannot_win(channel, now):
    OpportunityFactory(customer=channel.customer, family=None, first_seen_at=now)
    assert registered(channel, at=now).status == "approved"


def test_a_partner_out_of_standing_is_rejected(channel, now):
    channel.partner.credit_hold = True
    channel.partner.save()
    assert decided(registered(channel, at=now)) == ("rejected", "standing", "registration.credit_hold")


def test_a_later_small_deal_does_not_overtake_an_earlier_large_one(channel, now):
    registered(channel, at=now, by_rival=True, amount=50_000)
    later = registered(channel, at=now)
    assert decided(later) == ("in_review", "earlier_claim", "registration.earlier_claim")


def test_two_records_of_one_company_are_protected_together(channel, now):
    twin = CustomerFactory(
        legal_name="Unicum Trading", country="HU", domain=channel.customer.domain, tax_id="HU12345678"
    )
    registered(channel, at=now, by_rival=True)
    assert Protection.objects.count() == 2
    by_tax_id = registered(channel, at=now, customer_name="Elsewhere", customer_domain="", customer_tax_id=twin.tax_id)
    assert by_tax_id.status == "rejected"


def test_amounts_are_judged_in_the_base_currency(channel, now):
    ExchangeRateFactory(currency="PLN", on=date(2026, 10, 1), rate=Decimal("0.25"))
    registration = registered(channel, at=now, amount=40_000, currency="PLN")
    assert (registration.status, registration.base_amount) == ("approved", 10_000)


def test_no_rate_refuses_and_nothing_is_kept(channel, now):
    with pytest.raises(Refused) as caught:
        registered(channel, at=now, currency="HUF")
    assert codes(caught) == ("registration.no_rate",)
    assert nothing_kept()


def test_every_problem_of_the_form_is_told_at_once(channel, now):
    draft = a_draft(
        channel.partner,
        channel.product,
        customer_name=" ",
        customer_country="",
        customer_domain="someone@gmail.com",
        contact="",
        expected_close_on=date(2026, 10, 13),
        why_now="x\u202ey",
        lines=[DraftLine(channel.product.pk, 0, Decimal(-1))],
    )
    with pytest.raises(Refused) as caught:
        register_deal(draft, by=channel.seller, at=now)
    assert {(reason.field, reason.code) for reason in caught.value.reasons} == {
        ("customer_name", "registration.customer_name_missing"),
        ("customer_country", "registration.country_invalid"),
        ("customer_domain", "registration.domain_invalid"),
        ("contact", "registration.contact_missing"),
        ("expected_close_on", "registration.close_in_past"),
        ("why_now", "registration.text_characters"),
        ("lines.0.quantity", "registration.quantity_invalid"),
        ("lines.0.amount", "registration.amount_invalid"),
    }
    assert nothing_kept()


def test_unknown_products_are_refused(channel, now):
    with pytest.raises(Refused) as caught:
        registered(channel, at=now, lines=[DraftLine(10**9, 1, Decimal(2000))])
    assert [(reason.code, reason.field) for reason in caught.value.reasons] == [
        ("registration.unknown_product", "lines.0.product")
    ]
    assert nothing_kept()


def test_nobody_registers_for_another_partner(channel, now):
    with pytest.raises(Refused) as caught:
        register_deal(a_draft(channel.partner, channel.product), by=channel.rival_seller, at=now)
    assert codes(caught) == ("actor.not_permitted",)
    assert nothing_kept()


def test_submitting_twice_is_refused_and_changes_nothing(channel, now):
    registration = registered(channel, at=now)
    entries = AuditEntry.objects.count()
    with pytest.raises(Refused) as caught:
        submit_registration(registration.pk, by=channel.seller, at=now + timedelta(hours=1))
    assert codes(caught) == ("registration.status",)
    assert (Decision.objects.count(), AuditEntry.objects.count()) == (1, entries)


def test_without_rules_in_force_nothing_is_decided(channel, now):
    with pytest.raises(Refused) as caught:
        registered(channel, at=datetime(2025, 12, 31, 12, 0, tzinfo=UTC))
    assert codes(caught) == ("registration.no_rulebook",)
    assert nothing_kept()


def test_a_draft_may_be_incomplete_and_is_replaced_as_a_whole(channel, now):
    draft = a_draft(channel.partner, channel.product, contact="", expected_close_on=None, lines=[])
    registration = drafted(channel, at=now, contact="", expected_close_on=None, lines=[])
    with pytest.raises(Refused) as caught:
        submit_registration(registration.pk, by=channel.seller, at=now)
    assert set(codes(caught)) == {
        "registration.contact_missing",
        "registration.close_in_past",
        "registration.lines_missing",
    }
    line = DraftLine(channel.product.pk, 1, Decimal(3000))
    changed = replace(draft, registration_id=registration.pk, lines=[line, line], contact="A")
    drafted_again = register_deal(replace(changed, expected_close_on=date(2026, 11, 1)), by=channel.seller, at=now)
    assert drafted_again.pk == registration.pk
    assert (RegistrationLine.objects.count(), drafted_again.total_amount) == (2, 6000)


def test_receipts_are_numbered_in_order(channel, now):
    first = registered(channel, at=now, by_rival=True)
    second = registered(channel, at=now - timedelta(hours=1))
    assert first.receipt_number < second.receipt_number


def test_a_review_that_rules_now_reject_cannot_be_approved(channel, now):
    waiting = registered(channel, at=now, customer_domain="")
    registered(channel, at=now, by_rival=True)
    with pytest.raises(Refused) as caught:
        approve_registration(
            waiting.pk, reason="Same company", by=channel.manager, at=now, customer_id=channel.customer.pk
        )
    assert codes(caught) == ("registration.customer_protected",)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.decisions.count(), Protection.objects.count()) == ("in_review", 1, 1)
