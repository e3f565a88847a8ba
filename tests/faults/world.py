"""A small world for fault tests, built by a process of its own: partners with sales, and nothing of the night done."""

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
django.setup()

from common.actor import SYSTEM  # noqa: E402 - Django must be set up first
from crm.actions import customers, families, products, sales  # noqa: E402
from crm.rules.rows import CustomerRow, FamilyRow, ProductRow, SaleLineRow, SaleRow  # noqa: E402
from incentives.actions import plans  # noqa: E402
from partners.actions.partners import NewPartner, create_partner  # noqa: E402
from tiers.actions.programmes import publish_default_programme  # noqa: E402
from tiers.actions.standings import enrol_partner  # noqa: E402

PARTNERS = 60
STARTS_ON = date(2026, 7, 1)


def build() -> None:
    rng = Random(7)
    opening = datetime(2026, 7, 1, tzinfo=UTC)
    publish_default_programme(starts_on=STARTS_ON, at=opening)
    plans.publish_default_plans(starts_on=STARTS_ON, by=SYSTEM, at=opening)
    families.upsert_families([FamilyRow(code="platform", name="Platform")], by=SYSTEM, at=opening)
    product = ProductRow(external_id="P", sku="P", name="Platform", kind="product", family="platform")
    products.upsert_products([product], by=SYSTEM, at=opening)
    customer = CustomerRow(external_id="C", legal_name="Inter Cars SA", country="PL")
    customers.upsert_customers([customer], by=SYSTEM, at=opening)
    rows = []
    for number in range(PARTNERS):
        new = NewPartner(f"Partner {number}", f"Partner {number} Ltd", "GB", ("var",), "GBP", STARTS_ON)
        partner = create_partner(new, by=SYSTEM, at=opening)
        enrol_partner(partner.pk, day=STARTS_ON, at=opening)
        rows += [sale(partner.public_id, f"S-{number}-{place}", rng) for place in range(8)]
    sales.upsert_sales(rows, by=SYSTEM, at=datetime(2026, 9, 30, 12, tzinfo=UTC))


def sale(partner: str, external_id: str, rng: Random) -> SaleRow:
    line = SaleLineRow(product="P", quantity=Decimal(1), net_amount=Decimal(rng.randrange(100, 4_000_000)) / 100)
    return SaleRow(
        external_id=external_id,
        customer="C",
        booked_on=date(2026, 7 + rng.randrange(3), 1 + rng.randrange(28)),
        currency="EUR",
        lines=[line],
        partner=partner,
    )


if __name__ == "__main__":
    build()
