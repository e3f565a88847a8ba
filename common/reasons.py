"""From reason codes to sentences in the reader's language."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

from common.verdict import Reason
from common.writing import exact_amount_text, written_day

AMOUNTS = frozenset({"amount", "minimum", "limit", "balance"})
DAYS = frozenset({"day", "first_day", "last_day"})

_sentences: dict[str, "str | Promise"] = {}


def register(catalogue: Mapping[str, "str | Promise"]) -> None:
    """Add an app's ``choices.REASONS``. Refuses (ValueError) a code that another app already explains."""
    doubled = {code for code in _sentences.keys() & catalogue.keys() if _sentences[code] is not catalogue[code]}
    if doubled:
        raise ValueError(f"reason codes explained twice: {sorted(doubled)}")
    _sentences.update(catalogue)


def sentence(reason: Reason) -> str:
    """The sentence for people. An unknown code is a programming error and raises KeyError."""
    return str(_sentences[reason.code]) % {name: _written(name, reason.params) for name in reason.params}


def _written(name: str, params: Mapping[str, Any]) -> Any:
    """Amounts (with a ``currency`` beside them), days and reasons within a reason as the reader writes them."""
    value = params[name]
    if name == "why":
        return sentence(Reason(value["code"], value["params"]))
    if name in AMOUNTS and "currency" in params:
        return exact_amount_text(Decimal(value), params["currency"])
    if name in DAYS:
        return written_day(date.fromisoformat(value) if isinstance(value, str) else value)
    return value


def sentences(reasons: Iterable[Reason]) -> list[str]:
    return [sentence(reason) for reason in reasons]
