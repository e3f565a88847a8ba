"""The sales behind the revenue figures."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from common.actor import Actor
from common.period import Period
from crm import queries as crm_queries
from crm.choices import SaleStatus


def sales_behind(actor: Actor, period: Period, *, channel: str = "") -> QuerySet[Any]:
    """The sales that count as revenue of the period, newest first, each with its ``base_total`` in the base currency.

    `channel` narrows them to those through a ``partner`` or ``direct`` ones.
    """
    sales = crm_queries.sales_visible_to(actor).filter(
        is_current=True, status=SaleStatus.BOOKED, waits_for_rate=False, booked_on__gte=period.starts_on
    )
    if period.ends_on:
        sales = sales.filter(booked_on__lt=period.ends_on)
    if channel:
        sales = sales.filter(partner__isnull=channel == "direct")
    return sales.annotate(base_total=Sum("lines__base_amount")).order_by("-booked_on", "-pk")


def total_of(sales: QuerySet[Any]) -> Decimal:
    """What these sales add up to in the base currency."""
    return sales.aggregate(total=Sum("lines__base_amount"))["total"] or Decimal(0)
