"""Direct opportunities: what the vendor's own sales people work on."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from common import events
from common.actor import Actor
from common.batches import BatchResult
from crm.actions.batches import MERGES, Batch, lock_keys, lock_space, write_differences
from crm.models import Customer, Opportunity, ProductFamily
from crm.rules import faults
from crm.rules.rows import OpportunityRow, trimmed
from partners import rules as partner_rules


def upsert_opportunities(rows: Sequence[OpportunityRow], *, by: Actor, at: datetime) -> BatchResult:
    """Create or change opportunities by external id. All or nothing; refuses anyone without ``crm.write``.

    `first_seen_at` is set once, to `at`, whatever the CRM says of the time of creation. Publishes
    ``opportunity.changed`` (`opportunity_ids`, `at`) in the transaction, for those that were written.
    """
    partner_rules.may(by, "crm.write").or_refuse()
    rows = [trimmed(row) for row in rows]
    batch = Batch("opportunities", [row.external_id for row in rows])
    for index, row in enumerate(rows):
        batch.add_faults(index, faults.opportunity_faults(row))
    with transaction.atomic():
        lock_space(MERGES, shared=True)
        lock_keys("crm.opportunity", batch.keys)
        customers = customers_named(row.customer for row in rows)
        families = dict(ProductFamily.objects.filter(code__in={row.family for row in rows}).values_list("code", "pk"))
        values = [
            {
                "external_id": row.external_id,
                "customer_id": batch.require(index, "customer", row.customer, customers, "row.unknown_customer"),
                "family_id": batch.require(index, "family", row.family, families, "row.unknown_family")
                if row.family
                else None,
                "owner_name": row.owner_name,
                "stage": row.stage,
                "stage_moved_at": row.stage_moved_at,
                "amount": row.amount,
                "currency": row.currency,
                "close_on": row.close_on,
                "is_open": row.is_open,
                "created_at_source": row.created_at,
                "updated_at_source": row.updated_at,
            }
            for index, row in enumerate(rows)
        ]
        if batch.failed:
            return batch.result()
        existing = {found.external_id: found for found in Opportunity.objects.filter(external_id__in=batch.keys)}
        stamps = {"created": {"first_seen_at": at}, "changed": {"updated_at": at}}
        written = write_differences(batch, Opportunity, values, existing, **stamps)
        result = batch.deliver(by=by, at=at)
        if written:
            events.publish("opportunity.changed", opportunity_ids=sorted(row.pk for row in written), at=at)
    return result


def customers_named(external_ids: Iterable[str]) -> dict[str, int]:
    """Primary keys by the CRM's ids; of a merged customer the one that it was merged into."""
    rows = Customer.objects.filter(external_id__in=set(external_ids)).values_list("external_id", "pk", "merged_into_id")
    return {external_id: merged_into or pk for external_id, pk, merged_into in rows if external_id}
