"""How a protected deal ends: won, by hand or because the CRM reports the sale, lost, given up, released or revoked."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest

from common.actor import SYSTEM, Actor
from common.audit import record
from common.period import Period
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions.locks import lock_registration
from deals.actions.news import lives as news
from deals.choices.protections import ChangeStatus, ExtensionStatus
from deals.choices.registrations import LOST_REASONS, Event, RegistrationStatus
from deals.models import Registration
from deals.queries.calendar import day_of
from deals.rules import transitions
from deals.rules.words import words_are_sound
from tiers.actions.scores import Source, credit_score

SCORE_SOURCE = "registration"
LONGEST_LABEL = 200


def win_registration(registration_id: int, *, by: Actor, at: datetime) -> Registration:
    """The partner closed the deal. Refuses what is not approved, and what has lapsed by now."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.close")
        _win(registration, registration.status_on(at), by=by, at=at)
    return registration


def lose_registration(registration_id: int, *, reason: str, by: Actor, at: datetime) -> Registration:
    """The deal is lost: the customer is free again from this instant. Refuses what is not approved, or has lapsed."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.close")
        status = transitions.status_after(Event.LOSE, registration.status_on(at))
        if reason not in LOST_REASONS:
            refusal("registration.choice_invalid", field="reason").or_refuse()
        registration.lost_reason, registration.lost_at = reason, at
        registration.save(update_fields=["lost_reason", "lost_at"])
        _free_customer(registration, status, at)
        record("registration.lost", on=registration, by=by, at=at, reason=reason)
    return registration


def release_registration(registration_id: int, *, by: Actor, at: datetime) -> Registration:
    """The partner gives up: the customer is free again from this instant. Refuses what is not approved, or lapsed."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.maintain")
        _free_customer(registration, transitions.status_after(Event.RELEASE, registration.status_on(at)), at)
        record("registration.released", on=registration, by=by, at=at)
        news.tell("vendor", "protection.given_up", about=registration, at=at)
    return registration


def release_idle(registration: Registration, *, days: int, at: datetime) -> None:
    """Nothing happened for so many days: the customer is free again from this instant. The row must be locked."""
    _free_customer(registration, transitions.status_after(Event.RELEASE, registration.status_on(at)), at)
    record("registration.released", on=registration, by=SYSTEM, at=at, idle_days=days)
    news.tell("partner", "protection.released", about=registration, at=at, params={"days": days})


def revoke_registration(registration_id: int, *, words: str, by: Actor, at: datetime) -> Registration:
    """The vendor takes the protection back, in words that the partner reads; it can appeal.

    Refuses without words, and what is not approved or has lapsed.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.revoke")
        status = transitions.status_after(Event.REVOKE, registration.status_on(at))
        words_are_sound(words, field="words").or_refuse()
        said = words.strip()
        _free_customer(registration, status, at)
        record("registration.revoked", on=registration, by=by, at=at, words=said)
        news.tell("partner", "protection.revoked", about=registration, at=at, params={"words": said})
    return registration


def _free_customer(registration: Registration, status: str, at: datetime) -> None:
    """End the protections, and what was asked for and waits: nothing is left to prolong or to change."""
    registration.status = status
    registration.protected_until = registration.updated_at = at
    registration.save(update_fields=["status", "protected_until", "updated_at"])
    registration.protections.filter(ends_at__gt=at).update(ends_at=Greatest("starts_at", Value(at)))
    _close_requests(registration, at)


def _close_requests(registration: Registration, at: datetime) -> None:
    pending = registration.extensions.filter(status=ExtensionStatus.PENDING)
    pending.update(status=ExtensionStatus.LAPSED, decided_at=at)
    waiting = registration.changes.filter(status=ChangeStatus.PENDING)
    waiting.update(status=ChangeStatus.WITHDRAWN, settled_at=at)


def note_sale_changed(*, sale_ids: Sequence[int], at: datetime, **_news: Any) -> None:
    """The CRM reported sales: those that carry an approved registration of the same partner win it.

    The sale must have been booked before the protection ended; a sale may be reported later than that.
    """
    sales = {
        sale.registration_public_id: sale
        for sale in crm_queries.sales_by_ids(sale_ids).values()
        if sale.registration_public_id and sale.is_current and sale.status == "booked"
    }
    if not sales:
        return
    fulfilled = Registration.objects.filter(public_id__in=sales, status=RegistrationStatus.APPROVED)
    for registration in fulfilled.select_for_update().order_by("pk"):
        sale = sales[registration.public_id]
        assert registration.protected_until is not None
        if sale.partner_id == registration.partner_id and sale.booked_on <= day_of(registration.protected_until):
            _win(registration, registration.status, by=SYSTEM, at=at, sale=sale.public_id)


def _win(registration: Registration, status: str, *, by: Actor, at: datetime, **facts: str) -> None:
    registration.status = transitions.status_after(Event.WIN, status)
    registration.won_at = registration.updated_at = at
    registration.save(update_fields=["status", "won_at", "updated_at"])
    _close_requests(registration, at)
    _credit(registration, at)
    record("registration.won", on=registration, by=by, at=at, **facts)


def _credit(registration: Registration, at: datetime) -> None:
    """A won deal counts once, from the day on which it was won; nothing undoes a win, and so nothing this."""
    source = Source(SCORE_SOURCE, registration.public_id, registration.customer_name[:LONGEST_LABEL])
    period = Period(day_of(at))
    credit_score(registration.partner_id, metric="won_deals", amount=Decimal(1), period=period, source=source, at=at)
