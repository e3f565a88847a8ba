"""The steps of a make-good in the reader's language. Pages load it with ``{% load make_goods %}``."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template

from common.templatetags.formats import percent
from common.writing import exact_amount_text
from deals.choices.cases import MAKE_GOOD_STEPS

register = template.Library()

AMOUNTS = frozenset({"from", "to", "volume"})


@register.filter
def made_good(steps: Iterable[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Stored steps as ``{label, amount}`` for the steps component."""
    return [
        {"label": sentence(step["code"], step["params"], currency), "amount": Decimal(step["amount"])} for step in steps
    ]


def sentence(code: str, params: Mapping[str, str], currency: str) -> str:
    """One step in words; its exact numbers written as the reader writes amounts and percentages."""
    return str(MAKE_GOOD_STEPS[code]) % {name: _written(name, value, currency) for name, value in params.items()}


def _written(name: str, value: str, currency: str) -> str:
    if name in AMOUNTS:
        return exact_amount_text(Decimal(value), currency)
    return percent(Decimal(value)) if name == "rate" else value
