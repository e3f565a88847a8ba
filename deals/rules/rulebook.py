"""Rulebooks as data: an ordered list of rules with their parameters, which is published and then never changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

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


class ExclusivityParams(RuleParams, frozen=True):
    """What happens where another partner's grant is for a segment and the customer's is not known."""

    unknown_segment: Literal["review", "pass"] = "review"


class IncumbencyParams(RuleParams, frozen=True):
    """Whoever won this line of business within `months` is its incumbent; another's renewal is treated by itself."""

    months: int = 24
    other: Literal["review", "reject", "co_sell", "pass"] = "review"
    renewal: Literal["review", "reject"] = "reject"
    share_bps: int = 5000


class DirectOpportunityParams(RuleParams, frozen=True):
    """Days within which a direct opportunity closes or was updated, and within which it moved stage.

    `verdict`: what a live one leads to; an offer to sell together is for `share_bps` to direct sales.
    """

    alive_days: int = 90
    stage_days: int = 30
    verdict: Literal["reject", "co_sell", "review"] = "reject"
    share_bps: int = 5000


class TerritoryParams(RuleParams, frozen=True):
    """Outside of the partner's territories and segments, and where the partner has none listed at all."""

    outside: Literal["review", "reject"] = "review"
    unlisted: Literal["pass", "review"] = "pass"


class TenderParams(RuleParams, frozen=True):
    """Whether a person first checks that the tender is a published one."""

    verdict: Literal["review", "pass"] = "review"


class AuthorisationParams(RuleParams, frozen=True):
    """Codes of the product families that only authorised partners may register, and what it means not to be one."""

    families: tuple[str, ...] = ()
    verdict: Literal["reject", "review"] = "reject"


class SimilarCustomerParams(RuleParams, frozen=True):
    """Match scores: below `from_score` another company, from `same_score` the same; in between a person compares."""

    from_score: int = 45
    same_score: int = 90


class SizeParams(RuleParams, frozen=True):
    """Amounts in the base currency; a level that is not listed is never approved automatically."""

    minimum_amount: Decimal
    auto_approve_up_to: dict[str, Decimal]


Params: Mapping[str, type[RuleParams]] = {
    "blocked_customer": NoParams,
    "standing": NoParams,
    "authorisation": AuthorisationParams,
    "named_account": NoParams,
    "exclusivity": ExclusivityParams,
    "live_protection": NoParams,
    "direct_opportunity": DirectOpportunityParams,
    "incumbency": IncumbencyParams,
    "earlier_claim": NoParams,
    "pencil_hold": NoParams,
    "similar_customer": SimilarCustomerParams,
    "territory": TerritoryParams,
    "tender": TenderParams,
    "size": SizeParams,
}

# What rejects comes before what needs a person: nobody waits for a review that can only end in a refusal.
DEFAULT_RULES: tuple[Rule, ...] = (
    Rule("blocked_customer"),
    Rule("standing"),
    Rule("authorisation"),
    Rule("named_account"),
    Rule("exclusivity"),
    Rule("live_protection"),
    Rule("direct_opportunity", {"alive_days": 90, "stage_days": 30}),
    Rule("incumbency", {"months": 24}),
    Rule("earlier_claim"),
    Rule("pencil_hold"),
    Rule("similar_customer", {"from_score": 45, "same_score": 90}),
    Rule("territory"),
    Rule("tender"),
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
    """A rulebook names known rules with well-formed parameters, at least one, each at most once."""
    codes = [rule.code for rule in rules]
    doubled = [Reason("rulebook.rule_twice", {"rule": code}) for code in sorted(set(codes)) if codes.count(code) > 1]
    return objections([None if rules else Reason("rulebook.empty"), *doubled, *(_unsound(rule) for rule in rules)])


def _unsound(rule: Rule) -> Reason | None:
    if rule.code not in Params:
        return Reason("rulebook.rule_unknown", {"rule": rule.code})
    try:
        params_of(rule)
    except msgspec.ValidationError:
        return Reason("rulebook.params_invalid", {"rule": rule.code})
    return None


def incumbency_months(rules: Iterable[Rule]) -> int:
    """How far back a partner's business with a customer counts; 0 if the rulebook does not ask."""
    for rule in rules:
        if rule.code == "incumbency":
            return msgspec.convert(rule.params, IncumbencyParams).months
    return 0


def identity_scores(rules: Iterable[Rule]) -> SimilarCustomerParams:
    """From which match score a customer is compared by a person, and from which it is the same one."""
    for rule in rules:
        if rule.code == "similar_customer":
            return msgspec.convert(rule.params, SimilarCustomerParams)
    return SimilarCustomerParams()
