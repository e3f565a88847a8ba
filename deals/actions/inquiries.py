"""Asking a partner for something that a decision needs: meanwhile the clock of the review stands still."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import NotFound
from deals.actions.locks import lock_registration
from deals.actions.news.reviews import tell
from deals.choices.registrations import Event
from deals.models import Inquiry, Registration
from deals.queries.calendar import calendar_for, promised_terms
from deals.rules import clocks, transitions
from deals.rules.inquiries import may_ask


def ask_partner(registration_id: int, *, fields: Sequence[str], words: str, by: Actor, at: datetime) -> Inquiry:
    """Open these fields to the partner and say why; the clock stops until it answers.

    Refuses what is not under review, fields that are not in the published set, none at all, and a missing question.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.review")
        status = transitions.status_after(Event.ASK, registration.status)
        may_ask(fields, words).or_refuse()
        registration.status, registration.paused_at, registration.updated_at = status, at, at
        registration.save(update_fields=["status", "paused_at", "updated_at"])
        inquiry = open_inquiry(registration, fields=fields, words=words, by=by, at=at)
        record("registration.asked", on=registration, by=by, at=at, fields=inquiry.fields, words=inquiry.words)
    return inquiry


def open_inquiry(
    registration: Registration, *, fields: Sequence[str], words: str, by: Actor = SYSTEM, at: datetime
) -> Inquiry:
    """Write what is asked and tell the partner. The registration is locked, reads ``action_required``, is paused and
    audited already."""
    inquiry = Inquiry.objects.create(
        registration=registration,
        fields=list(dict.fromkeys(fields)),
        words=words.strip(),
        asked_at=at,
        asked_by=by.label,
    )
    tell("inquiry.was_asked", about=registration, at=at)
    return inquiry


def open_inquiry_of(registration: Registration) -> Inquiry:
    """What waits for the partner's answer. `NotFound` if nothing does."""
    inquiry = registration.inquiries.filter(answered_at=None).first()
    if inquiry is None:
        raise NotFound("inquiry")
    return inquiry


def close_inquiry(registration: Registration, inquiry: Inquiry, *, words: str, by: Actor, at: datetime) -> None:
    """Note the answer and let the clock run on with the time that was left; saved with the registration by the caller.

    The registration is locked and reads ``in_review`` from now on.
    """
    inquiry.answered_at, inquiry.answered_by, inquiry.answer = at, by.label, words.strip()
    inquiry.save(update_fields=["answered_at", "answered_by", "answer"])
    registration.status = transitions.status_after(Event.ANSWER, registration.status)
    _run_on(registration, at)
    registration.updated_at = at


def _run_on(registration: Registration, at: datetime) -> None:
    paused_at, due_at = registration.paused_at or at, registration.review_due_at
    registration.paused_at = None
    terms = promised_terms(registration)
    calendar = calendar_for(terms, since=min(paused_at, due_at or at))
    if due_at is None:  # asked by the rules before any person looked: the review begins now
        registration.review_due_at = clocks.review_due_at(at, calendar, days=terms.review_days)
        return
    moved = clocks.moved_by_pause(due_at, paused_at=paused_at, resumed_at=at, calendar=calendar)
    registration.review_due_at = moved
    if registration.auto_approve_at is not None:
        registration.auto_approve_at = clocks.auto_approve_at(moved, calendar, terms)
