"""Which exchange rate counts on a day, and what an amount is then worth in the base currency."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from common.money import round_amount

RATE_LIVES = timedelta(days=40)


def oldest_rate_day(day: date) -> date:
    """The first day whose rate is still young enough to count on this day: a rate of forty days ago does."""
    return day - RATE_LIVES


def rate_in_force(history: Sequence[tuple[date, Decimal]], day: date) -> Decimal | None:
    """The latest rate of the day or before, out of a history in ascending order; None if it is too old or missing."""
    place = bisect_right(history, day, key=lambda entry: entry[0])
    if place == 0 or history[place - 1][0] < oldest_rate_day(day):
        return None
    return history[place - 1][1]


def base_amount(net_amount: Decimal, rate: Decimal, base_currency: str) -> Decimal:
    """The amount in the base currency, rounded once, here."""
    return round_amount(net_amount * rate, base_currency)
