"""What levels multiply: rebates before the multiplier, from the steps of accruals."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from common.period import Period
from incentives.rules.earnings import ZERO

_BASE = """
SELECT sum((step -> 'params' ->> 'base')::numeric)
FROM incentives_accrual accrual, jsonb_array_elements(accrual.steps) AS step
WHERE accrual.partner_id = %(partner)s AND accrual.currency = %(currency)s
  AND accrual.period_starts_on >= %(first)s AND accrual.period_starts_on < %(end)s
  AND step ->> 'code' = 'step.tier_multiplier'
"""


def multiplied_rebates(partner_id: int, *, period: Period, currency: str) -> Decimal:
    """What the partner's rebates of measurement periods that begin in the period were before the level's multiplier.

    Only of plans that a level multiplies, and only in the currency.
    """
    asked: dict[str, Any] = {"partner": partner_id, "currency": currency}
    days: dict[str, date | None] = {"first": period.starts_on, "end": period.ends_on}
    with connection.cursor() as cursor:
        cursor.execute(_BASE, asked | days)
        found = cursor.fetchone()[0]
    return ZERO if found is None else Decimal(found)
