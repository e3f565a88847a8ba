"""How a protected deal ends: won, by hand or because the CRM reports the sale, or lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest

from common.actor import SYSTEM, Actor
from common.audit import record
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions.claims import day_of
from deals.actions.locks import lock_registration
from deals.choices.registrations import LOST_REASONS, Event, RegistrationStatus
from deals.models import Registration
from deals.rules import transitions


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
        registration.status, registration.lost_reason = status, reason
        registration.lost_at = registration.protected_until = registration.updated_at = at
        registration.save(update_fields=["status", "lost_reason", "lost_at", "protected_until", "updated_at"])
        registration.protections.filter(ends_at__gt=at).update(ends_at=Greatest("starts_at", Value(at)))
        record("registration.lost", on=registration, by=by, at=at, reason=reason)
    return registration


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
    record("registration.won", on=registration, by=by, at=at, **facts)
