"""Products, services and subscriptions, as the CRM has them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.batches import BatchResult
from crm.actions.batches import Batch, lock_keys, write_differences
from crm.models import Product, ProductFamily
from crm.rules import faults
from crm.rules.rows import ProductRow, trimmed
from partners import rules as partner_rules


def upsert_products(rows: Sequence[ProductRow], *, by: Actor, at: datetime) -> BatchResult:
    """Create or change products by external id. All or nothing; refuses anyone without ``crm.write``."""
    partner_rules.may(by, "crm.write").or_refuse()
    rows = [trimmed(row) for row in rows]
    batch = Batch("products", [row.external_id for row in rows])
    for index, row in enumerate(rows):
        batch.add_faults(index, faults.product_faults(row))
    with transaction.atomic():
        lock_keys("crm.product", batch.keys)
        families = dict(ProductFamily.objects.filter(code__in={row.family for row in rows}).values_list("code", "pk"))
        values = [
            {
                "external_id": row.external_id,
                "sku": row.sku,
                "name": row.name,
                "kind": row.kind,
                "family_id": batch.require(index, "family", row.family, families, "row.unknown_family"),
            }
            for index, row in enumerate(rows)
        ]
        if batch.failed:
            return batch.result()
        existing = {product.external_id: product for product in Product.objects.filter(external_id__in=batch.keys)}
        write_differences(batch, Product, values, existing, changed={"updated_at": at})
        return batch.deliver(by=by, at=at)
