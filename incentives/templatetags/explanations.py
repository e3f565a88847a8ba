"""The sentences of a calculation's steps, in the reader's language. Pages load it with ``{% load explanations %}``."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency, format_decimal
from django import template

from common.money import round_amount
from common.templatetags.formats import number, percent
from common.writing import MINUS, reader_locale, written_amount
from incentives.choices import STEPS

register = template.Library()

AMOUNTS = frozenset({"from", "to", "slice", "volume", "base"})


@register.filter
def explained(steps: Iterable[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Stored steps as ``{label, amount}`` for the steps component."""
    return [
        {"label": sentence(step["code"], step["params"], currency), "amount": Decimal(step["amount"])} for step in steps
    ]


def sentence(code: str, params: Mapping[str, str], currency: str) -> str:
    """One step in words; its exact numbers written as the reader writes amounts and percentages."""
    return str(STEPS[code]) % {name: _written(name, value, currency) for name, value in params.items()}


def _written(name: str, value: str, currency: str) -> str:
    if name in AMOUNTS:
        return exactly(Decimal(value), currency)
    if name == "rate":
        return percent(Decimal(value), 4)
    return number(Decimal(value)) if name == "multiplier" else value


@register.filter
def exactly(amount: Decimal, currency: str) -> str:
    """An amount with all its decimals, so that a reader can add up: converted sales have up to four."""
    if amount == round_amount(amount, currency):
        return written_amount(amount, currency)
    written = format_currency(
        amount.normalize(), currency, locale=reader_locale(), currency_digits=False, decimal_quantization=False
    )
    return str(written).replace("-", MINUS)


@register.simple_tag
def rate_of(rates: Mapping[tuple[str, date], Decimal], currency: str, booked_on: date) -> str:
    """The exchange rate of a sale's currency on the day it was booked, exactly."""
    rate = rates.get((currency, booked_on))
    return "" if rate is None else format_decimal(rate, format="#,##0.########", locale=reader_locale())


@register.simple_tag
def last_day(ends_on: date) -> date:
    """The last day of a half-open period."""
    return ends_on - timedelta(days=1)


@register.filter
def band_rows(bands: Iterable[Any]) -> list[dict[str, Any]]:
    """Bands with where each one ends: the next one's lower bound, None for the last."""
    found = list(bands)
    ends = [band.lower_bound for band in found[1:]] + [None]
    return [{"lower": band.lower_bound, "upper": end, "rate": band.rate} for band, end in zip(found, ends, strict=True)]
