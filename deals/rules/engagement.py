"""The rules of engagement: facts in, one outcome a rule, the first decisive verdict wins.

Each rule is a function of the facts and its parameters. Which rules hold, in which order and with which parameters, is
a published rulebook (`deals.rules.rulebook`).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from common.period import add_months
from deals.choices.engagement import RuleVerdict
from deals.rules.facts import (
    AuthorisationFact,
    BlockFact,
    Facts,
    GrantFact,
    Judgement,
    NamedAccountFact,
    OpportunityFact,
    Outcome,
)
from deals.rules.rulebook import (
    AuthorisationParams,
    DirectOpportunityParams,
    ExclusivityParams,
    IncumbencyParams,
    NoParams,
    Params,
    Rule,
    SimilarCustomerParams,
    SizeParams,
    TenderParams,
    TerritoryParams,
    params_of,
)

NOTHING_AGAINST = "registration.nothing_against"
_V = RuleVerdict
Dated = NamedAccountFact | BlockFact | GrantFact | AuthorisationFact
Finding = tuple[str, str, dict[str, Any]]  # verdict, reason code, inputs


# Of a change only these rules decide; the others have decided about what has not changed.
_ABOUT_A_FAMILY = frozenset(
    {
        *("blocked_customer", "authorisation", "named_account", "exclusivity", "live_protection", "direct_opportunity"),
        *("incumbency", "earlier_claim", "pencil_hold"),
    }
)
DECIDING: Mapping[str, frozenset[str]] = {
    "customer": frozenset(Params) - {"size"},
    "family": _ABOUT_A_FAMILY,
    "value": frozenset({"size"}),
    "close": frozenset(),
}


def judge(facts: Facts, rules: Iterable[Rule]) -> Judgement:
    """Evaluate every rule; the verdict is that of the first which does not pass.

    If all pass a person decides; a change that no rule of its dimensions objects to is approved.
    """
    outcomes = tuple(_outcome(facts, rule) for rule in rules)
    deciding = frozenset().union(*(DECIDING[dimension] for dimension in facts.dimensions))
    for outcome in outcomes:
        if outcome.verdict != _V.PASS and (not facts.dimensions or outcome.rule in deciding):
            return Judgement(outcome.verdict, outcome.rule, outcomes)
    return Judgement(_V.APPROVE.value if facts.dimensions else _V.REVIEW.value, "", outcomes)


# What nobody may overrule: neither a reviewer nor the judge of an appeal.
HARD_RULES = frozenset({"blocked_customer", "standing", "live_protection"})


def rejection_of(judgement: Judgement) -> Outcome | None:
    """The first rule that rejects: a person may settle what is under review, but may not overrule it."""
    return next((outcome for outcome in judgement.outcomes if outcome.verdict == _V.REJECT), None)


def _outcome(facts: Facts, rule: Rule) -> Outcome:
    verdict, reason_code, inputs = _RULES[rule.code](facts, params_of(rule))
    return Outcome(rule.code, str(verdict), reason_code, inputs)


def _holds_on(entry: Dated, day: date) -> bool:
    return entry.starts_on <= day and (entry.ends_on is None or day < entry.ends_on)


def _blocked_customer(facts: Facts, params: NoParams) -> Finding:
    """R1: nobody sells to a customer that is sanctioned or barred."""
    for entry in facts.blocks:
        if _holds_on(entry, facts.day):
            return _V.REJECT, "registration.customer_blocked", {"block": entry.reason}
    return _V.PASS, NOTHING_AGAINST, {}


def _authorisation(facts: Facts, params: AuthorisationParams) -> Finding:
    """R9: each listed family needs an authorisation that holds on the day, for the customer's country and segment."""
    missing = [
        family.code
        for family in facts.families
        if family.code in params.families
        and not any(_covers(entry, facts, family.family_id) for entry in facts.authorisations)
    ]
    inputs: dict[str, Any] = {"families": ", ".join(missing), "needed": list(params.families)}
    if missing:
        return params.verdict, "registration.not_authorised", inputs
    return _V.PASS, NOTHING_AGAINST, inputs


def _covers(entry: AuthorisationFact, facts: Facts, family_id: int) -> bool:
    return (
        _holds_on(entry, facts.day)
        and entry.family_id in (None, family_id)
        and (not entry.countries or facts.customer_country in entry.countries)
        and entry.segment in ("", facts.customer_segment)
    )


def _exclusivity(facts: Facts, params: ExclusivityParams) -> Finding:
    """R3: territory, segment or family is one partner's alone; a grant to this one speaks for it."""
    claimed = {family.family_id for family in facts.families}
    grants = [
        grant
        for grant in facts.grants
        if _holds_on(grant, facts.day)
        and (not grant.countries or facts.customer_country in grant.countries)
        and (grant.family_id is None or grant.family_id in claimed)
    ]
    sure = [grant for grant in grants if grant.segment in ("", facts.customer_segment)]
    unclear = [grant for grant in grants if grant.segment and not facts.customer_segment and not grant.own]
    inputs: dict[str, Any] = {"grants": [grant.grant for grant in sure], "unclear": [grant.grant for grant in unclear]}
    other = next((grant for grant in sure if not grant.own), None)
    if other is not None:
        return _V.REJECT, "registration.exclusive_elsewhere", {**inputs, "grant": other.grant}
    if sure:
        return _V.PASS, "registration.exclusive_to_you", inputs
    if unclear and params.unknown_segment == "review":
        return _V.REVIEW, "registration.exclusive_unclear", inputs
    return _V.PASS, NOTHING_AGAINST, inputs


