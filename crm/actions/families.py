"""Product families, as the CRM has them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.batches import BatchResult
from crm.actions.batches import Batch, lock_keys, write_differences
from crm.models import ProductFamily
from crm.rules import faults
from crm.rules.rows import FamilyRow, trimmed
from partners import rules as partner_rules


def upsert_families(rows: Sequence[FamilyRow], *, by: Actor, at: datetime) -> BatchResult:
    """Create or rename families by code. All or nothing; refuses anyone without ``crm.write``."""
    partner_rules.may(by, "crm.write").or_refuse()
    rows = [trimmed(row) for row in rows]
    batch = Batch("families", [row.code for row in rows])
    for index, row in enumerate(rows):
        batch.add_faults(index, faults.family_faults(row))
    if batch.failed:
        return batch.result()
    with transaction.atomic():
        lock_keys("crm.family", batch.keys)
        existing = {family.code: family for family in ProductFamily.objects.filter(code__in=batch.keys)}
        values = [{"code": row.code, "name": row.name} for row in rows]
        write_differences(batch, ProductFamily, values, existing)
        return batch.deliver(by=by, at=at)
