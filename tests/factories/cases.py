"""Breaches and appeals for tests, made by the program's own actions."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.actor import SYSTEM
from common.batches import BatchResult
from crm.actions.opportunities import upsert_opportunities
from crm.actions.sales import upsert_sales
from crm.models import Product
from crm.rules.rows import OpportunityRow, SaleLineRow, SaleRow
from deals.models import Breach, Registration
from tests.factories.deals import Channel, registered


def protected(channel: Channel, *, at: datetime, **typed: Any) -> Registration:
    """A registration of the known customer that the rules approved at once."""
    registration = registered(channel, at=at, **typed)
    assert registration.status == "approved"
    return registration


def opportunity_row(channel: Channel, **typed: Any) -> OpportunityRow:
    values: dict[str, Any] = {
        "external_id": "O-1",
        "customer": channel.customer.external_id,
        "family": channel.product.family.code,
        "owner_name": "Dana Direct",
        "stage": "proposal",
        "amount": Decimal(40_000),
        "currency": "EUR",
        "close_on": date(2026, 12, 1),
        "is_open": True,
        "created_at": datetime.fromisoformat("2026-01-05T09:00:00+00:00"),
        "updated_at": datetime.fromisoformat("2026-01-05T09:00:00+00:00"),
        **typed,
    }
    return OpportunityRow(**values)


def report_opportunity(channel: Channel, *, at: datetime, **typed: Any) -> BatchResult:
    return upsert_opportunities([opportunity_row(channel, **typed)], by=SYSTEM, at=at)


def lines_of(*sold: tuple[Product, str]) -> list[SaleLineRow]:
    return [
        SaleLineRow(product=product.external_id, quantity=Decimal(1), net_amount=Decimal(amount))
        for product, amount in sold
    ]


def sale_row(channel: Channel, *, booked_on: date, amount: str = "40000", **typed: Any) -> SaleRow:
    values: dict[str, Any] = {
        "external_id": "S-1",
        "customer": channel.customer.external_id,
        "booked_on": booked_on,
        "currency": "EUR",
        "lines": lines_of((channel.product, amount)),
        **typed,
    }
    return SaleRow(**values)


def report_sale(channel: Channel, *, at: datetime, **typed: Any) -> BatchResult:
    """A direct sale, unless a partner is named, booked on the day it is reported."""
    typed.setdefault("booked_on", at.date())
    return upsert_sales([sale_row(channel, **typed)], by=SYSTEM, at=at)


def broken(channel: Channel, *, at: datetime, **sale: Any) -> Breach:
    """A direct sale ten days after the approval, and the breach that the program found."""
    registration = protected(channel, at=at - timedelta(days=10))
    report_sale(channel, at=at, **sale)
    return Breach.objects.get(registration=registration)
