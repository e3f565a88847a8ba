"""What two customers hold, and what would become of it if they were one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from common.verdict import Reason, Verdict
from deals.choices.policies import PolicyKind
from deals.models import BlockedCustomer, NamedAccount, Protection
from deals.queries.calendar import day_of
from deals.rules.merges import Held, Joined, Listed, Moved, join_lists, join_protections

LISTS: Mapping[PolicyKind, tuple[Any, str]] = {
    PolicyKind.NAMED_ACCOUNTS: (NamedAccount, "merge.named_twice"),
    PolicyKind.BLOCKED_CUSTOMERS: (BlockedCustomer, "merge.blocked_twice"),
}


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would do to deals, and what stands against it. Reasons name partners: for the vendor only."""

    protections: Joined
    lists: Mapping[PolicyKind, tuple[Moved, ...]]
    verdict: Verdict


def merge_plan(kept_id: int, lost_id: int, *, at: datetime) -> MergePlan:
    """As things stand; asked under the locks of both it stays true. Six statements."""
    protections = join_protections(_held(kept_id, at), _held(lost_id, at), at)
    reasons = list(protections.reasons)
    lists = {}
    for kind, (model, code) in LISTS.items():
        moved = join_lists(_listed(model, kept_id), _listed(model, lost_id), day_of(at))
        if moved is None:
            reasons.append(Reason(code))
        lists[kind] = moved or ()
    return MergePlan(protections, lists, Verdict(tuple(reasons)))


def _held(customer_id: int, at: datetime) -> list[Held]:
    rows = Protection.objects.filter(customer_id=customer_id, ends_at__gt=at).select_related("registration", "partner")
    return [
        Held(
            pk=row.pk,
            registration=row.registration.public_id,
            partner_id=row.partner_id,
            partner=row.partner.name,
            family_id=row.family_id,
            span=_span(row.sites),
            is_shared=row.is_shared,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows.order_by("pk")
    ]


def _span(sites: Any) -> tuple[int | None, int | None]:
    return sites.lower, sites.upper


def _listed(model: Any, customer_id: int) -> list[Listed]:
    rows = model.objects.filter(customer_id=customer_id).order_by(F("starts_on"), F("pk"))
    return [Listed(*row) for row in rows.values_list("pk", "starts_on", "ends_on")]
