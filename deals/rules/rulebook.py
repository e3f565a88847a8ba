"""Rulebooks as data: an ordered list of rules with their parameters, which is published and then never changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from common.verdict import Reason, Verdict, objections


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a rulebook. Parameters are JSON values; amounts are texts in the base currency."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class RuleParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of one kind of rule."""


class NoParams(RuleParams, frozen=True):
    pass


class DirectOpportunityParams(RuleParams, frozen=True):
    """Days within which a direct opportunity closes or was updated, and within which it moved stage."""

    alive_days: int = 90
    stage_days: int = 30


class SimilarCustomerParams(RuleParams, frozen=True):
    """Match scores: below `from_score` another company, from `same_score` the same; in between a person compares."""

    from_score: int = 45
    same_score: int = 90


class SizeParams(RuleParams, frozen=True):
    """Amounts in the base currency; a level that is not listed is never approved automatically."""

    minimum_amount: Decimal
    auto_approve_up_to: dict[str, Decimal]


Params: Mapping[str, type[RuleParams]] = {
    "standing": NoParams,
    "named_account": NoParams,
    "live_protection": NoParams,
    "direct_opportunity": DirectOpportunityParams,
    "earlier_claim": NoParams,
    "similar_customer": SimilarCustomerParams,
    "size": SizeParams,
}

DEFAULT_RULES: tuple[Rule, ...] = (
    Rule("standing"),
    Rule("named_account"),
    Rule("live_protection"),
    Rule("direct_opportunity", {"alive_days": 90, "stage_days": 30}),
    Rule("earlier_claim"),
    Rule("similar_customer", {"from_score": 45, "same_score": 90}),
    Rule(
        "size",
        {
            "minimum_amount": "1000",
            "auto_approve_up_to": {"bronze": "10000", "silver": "25000", "gold": "50000", "platinum": "100000"},
        },
    ),
)


def params_of(rule: Rule) -> RuleParams:
    """The rule's parameters, typed. Refuses (ValidationError) what is not well-formed."""
    return msgspec.convert(rule.params, Params[rule.code])


def rules_from(stored: Any) -> tuple[Rule, ...]:
    return msgspec.convert(stored, tuple[Rule, ...])


def rules_to_json(rules: Sequence[Rule]) -> Any:
    return msgspec.to_builtins(list(rules))


def rules_are_sound(rules: Sequence[Rule]) -> Verdict:
    """A rulebook names known rules with well-formed parameters, at least one."""
    return objections([None if rules else Reason("rulebook.empty"), *(_unsound(rule) for rule in rules)])


def _unsound(rule: Rule) -> Reason | None:
    if rule.code not in Params:
        return Reason("rulebook.rule_unknown", {"rule": rule.code})
    try:
        params_of(rule)
    except msgspec.ValidationError:
        return Reason("rulebook.params_invalid", {"rule": rule.code})
    return None


def identity_scores(rules: Iterable[Rule]) -> SimilarCustomerParams:
    """From which match score a customer is compared by a person, and from which it is the same one."""
    for rule in rules:
        if rule.code == "similar_customer":
            return msgspec.convert(rule.params, SimilarCustomerParams)
    return SimilarCustomerParams()
