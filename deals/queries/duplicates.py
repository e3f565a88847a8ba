"""Customers that may be one company, for whoever may make them one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from common.actor import Actor
from common.errors import NotFound
from common.verdict import ALLOWED, Verdict
from crm import queries as crm_queries
from crm.choices import CustomerSource
from crm.rules.facts import Candidate, CustomerFacts
from crm.rules.matching import CustomerIdentity
from crm.rules.merges import may_merge
from deals.models import Protection, Registration
from deals.queries.merges import merge_plan
from deals.queries.reviews import PartnerRecord
from deals.rules.comparison import FieldComparison, compare
from partners import rules as partner_rules

MOST_ALIKE = 3
MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Suspect:
    """A customer, and the others that it may be, surest first."""

    customer: CustomerFacts
    alike: tuple[Candidate, ...]


def suspected(actor: Actor, *, words: str = "") -> list[int]:
    """Keys of the customers to look at, newest first: those found by words, else those that partners brought.

    None for anybody who may not merge: which companies we know would tell of rivals.
    """
    if not partner_rules.may(actor, "customer.merge"):
        return []
    rows = crm_queries.customers_visible_to(actor).filter(merged_into=None)
    if words := words.strip()[:MAX_WORDS]:
        rows = rows.filter(Q(legal_name__icontains=words) | Q(public_id=words) | Q(external_id=words))
    else:
        rows = rows.filter(source=CustomerSource.REGISTRATION)
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:1000])


def suspects(customer_ids: Iterable[int]) -> list[Suspect]:
    """Each with the others that it may be. At most four statements each, and one."""
    keys = list(customer_ids)
    known = crm_queries.customers_by_ids(keys)
    return [Suspect(known[key], _alike(known[key])) for key in keys if key in known]


def _alike(customer: CustomerFacts) -> tuple[Candidate, ...]:
    found = crm_queries.customer_candidates(_identity(customer), limit=MOST_ALIKE + 1)
    return tuple(each for each in found if each.customer.pk != customer.pk)[:MOST_ALIKE]


def _identity(customer: CustomerFacts) -> CustomerIdentity:
    return CustomerIdentity(customer.legal_name, customer.country, customer.domain, customer.tax_id)


@dataclass(frozen=True, slots=True)
class Side:
    """A customer with what is known of it here."""

    customer: CustomerFacts
    deals: PartnerRecord
    protections: list[Protection]


@dataclass(frozen=True, slots=True)
class MergePage:
    """Two customers side by side, and what stands against making the second a spelling of the first."""

    kept: Side
    lost: Side
    fields: tuple[FieldComparison, ...]
    verdict: Verdict


def merge_page(actor: Actor, kept: str, lost: str, *, at: datetime) -> MergePage:
    """By public ids. `NotFound` for who may not merge, and for a customer that nobody knows."""
    if not partner_rules.may(actor, "customer.merge"):
        raise NotFound("customer")
    rows = crm_queries.customers_visible_to(actor).filter(public_id__in=[kept, lost])
    found = {public_id: (pk, merged) for public_id, pk, merged in rows.values_list("public_id", "pk", "merged_into")}
    if kept not in found or lost not in found:
        raise NotFound("customer")
    (kept_id, _), (lost_id, _) = found[kept], found[lost]
    known = crm_queries.customers_by_ids([kept_id, lost_id])
    possible = may_merge(kept_id, lost_id, [pk for pk, merged in found.values() if merged is not None])
    return MergePage(
        kept=_side(known[kept_id], at),
        lost=_side(known[lost_id], at),
        fields=compare(_identity(known[kept_id]), _identity(known[lost_id])),
        verdict=possible & (merge_plan(kept_id, lost_id, at=at).verdict if possible else ALLOWED),
    )


def _side(customer: CustomerFacts, at: datetime) -> Side:
    mine = Registration.objects.filter(customer=customer.pk)
    counts = mine.aggregate(
        open_count=Count("pk", filter=Q(status__in=["in_review", "action_required"])),
        protected_count=Count("pk", filter=Q(status="approved", protected_until__gt=at)),
        won_count=Count("pk", filter=Q(status="won")),
        lost_count=Count("pk", filter=Q(status="lost")),
        rejected_count=Count("pk", filter=Q(status__in=["rejected", "upheld"])),
    )
    live = Protection.objects.filter(customer=customer.pk, ends_at__gt=at).select_related(
        "partner", "family", "registration"
    )
    return Side(customer, PartnerRecord(**counts), list(live.order_by("ends_at", "pk")))
