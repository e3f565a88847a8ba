"""What levels are worth to a partner: terms times its last year's business."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from common.period import trailing_year
from tiers.choices.programmes import Window
from tiers.rules.gains import Business
from tiers.rules.ladder import Measure, Scores, Tally

REVENUE: Measure = ("channel_revenue", Window.TRAILING_12_MONTHS.value)
Rebates = Callable[..., Decimal]
_sources: list[Rebates] = []


def connect(rebates: Rebates) -> None:
    """Set who knows, of a partner and with ``period`` and ``currency``, its rebates before any level's multiplier."""
    _sources[:] = [rebates]


def business_of(partner_id: int, scores: Scores, *, day: date, currency: str, with_rebates: bool) -> Business:
    """The year that ends with the day: its revenue from the scores, its rebates from the app that pays them.

    `with_rebates` False: they are not for this reader.
    """
    known = _sources if with_rebates else []
    base = [rebates(partner_id, period=trailing_year(day), currency=currency) for rebates in known]
    return Business(scores.get(REVENUE, Tally()).total, currency, rebate_base=sum(base, Decimal(0)) if base else None)
