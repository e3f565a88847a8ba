"""Asking a partner stops the clock; its answer changes what was asked for, and what changed is judged again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common import outbox
from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.answers import answer_inquiry, draft_of
from deals.actions.inquiries import ask_partner
from deals.actions.policies import add_named_account
from deals.actions.registrations import withdraw_registration
from deals.actions.reviews import approve_registration, reject_registration
from deals.choices.reviews import EDITABLE_FIELDS
from deals.models import Inquiry, Protection, Registration
from deals.rules.drafts import DraftLine
from partners.models import Notification
from tests.factories.crm import CustomerFactory, ProductFactory
from tests.factories.deals import registered, typed_as, vendor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = datetime(2026, 10, 15, 10, 0, tzinfo=UTC)


def codes(caught) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in caught.value.reasons]


def events(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("id").values_list("event", flat=True))


def asked(channel, now, *fields: str, **typed: Any) -> Registration:
    """Under review for its size, and asked an hour later, so that seven business hours are left."""
    deal = registered(channel, at=now, **{"amount": 50_000, **typed})
    ask_partner(deal.pk, fields=fields or ("contact",), words="Who is it?", by=channel.manager, at=now + HOUR)
    return Registration.objects.get(pk=deal.pk)


def answer(channel, deal, at, *, words: str = "", **typed: Any) -> Registration:
    return answer_inquiry(deal.pk, typed=typed, words=words, by=channel.seller, at=at)


def test_asking_stops_the_clock_and_tells_the_partner(channel, now):
    deal = asked(channel, now, "contact", "lines", "contact")
    assert (deal.status, deal.paused_at, deal.review_due_at) == ("action_required", now + HOUR, DUE)
    inquiry = Inquiry.objects.get()
    assert (inquiry.fields, inquiry.words, inquiry.asked_by) == (
        ["contact", "lines"],
        "Who is it?",
        channel.manager.label,
    )
    assert events(deal)[-1] == "registration.asked"
    outbox.relay(at=now + DAY)
    told = Notification.objects.get(kind="inquiry_asked")
    assert (told.user_id, told.url) == (channel.seller.user_id, f"/deals/{deal.public_id}/answer/")


def test_everything_that_is_wrong_with_a_question_is_said_at_once(channel, now):
    deal = registered(channel, at=now, amount=50_000)
    before = AuditEntry.objects.count()
    with pytest.raises(Refused) as caught:
        ask_partner(deal.pk, fields=["status", "contact", "co_sell"], words=" ", by=channel.manager, at=now)
    assert codes(caught) == [
        ("inquiry.field_unknown", "fields"),
        ("inquiry.field_unknown", "fields"),
        ("registration.words_missing", "words"),
    ]
    with pytest.raises(Refused) as caught:
        ask_partner(deal.pk, fields=[], words="x" * 1001, by=channel.manager, at=now)
    assert codes(caught) == [("inquiry.fields_missing", "fields"), ("registration.text_too_long", "words")]
    for outsider in (channel.seller, vendor("finance")):
        with pytest.raises(Refused) as caught:
            ask_partner(deal.pk, fields=["contact"], words="Who?", by=outsider, at=now)
        assert codes(caught) == [("actor.not_permitted", "")]
    deal.refresh_from_db()
    assert (deal.status, Inquiry.objects.count(), AuditEntry.objects.count()) == ("in_review", 0, before)


def test_only_what_is_under_review_can_be_asked_about_and_once(channel, now):
    deal, approved = asked(channel, now), registered(channel, at=now, customer_name="Small", customer_domain="")
    for found in (deal, approved):
        with pytest.raises(Refused) as caught:
            ask_partner(found.pk, fields=["contact"], words="Who?", by=channel.manager, at=now)
        assert codes(caught) == [("registration.status", "")]


def test_an_answer_lets_the_clock_run_on_with_the_time_that_was_left(channel, now):
    deal = answer(channel, asked(channel, now), now + 2 * DAY, words=" Mrs Novak ", contact="Mrs Novak")
    deal.refresh_from_db()
    # asked on Wednesday 13:00 (Warsaw) with 7 hours left, answered on Friday 12:00: 5 hours then, 2 on Monday
    assert (deal.status, deal.paused_at, deal.contact) == ("in_review", None, "Mrs Novak")
    assert deal.review_due_at == datetime(2026, 10, 19, 9, 0, tzinfo=UTC)
    assert deal.auto_approve_at == datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
    inquiry = Inquiry.objects.get()
    assert (inquiry.answered_at, inquiry.answered_by, inquiry.answer) == (
        now + 2 * DAY,
        channel.seller.label,
        "Mrs Novak",
    )
    assert deal.decisions.count() == 1  # nothing that rules look at
    answered = AuditEntry.objects.get(event="registration.answered")
    assert answered.facts == {"words": "Mrs Novak", "changed": ["contact"]}
    outbox.relay(at=now + 3 * DAY)
    assert Notification.objects.filter(kind="inquiry_answered", user_id=channel.manager.user_id).count() == 1


def test_words_alone_are_an_answer_and_silence_is_none(channel, now):
    deal = asked(channel, now, "contact", "why_now")
    same = draft_of(deal)
    with pytest.raises(Refused) as caught:
        answer(channel, deal, now + 2 * HOUR, contact=same.contact, why_now=same.why_now, words="  ")
    assert codes(caught) == [("inquiry.nothing_answered", "words")]
    assert answer(channel, deal, now + 2 * HOUR, words="It is right as it is.").status == "in_review"


@pytest.mark.parametrize("name", [*EDITABLE_FIELDS, "co_sell", "partner_id", "currency", "status"])
def test_only_what_was_asked_for_can_be_changed(channel, now, name):
    deal = asked(channel, now, "contact" if name != "contact" else "why_now")
    before = draft_of(deal)
    with pytest.raises(Refused) as caught:
        answer(channel, deal, now + 2 * HOUR, words="Here", **{name: "Something"})
    assert codes(caught) == [("inquiry.field_not_asked", name)]
    deal.refresh_from_db()
    assert (deal.status, draft_of(deal), Inquiry.objects.get().answered_at) == ("action_required", before, None)


def test_everything_that_is_wrong_with_an_answer_is_said_at_once(channel, now):
    deal = asked(channel, now, "customer_name", "expected_close_on", "lines")
    lines = [DraftLine(channel.product.pk, 0, Decimal(10)), DraftLine(10**9, 1, Decimal(10))]
    with pytest.raises(Refused) as caught:
        answer(
            channel,
            deal,
            now + 2 * HOUR,
            customer_name="",
            expected_close_on=date(2026, 10, 13),
            lines=lines,
            contact="Me",
            words="x" * 1001,
        )
    assert set(codes(caught)) == {
        ("inquiry.field_not_asked", "contact"),
        ("registration.text_too_long", "words"),
        ("registration.customer_name_missing", "customer_name"),
        ("registration.quantity_invalid", "lines.0.quantity"),
        ("registration.unknown_product", "lines.1.product"),
        ("registration.close_in_past", "expected_close_on"),
    }
    assert Registration.objects.get(pk=deal.pk).status == "action_required"


def test_what_the_partner_cannot_edit_does_not_stop_its_answer(channel, now):
    deal = asked(channel, now, expected_close_on=date(2026, 10, 14))
    assert answer(channel, deal, now + 5 * DAY, contact="Mrs Novak").status == "in_review"


def test_a_smaller_deal_is_judged_again_and_approved_by_the_rules(channel, now):
    deal = asked(channel, now, "lines")
    deal = answer(channel, deal, now + DAY, lines=[DraftLine(channel.product.pk, 1, Decimal(9000))])
    deal.refresh_from_db()
    assert (deal.status, deal.total_amount, deal.base_amount) == ("approved", 9000, 9000)
    assert [line.amount for line in deal.lines.all()] == [9000]
    assert Protection.objects.get().starts_at == deal.decided_at == now + DAY
    assert [(found.verdict, found.sequence) for found in deal.decisions.order_by("sequence")] == [
        ("review", 1),
        ("approve", 2),
    ]
    assert events(deal)[-2:] == ["registration.answered", "registration.approved"]


def test_a_larger_deal_stays_under_review_and_is_no_longer_low_risk(channel, now):
    deal = asked(channel, now, "lines")
    assert deal.auto_approve_at is not None
    deal = answer(channel, deal, now + 2 * HOUR, lines=[DraftLine(channel.product.pk, 1, Decimal(100_001))])
    deal.refresh_from_db()
    assert (deal.status, deal.auto_approve_at, deal.decisions.count()) == ("in_review", None, 2)
    assert deal.review_due_at == DUE + HOUR


def test_another_family_is_claimed_from_now_on(channel, now):
    deal = asked(channel, now, "lines")
    other = ProductFactory()
    lines = [*draft_of(deal).lines, DraftLine(other.pk, 1, Decimal(10))]
    rival = registered(channel, at=now + 2 * HOUR, by_rival=True, lines=[DraftLine(other.pk, 1, Decimal(50_000))])
    deal = answer(channel, deal, now + 3 * HOUR, lines=lines)
    deal.refresh_from_db()
    assert set(deal.family_ids) == {channel.product.family_id, other.family_id}
    assert deal.receipt_number > rival.receipt_number  # the rival asked for the other family first
    assert deal.decisions.get(sequence=2).decisive_rule == "earlier_claim"


def test_a_corrected_customer_is_matched_again(channel, now):
    other = CustomerFactory(legal_name="Totally Different AG", country="DE", domain="different.de")
    deal = asked(channel, now, "customer_name", "customer_country", "customer_domain")
    first_number = deal.receipt_number
    deal = answer(channel, deal, now + 2 * HOUR, **typed_as(other))
    deal.refresh_from_db()
    assert (deal.status, deal.customer_id) == ("in_review", other.pk)
    assert deal.receipt_number > first_number


def test_a_corrected_spelling_keeps_the_place_in_the_order_of_receipt(channel, now):
    deal = asked(channel, now, "customer_name")
    number = deal.receipt_number
    deal = answer(channel, deal, now + 2 * HOUR, customer_name="Zwack Unicum")
    deal.refresh_from_db()
    assert (deal.status, deal.customer_id, deal.receipt_number) == ("in_review", channel.customer.pk, number)


def test_what_rules_reject_after_an_answer_is_rejected(channel, now):
    named = CustomerFactory(legal_name="Named Only Direct AG", country="DE", domain="named.de")
    add_named_account(named.pk, starts_on=date(2026, 1, 1), by=vendor("channel_chief"), at=now)
    deal = asked(channel, now, "customer_name", "customer_country", "customer_domain")
    deal = answer(channel, deal, now + 2 * HOUR, **typed_as(named))
    deal.refresh_from_db()
    assert (deal.status, deal.decisions.get(sequence=2).decisive_rule) == ("rejected", "named_account")
    assert deal.paused_at is None


def test_who_answers_belongs_to_the_partner(channel, now):
    deal = asked(channel, now)
    for stranger in (channel.rival_seller, channel.manager):
        with pytest.raises(Refused) as caught:
            answer_inquiry(deal.pk, typed={"contact": "X"}, words="", by=stranger, at=now + DAY)
        assert codes(caught) == [("actor.not_permitted", "")]
    with pytest.raises(NotFound):
        answer_inquiry(10**9, typed={}, words="", by=channel.seller, at=now)


def test_there_is_nothing_to_answer_unless_something_was_asked(channel, now):
    deal = registered(channel, at=now, amount=50_000)
    with pytest.raises(Refused) as caught:
        answer(channel, deal, now + HOUR, words="Hello")
    assert codes(caught) == [("registration.status", "")]


def test_a_question_may_follow_an_answer(channel, now):
    deal = asked(channel, now)
    answer(channel, deal, now + 2 * HOUR, contact="Mrs Novak")
    ask_partner(deal.pk, fields=["why_now"], words="And why?", by=channel.manager, at=now + 3 * HOUR)
    deal = answer(channel, deal, now + 4 * HOUR, why_now="Budget")
    deal.refresh_from_db()
    assert (Inquiry.objects.count(), deal.review_due_at) == (2, DUE + 2 * HOUR)


def test_while_the_partner_has_to_act_it_can_be_rejected_or_withdrawn_but_not_approved(channel, now):
    first, second = asked(channel, now), asked(channel, now, customer_name="Another", customer_domain="")
    with pytest.raises(Refused) as caught:
        approve_registration(first.pk, reason="Yes", by=channel.manager, at=now + 5 * DAY)
    assert codes(caught) == [("registration.status", "")]
    rejected = reject_registration(first.pk, reason="No answer", by=channel.manager, at=now + 30 * DAY)
    assert (rejected.status, rejected.paused_at, rejected.late_days) == ("rejected", None, 0)
    withdrawn = withdraw_registration(second.pk, by=channel.seller, at=now + DAY)
    assert (withdrawn.status, withdrawn.paused_at) == ("withdrawn", None)


def test_a_pause_counts_as_nobody_s_lateness(channel, now):
    deal = asked(channel, now)
    deal = answer(channel, deal, now + 30 * DAY, contact="Mrs Novak")
    approved = approve_registration(deal.pk, reason="Yes", by=channel.manager, at=deal.review_due_at)
    assert approved.late_days == 0


def test_the_draft_of_a_registration_is_what_was_typed(channel, now):
    deal = registered(channel, at=now, amount=50_000)
    draft = draft_of(deal)
    assert (draft.customer_name, draft.lines) == (
        deal.customer_name,
        (DraftLine(channel.product.pk, 3, Decimal(50_000)),),
    )
    assert replace(draft, contact="") != draft
