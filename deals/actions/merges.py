"""Two customers turn out to be one: what deals know of the one is the other's from then on, or they stay two."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, Value
from django.db.models.functions import Greatest

from common.actor import SYSTEM, Actor
from common.audit import entry_of, record_all
from common.errors import NotFound
from common.verdict import refusal
from crm import queries as crm_queries
from crm.actions import customers as customer_actions
from deals.actions import sentinel
from deals.actions.locks import lock_claims, take
from deals.choices.policies import PolicyKind
from deals.models import PencilHold, Protection, Registration
from deals.queries.merges import LISTS, merge_plan
from deals.rules.merges import Joined, Moved


def merge_duplicates(kept: str, lost: str, *, by: Actor, at: datetime) -> None:
    """By public id: the second customer is a spelling of the first from now on.

    Refuses without ``customer.merge``, one and the same, one merged before, and what would protect a customer for two
    partners or have it on a list twice: the reasons name both registrations. `NotFound` for an unknown one.
    """
    keys = [crm_queries.customer_id_by_public_id(public_id) for public_id in (kept, lost)]
    if None in keys:
        raise NotFound("customer")
    kept_id, lost_id = keys
    customer_actions.merge_customers(kept_id or 0, lost_id or 0, by=by, at=at)


def note_customers_merged(*, kept_id: int, lost_id: int, at: datetime, **_news: Any) -> None:
    """Listens to ``customer.merged``, in its transaction: if deals cannot follow, nothing is merged.

    Whoever claims either customer waits meanwhile; where somebody already holds a registration of theirs the merge is
    refused, rather than that both wait for each other.
    """
    families = [family.pk for family in crm_queries.families()]
    lock_claims([kept_id, lost_id], families)
    take(f"policy {kind}" for kind in LISTS)
    registrations = _locked(kept_id, lost_id, at)
    plan = merge_plan(kept_id, lost_id, at=at)
    plan.verdict.or_refuse()
    moved = [row for row in registrations if row.customer_id == lost_id]
    Registration.objects.filter(pk__in=[row.pk for row in moved]).update(customer_id=kept_id, updated_at=at)
    _join(plan.protections, kept_id, at)
    for kind, entries in plan.lists.items():
        _move_entries(kind, entries, kept_id)
    PencilHold.objects.filter(customer_id=lost_id).update(customer_id=kept_id)
    facts = {"kept": kept_id, "lost": lost_id}
    record_all(entry_of("registration.customer_merged", on=row, by=SYSTEM, at=at, **facts) for row in moved)
    _watch(kept_id, at)


def _locked(kept_id: int, lost_id: int, at: datetime) -> list[Registration]:
    """Every registration of either, locked without waiting for anybody."""
    protected = Protection.objects.filter(customer_id__in=[kept_id, lost_id], ends_at__gt=at).values("registration")
    rows = Registration.objects.filter(Q(customer_id__in=[kept_id, lost_id]) | Q(pk__in=protected))
    locked = list(rows.select_for_update(skip_locked=True).order_by("pk"))
    if len(locked) < rows.count():
        refusal("merge.busy").or_refuse()
    return locked


def _join(joined: Joined, kept_id: int, at: datetime) -> None:
    """Protections end for the lost customer, and go on for the kept one."""
    rows = Protection.objects.in_bulk([piece.pk for piece in joined.pieces])
    ended = Protection.objects.filter(pk__in=[*rows, *joined.ended])
    ended.update(ends_at=Greatest("starts_at", Value(at)))
    Protection.objects.bulk_create(
        Protection(
            registration_id=rows[piece.pk].registration_id,
            partner_id=rows[piece.pk].partner_id,
            customer_id=kept_id,
            family_id=rows[piece.pk].family_id,
            sites=rows[piece.pk].sites,
            is_shared=rows[piece.pk].is_shared,
            starts_at=piece.starts_at,
            ends_at=piece.ends_at,
        )
        for piece in joined.pieces
    )


def _move_entries(kind: PolicyKind, entries: Iterable[Moved], kept_id: int) -> None:
    """An entry moves whole, unless the kept customer was on the list before: then it goes on where that ended."""
    model, _code = LISTS[kind]
    starts = {entry.pk: entry.starts_on for entry in entries}
    for row in model.objects.filter(pk__in=starts).order_by("pk"):
        starts_on = starts[row.pk]
        if starts_on == row.starts_on:
            row.customer_id = kept_id
            row.save(update_fields=["customer"])
            continue
        until, row.ends_on = row.ends_on, starts_on
        row.save(update_fields=["ends_on"])
        kept = {name: getattr(row, name) for name in ("note", "reason") if hasattr(row, name)}
        model.objects.create(customer_id=kept_id, starts_on=starts_on, ends_on=until, **kept)


def _watch(kept_id: int, at: datetime) -> None:
    """Direct business with the one may lie inside a protection of the other: the sentinel looks at both again."""
    records = crm_queries.companies_of([kept_id])
    opportunities = crm_queries.opportunities_visible_to(SYSTEM).filter(customer_id__in=records)
    sales = crm_queries.sales_visible_to(SYSTEM).filter(customer_id__in=records, is_current=True, partner=None)
    keys = {
        "opportunity_ids": list(opportunities.order_by("pk").values_list("pk", flat=True)),
        "sale_ids": list(sales.order_by("pk").values_list("pk", flat=True)),
    }
    sentinel.note_opportunities_changed(opportunity_ids=keys["opportunity_ids"], at=at)
    sentinel.note_sales_changed(sale_ids=keys["sale_ids"], at=at)
