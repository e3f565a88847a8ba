"""What can be set in a rulebook, read off the structs of its rules and terms: a new parameter needs only words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

from common.verdict import Reason, Verdict, objections
from deals.rules.rulebook import DEFAULT_RULES, Params, Rule, params_of
from deals.rules.terms import Terms

MOST = 10_000
BASIS_POINTS = 10_000
MOST_AMOUNT = Decimal(10) ** 13


class Kind(Enum):
    """How a value is typed and written."""

    WHOLE = "whole"
    AMOUNT = "amount"
    CHOICE = "choice"
    YES_NO = "yes_no"
    HOUR = "hour"
    CODES = "codes"  # tuple of texts
    NUMBERS = "numbers"  # tuple of whole numbers
    AMOUNTS = "amounts"  # amount by code, such as a level's


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    kind: Kind
    choices: tuple[str, ...] = ()


@cache
def params_in(struct: type[msgspec.Struct]) -> tuple[Param, ...]:
    """The fields of a struct in order. Refuses (TypeError) a type that no form could show."""
    return tuple(_param(field.name, field.type) for field in msgspec.structs.fields(struct))


_KINDS = {
    int: Kind.WHOLE,
    Decimal: Kind.AMOUNT,
    bool: Kind.YES_NO,
    time: Kind.HOUR,
    tuple[str, ...]: Kind.CODES,
    tuple[int, ...]: Kind.NUMBERS,
    dict[str, Decimal]: Kind.AMOUNTS,
}


def _param(name: str, hint: Any) -> Param:
    if get_origin(hint) is Literal:
        return Param(name, Kind.CHOICE, get_args(hint))
    if hint not in _KINDS:
        raise TypeError(f"{name} is {hint}")
    return Param(name, _KINDS[hint])


def params_of_rule(code: str) -> tuple[Param, ...]:
    return params_in(Params[code])


TERM_PARAMS = params_in(Terms)


def usual_params(code: str) -> Mapping[str, Any]:
    """The values of a rule that is switched on for the first time: those of the default rulebook, typed."""
    usual = next((rule for rule in DEFAULT_RULES if rule.code == code), Rule(code))
    return msgspec.structs.asdict(params_of(usual))


def params_are_sound(rules: tuple[Rule, ...]) -> Verdict:
    """Whether well-formed parameters also make sense. The field is the rule's code, a dot and the parameter."""
    return objections(problem for rule in rules for problem in _problems(rule))


def _problems(rule: Rule) -> Iterator[Reason]:
    values = msgspec.structs.asdict(params_of(rule))
    for param in params_of_rule(rule.code):
        value, place = values[param.name], f"{rule.code}.{param.name}"
        most = BASIS_POINTS if param.name.endswith("_bps") else MOST
        if param.kind is Kind.WHOLE and not 0 <= value <= most:
            yield Reason("rulebook.number_invalid", {"least": 0, "most": most}, place)
        amounts = {Kind.AMOUNT: [value], Kind.AMOUNTS: value.values() if isinstance(value, dict) else ()}
        if not all(is_amount(amount) for amount in amounts.get(param.kind, ())):
            yield Reason("rulebook.amount_invalid", field=place)
    if rule.code == "similar_customer" and values["from_score"] >= values["same_score"]:
        yield Reason("rulebook.scores_crossed", field=f"{rule.code}.same_score")


def is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount < MOST_AMOUNT and amount == amount.quantize(Decimal("0.01"))