def _incumbency(facts: Facts, params: IncumbencyParams) -> Finding:
    """R5: the renewal belongs to whoever won this line of business here within the months before the receipt."""
    since = add_months(facts.received_at.date(), -params.months)
    found = [entry for entry in facts.incumbents if since <= entry.won_on]
    own = [entry for entry in found if entry.own]
    inputs: dict[str, Any] = {"months": params.months, "count": len(found)}
    if not found:
        return _V.PASS, NOTHING_AGAINST, inputs
    latest = max(own or found, key=lambda entry: entry.won_on)
    inputs["day"] = latest.won_on.isoformat()
    if own:
        return _V.PASS, "registration.your_customer", inputs
    verdict = params.renewal if facts.source == "renewal" else params.other
    if verdict == "co_sell":
        return verdict, "registration.incumbent_shared", {**inputs, "share_bps": params.share_bps}
    return verdict, NOTHING_AGAINST if verdict == "pass" else "registration.incumbent_elsewhere", inputs


def _pencil_hold(facts: Facts, params: NoParams) -> Finding:
    """Another partner has penciled the customer in: whoever registers meanwhile waits for a person."""
    live = [hold.hold for hold in facts.holds if facts.judged_at < hold.ends_at]
    return (_V.REVIEW, "registration.pencil_hold", {"holds": live}) if live else (_V.PASS, NOTHING_AGAINST, {})


def _territory(facts: Facts, params: TerritoryParams) -> Finding:
    """R7: where the partner has territories or segments of its own, the customer should be within one of them."""
    listed = [
        entry for entry in facts.authorisations if _holds_on(entry, facts.day) and (entry.countries or entry.segment)
    ]
    inputs = {"country": facts.customer_country, "segment": facts.customer_segment, "listed": len(listed)}
    if not listed:
        return (params.unlisted, "registration.no_territory" if params.unlisted != "pass" else NOTHING_AGAINST, inputs)
    within = any(
        (not entry.countries or facts.customer_country in entry.countries)
        and (not entry.segment or facts.customer_segment in ("", entry.segment))
        for entry in listed
    )
    return (_V.PASS, NOTHING_AGAINST, inputs) if within else (params.outside, "registration.outside_territory", inputs)


def _tender(facts: Facts, params: TenderParams) -> Finding:
    """R8: in a published tender several partners may be approved; none of them excludes another."""
    if facts.source == "tender" and params.verdict == "review":
        return _V.REVIEW, "registration.tender", {}
    return _V.PASS, NOTHING_AGAINST, {}


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
        if _holds_on(entry, facts.day):
            inputs = {"quarter": quarter, "starts_on": entry.starts_on.isoformat()}
            return _V.REJECT, "registration.named_account", inputs
    return _V.PASS, NOTHING_AGAINST, {"quarter": quarter}


def _live_protection(facts: Facts, params: NoParams) -> Finding:
    """R4: somebody holds the customer for one of the families at this instant or from later on.

    One that begins later counts too: whoever waited for a lock read the clock before whoever held it.
    """
    live = [found for found in facts.protections if facts.judged_at < found.ends_at]
    tender = [found for found in live if found.shared and not found.own]
    live = [found for found in live if not found.shared or found.own]
    if tender and not live and facts.source != "tender":
        return _V.REVIEW, "registration.tender_under_way", {"live": [found.registration for found in tender]}
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
    if alive and params.verdict == "co_sell":
        return _V.CO_SELL, "registration.direct_opportunity_shared", {**inputs, "share_bps": params.share_bps}
    if alive:
        return params.verdict, "registration.direct_opportunity", inputs
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
        {"registration": claim.registration, "receipt_number": claim.receipt_number}
        for claim in facts.earlier_claims
        if not (claim.shared and facts.source == "tender")
    ]
    if claims:
        return _V.REVIEW, "registration.earlier_claim", {"claims": claims}
    return _V.PASS, NOTHING_AGAINST, {"claims": []}


def _similar_customer(facts: Facts, params: SimilarCustomerParams) -> Finding:
    """Neither clearly the same as a customer we know nor clearly another one."""
    inputs = {"score": facts.match_score, "kind": facts.match_kind}
    if params.from_score <= facts.match_score < params.same_score:
        return _V.REVIEW, "registration.similar_customer", inputs
    if facts.lookalikes:
        return _V.REVIEW, "registration.lookalike_letters", {**inputs, "lookalikes": True}
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
    "blocked_customer": _blocked_customer,
    "standing": _standing,
    "authorisation": _authorisation,
    "named_account": _named_account,
    "exclusivity": _exclusivity,
    "live_protection": _live_protection,
    "direct_opportunity": _direct_opportunity,
    "incumbency": _incumbency,
    "earlier_claim": _earlier_claim,
    "pencil_hold": _pencil_hold,
    "similar_customer": _similar_customer,
    "territory": _territory,
    "tender": _tender,
    "size": _size,
}
assert set(_RULES) == set(Params)
