"""The rules of engagement: facts in, one outcome a rule, the first decisive verdict wins.

Each rule is a function of the facts and its parameters. Which rules hold, in which order and with which parameters, is
a published rulebook (`deals.rules.rulebook`).
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from deals.choices.engagement import RuleVerdict
from deals.rules.facts import Facts, Judgement, OpportunityFact, Outcome
from deals.rules.rulebook import (
    DirectOpportunityParams,
    NoParams,
    Params,
    Rule,
    SimilarCustomerParams,
    SizeParams,
    params_of,
)

NOTHING_AGAINST = "registration.nothing_against"
_V = RuleVerdict
Finding = tuple[str, str, dict[str, Any]]  # verdict, reason code, inputs


def judge(facts: Facts, rules: Iterable[Rule]) -> Judgement:
    """Evaluate every rule; the verdict is that of the first which does not pass, a review if all pass."""
    outcomes = tuple(_outcome(facts, rule) for rule in rules)
    for outcome in outcomes:
        if outcome.verdict != _V.PASS:
            return Judgement(outcome.verdict, outcome.rule, outcomes)
    return Judgement(_V.REVIEW.value, "", outcomes)


def rejection_of(judgement: Judgement) -> Outcome | None:
    """The first rule that rejects: a person may settle what is under review, but may not overrule it."""
    return next((outcome for outcome in judgement.outcomes if outcome.verdict == _V.REJECT), None)


def _outcome(facts: Facts, rule: Rule) -> Outcome:
    verdict, reason_code, inputs = _RULES[rule.code](facts, params_of(rule))
    return Outcome(rule.code, str(verdict), reason_code, inputs)


def _standing(facts: Facts, params: NoParams) -> Finding:
    """R11: a partner that is not active, has no current agreement or is on credit hold is not protected."""
    inputs = {
        "status": facts.partner_status,
        "agreement_current": facts.agreement_current,
        "credit_hold": facts.credit_hold,
    }
    if facts.partner_status != "active":
        return _V.REJECT, "registration.partner_suspended", inputs
    if not facts.agreement_current:
        return _V.REJECT, "registration.agreement_not_current", inputs
    if facts.credit_hold:
        return _V.REJECT, "registration.credit_hold", inputs
    return _V.PASS, NOTHING_AGAINST, inputs


def _named_account(facts: Facts, params: NoParams) -> Finding:
    """R2: the published list says that direct sales alone serves the customer."""
    quarter = f"{facts.day.year} Q{(facts.day.month + 2) // 3}"
    for entry in facts.named_accounts:
        if entry.starts_on <= facts.day and (entry.ends_on is None or facts.day < entry.ends_on):
            inputs = {"quarter": quarter, "starts_on": entry.starts_on.isoformat()}
            return _V.REJECT, "registration.named_account", inputs
    return _V.PASS, NOTHING_AGAINST, {"quarter": quarter}


def _live_protection(facts: Facts, params: NoParams) -> Finding:
    """R4: somebody holds the customer for one of the families at this instant or from later on.

    One that begins later counts too: whoever waited for a lock read the clock before whoever held it.
    """
    live = [found for found in facts.protections if facts.judged_at < found.ends_at]
    if not live:
        return _V.PASS, NOTHING_AGAINST, {"live": []}
    described = [
        {
            "registration": found.registration,
            "family_id": found.family_id,
            "ends_at": found.ends_at.isoformat(),
        }
        for found in live
    ]
    is_own = all(found.own for found in live)
    return _V.REJECT, "registration.already_yours" if is_own else "registration.customer_protected", {"live": described}


def _direct_opportunity(facts: Facts, params: DirectOpportunityParams) -> Finding:
    """R6: direct sales was there first, with an opportunity that is alive."""
    alive = [found for found in facts.opportunities if opportunity_is_alive(found, facts.received_at, params)]
    inputs: dict[str, Any] = {
        "alive_days": params.alive_days,
        "stage_days": params.stage_days,
        "seen": [found.opportunity for found in facts.opportunities],
        "alive": [found.opportunity for found in alive],
    }
    if alive:
        return _V.REJECT, "registration.direct_opportunity", inputs
    return _V.PASS, NOTHING_AGAINST, inputs


def opportunity_is_alive(found: OpportunityFact, received_at: datetime, params: DirectOpportunityParams) -> bool:
    """It closes or was updated within `alive_days`, or moved stage within `stage_days`, and had been seen before.

    All counted from the receipt of the registration, both ends included. Seen at the same instant is not before.
    """
    alive, moved = timedelta(days=params.alive_days), timedelta(days=params.stage_days)
    closes_soon = received_at.date() <= found.close_on <= received_at.date() + alive
    was_updated = found.updated_at >= received_at - alive
    has_moved = found.stage_moved_at is not None and found.stage_moved_at >= received_at - moved
    return found.first_seen_at < received_at and (closes_soon or was_updated or has_moved)


def _earlier_claim(facts: Facts, params: NoParams) -> Finding:
    """Who came first is judged first: a later registration waits for a person, however small it is."""
    claims = [
        {"registration": claim.registration, "receipt_number": claim.receipt_number} for claim in facts.earlier_claims
    ]
    if claims:
        return _V.REVIEW, "registration.earlier_claim", {"claims": claims}
    return _V.PASS, NOTHING_AGAINST, {"claims": []}


def _similar_customer(facts: Facts, params: SimilarCustomerParams) -> Finding:
    """Neither clearly the same as a customer we know nor clearly another one."""
    inputs = {"score": facts.match_score, "kind": facts.match_kind}
    if params.from_score <= facts.match_score < params.same_score:
        return _V.REVIEW, "registration.similar_customer", inputs
    return _V.PASS, NOTHING_AGAINST, inputs


def _size(facts: Facts, params: SizeParams) -> Finding:
    """R10: below the minimum is rejected; up to the level's limit is approved; above it a person decides."""
    limit = params.auto_approve_up_to.get(facts.level)
    inputs = {
        "amount": str(facts.amount),
        "currency": facts.currency,
        "level": facts.level,
        "minimum": str(params.minimum_amount),
        "limit": str(limit or 0),
    }
    if facts.amount < params.minimum_amount:
        return _V.REJECT, "registration.below_minimum", inputs
    if limit is not None and facts.amount <= limit:
        return _V.APPROVE, "registration.small_enough", inputs
    return _V.REVIEW, "registration.large", inputs


_RULES: dict[str, Callable[[Facts, Any], Finding]] = {
    "standing": _standing,
    "named_account": _named_account,
    "live_protection": _live_protection,
    "direct_opportunity": _direct_opportunity,
    "earlier_claim": _earlier_claim,
    "similar_customer": _similar_customer,
    "size": _size,
}
assert set(_RULES) == set(Params)
