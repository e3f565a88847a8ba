"""What a partner may read of a judgement: everything that does not tell of rivals or of the vendor's own pipeline.

Some rules look at what others do. To a partner they are one line with one fixed text for each verdict, and what comes
after the decisive rule is not shown at all: neither the rule that decided nor its absence can be worked out.
"""

from collections.abc import Sequence

from deals.choices.engagement import RuleVerdict
from deals.rules.facts import Outcome

TELLING_RULES = frozenset(
    {
        *("exclusivity", "live_protection", "direct_opportunity", "incumbency", "earlier_claim", "pencil_hold"),
        "similar_customer",
    }
)
CUSTOMER_CHECK = "customer_check"
_TEXTS = {
    RuleVerdict.PASS.value: "registration.nothing_against",
    RuleVerdict.REVIEW.value: "registration.customer_compared",
    RuleVerdict.REJECT.value: "registration.customer_protected",
    RuleVerdict.CO_SELL.value: "registration.co_sell_offered",
}
_NOT_NEEDED = "registration.not_needed"
_OWN = frozenset({"registration.already_yours", "registration.exclusive_to_you", "registration.your_customer"})


def outcome_for_partner(outcome: Outcome) -> Outcome:
    """One outcome as a partner may read it; the partner's own protection may be named as such."""
    if outcome.rule not in TELLING_RULES:
        return outcome
    code = outcome.reason_code if outcome.reason_code in _OWN else _TEXTS[outcome.verdict]
    return Outcome(CUSTOMER_CHECK, outcome.verdict, code)


def outcomes_for_partner(outcomes: Sequence[Outcome], decisive_rule: str) -> tuple[Outcome, ...]:
    """The rules in their order, the telling ones as one, those after the decisive one without their outcome."""
    decided = False
    shown: dict[str, Outcome] = {}
    for outcome in outcomes:
        redacted = outcome_for_partner(outcome)
        if decided:
            redacted = Outcome(redacted.rule, RuleVerdict.PASS.value, _NOT_NEEDED)
        is_decisive = outcome.rule == decisive_rule
        says_nothing = redacted.rule not in shown or shown[redacted.rule].verdict == RuleVerdict.PASS
        if says_nothing and (is_decisive or decided or redacted.rule not in shown):
            shown[redacted.rule] = redacted
        decided = decided or is_decisive
    return tuple(shown.values())
