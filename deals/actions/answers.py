"""A partner answers what was asked: corrects the fields that were opened, and what it changed is judged again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from common.actor import Actor
from common.audit import record
from deals.actions import claims
from deals.actions.claims import Identified
from deals.actions.decisions import ruling_of, write_decision
from deals.actions.inquiries import close_inquiry, open_inquiry_of
from deals.actions.locks import lock_registration
from deals.actions.news.reviews import tell
from deals.actions.registrations import TYPED, base_amount_of, lines_of, names_are_known, take_stock
from deals.choices.registrations import Event
from deals.models import Inquiry, Registration, RegistrationLine
from deals.queries.calendar import day_of
from deals.rules import transitions
from deals.rules.clocks import late_days
from deals.rules.drafts import DraftLine, RegistrationDraft, draft_is_complete, draft_is_sound
from deals.rules.inquiries import concerns, editable_of, is_judged_again, may_answer

_CLOCKS = ("status", "paused_at", "review_due_at", "auto_approve_at", "updated_at")


def answer_inquiry(
    registration_id: int, *, typed: Mapping[str, Any], words: str, by: Actor, at: datetime
) -> Registration:
    """Give what was asked: `typed` has the fields of a `RegistrationDraft` that are changed. The clock runs on.

    If the customer, the products or anything else changed that rules look at, the customer is matched again, the rules
    are judged again and their decision is appended. Refuses fields that were not asked for, what is not well-formed
    (all problems at once), an answer that says nothing, and a registration that nothing was asked about.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.create", at=at)
        transitions.may_happen(Event.ANSWER, registration.status).or_refuse()
        inquiry = open_inquiry_of(registration)
        before = draft_of(registration)
        changed = _check(inquiry, before, typed, words, day=day_of(at))
        close_inquiry(registration, inquiry, words=words, by=by, at=at)
        _rewrite(registration, changed)
        registration.save(update_fields=[*_CLOCKS, *TYPED])
        record("registration.answered", on=registration, by=by, at=at, words=inquiry.answer, changed=sorted(changed))
        if is_judged_again(changed):
            _judge_again(registration, by=by, at=at)
        tell("inquiry.was_answered", about=registration, at=at)
    return registration


def draft_of(registration: Registration) -> RegistrationDraft:
    """The registration as its partner typed it."""
    lines = registration.lines.order_by("number").values_list("product_id", "quantity", "amount")
    return RegistrationDraft(
        partner_id=registration.partner_id,
        lines=tuple(DraftLine(*line) for line in lines),
        **{name: getattr(registration, name) for name in TYPED},
    )


def _check(
    inquiry: Inquiry, before: RegistrationDraft, typed: Mapping[str, Any], words: str, *, day: date
) -> dict[str, Any]:
    """What really changes. Only what the partner may edit can stand against it."""
    asked = editable_of(inquiry.fields)
    known = {name: value for name, value in typed.items() if name in asked}
    if "lines" in known:
        known["lines"] = tuple(known["lines"])
    changed = {name: value for name, value in known.items() if getattr(before, name) != value}
    after = replace(before, **changed)
    problems = draft_is_sound(after) & names_are_known(after) & draft_is_complete(after, day)
    permitted = may_answer(asked, typed, words=words, has_changed=bool(changed))
    (permitted & concerns(problems, asked)).or_refuse()
    return changed


def _rewrite(registration: Registration, changed: Mapping[str, Any]) -> None:
    for name in changed.keys() & set(TYPED):
        setattr(registration, name, changed[name])
    if "lines" in changed:
        registration.lines.all().delete()
        RegistrationLine.objects.bulk_create(lines_of(registration, changed["lines"]))


def _judge_again(registration: Registration, *, by: Actor, at: datetime) -> None:
    """Match and judge as when it was submitted. Who now asks for another customer or family stands behind whoever did
    so before: the place in the order of receipt is kept only for what was claimed from the beginning."""
    claimed = registration.customer_id, set(registration.family_ids)
    take_stock(registration, day_of(at))
    registration.total_amount = sum((line.amount for line in registration.read_lines), Decimal(0))  # type: ignore[attr-defined]
    registration.base_amount = base_amount_of(registration, at)
    registration.save(update_fields=["total_amount"])
    case = claims.open_case(registration, at=at, late_days=late_days(registration.review_due_at, at))
    who = claims.identify(case)
    if not _is_claimed(who, registration, *claimed):
        registration.receipt_number = None
    who, judged = claims.settle(case, who, by=by)
    write_decision(case, who, judged, ruling_of(judged))


def _is_claimed(who: Identified, registration: Registration, customer_id: int | None, families: set[int]) -> bool:
    same_customer = customer_id in who.customer_ids if customer_id else not who.customer_ids
    return same_customer and set(registration.family_ids) <= families
