"""Pencil holds that are live: whose they are, and which customers they keep."""

from collections.abc import Collection
from datetime import datetime

from common.actor import Actor
from crm.rules import matching
from crm.rules.matching import CustomerIdentity
from deals.models import PencilHold
from deals.rules.preflight import question_text
from partners import rules as partner_rules


def live_holds(partner_ids: frozenset[int], *, at: datetime) -> list[PencilHold]:
    """What these partners hold now, the first to end first; one of each hold, whatever the records of its customer."""
    rows = PencilHold.objects.filter(partner_id__in=partner_ids, starts_at__lte=at, ends_at__gt=at)
    order = ("ends_at", "starts_at", "customer_name")
    return list(rows.distinct(*order).order_by(*order))


def holds_visible_to(actor: Actor, *, at: datetime) -> list[PencilHold]:
    """A partner's own; all for the vendor's clients that read deals."""
    if not actor.is_vendor:
        return live_holds(actor.partner_ids, at=at)
    rows = PencilHold.objects.filter(starts_at__lte=at, ends_at__gt=at).select_related("partner").order_by("pk")
    return list(rows) if partner_rules.may(actor, "registration.view") else []


def hold_of(
    partner_id: int, identity: CustomerIdentity, family_ids: Collection[int], *, at: datetime
) -> PencilHold | None:
    """What the partner holds of this company and these families, the last to end. One statement."""
    asked = question_text(matching.keys_of(identity))
    live = PencilHold.objects.filter(partner_id=partner_id, starts_at__lte=at, ends_at__gt=at)
    for hold in live.filter(family_ids__overlap=list(family_ids)).order_by("-ends_at", "pk"):
        known = CustomerIdentity(hold.customer_name, hold.customer_country, hold.customer_domain, hold.customer_tax_id)
        if question_text(matching.keys_of(known)) == asked:
            return hold
    return None


def held_customers(partner_id: int, identity: CustomerIdentity, *, at: datetime) -> tuple[int, ...]:
    """The records of the customer that the partner holds under this identity, if it does. One statement."""
    asked = question_text(matching.keys_of(identity))
    rows = PencilHold.objects.filter(partner_id=partner_id, starts_at__lte=at, ends_at__gt=at).order_by("pk")
    typed = rows.values_list("customer_id", "customer_name", "customer_country", "customer_domain", "customer_tax_id")
    held = [pk for pk, *known in typed if question_text(matching.keys_of(CustomerIdentity(*known))) == asked]
    return tuple(dict.fromkeys(held))
