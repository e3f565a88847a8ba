"""Judging a claim: who is the customer, lock, look, decide, write. Used by submitting and by approving."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange

from common.actor import Actor
from common.verdict import refusal
from crm import queries as crm_queries
from crm.actions import customers as customer_actions
from crm.rules import matching
from crm.rules.facts import Candidate
from crm.rules.matching import CustomerIdentity
from crm.rules.names import has_lookalikes
from deals.actions.locks import lock_claims, lock_free_claims, lock_free_newcomer, lock_newcomer
from deals.choices.engagement import RuleVerdict
from deals.choices.registrations import DealSource
from deals.models import Protection, Registration, Rulebook
from deals.queries import facts as fact_queries
from deals.queries.calendar import day_of
from deals.queries.facts import Claim, Market, RulesInForce
from deals.queries.holds import held_customers
from deals.rules import clocks
from deals.rules.engagement import judge
from deals.rules.facts import Facts, Judgement, OpportunityFact
from deals.rules.rulebook import Rule, identity_scores, incumbency_months
from deals.rules.sites import site_span
from deals.rules.terms import Terms
from partners import queries as partner_queries
from partners.rules import StandingFacts
from tiers.queries.terms import terms_for

SETTLED = ("settled", 100)  # kind and score of a customer whom a person has named, or the partner holds


@dataclass(frozen=True, slots=True)
class Case:
    """One registration on the table, with the rulebook in force and everything about its partner."""

    registration: Registration
    rulebook: Rulebook
    rules: tuple[Rule, ...]
    terms: Terms
    at: datetime
    day: date
    protection_days: int  # the level's, and one for each day that the answer is late
    late_days: int
    partner_facts: dict[str, Any]

    @property
    def is_shared(self) -> bool:
        """Whether it is about a published tender, in which nobody excludes anybody."""
        return self.registration.source == DealSource.TENDER


@dataclass(frozen=True, slots=True)
class Identified:
    """Who the customer is: every known record of it, surest first; none while a person compares.

    A newcomer has no record either, until it is made one: then only this transaction knows it.
    """

    customer_ids: tuple[int, ...]
    kind: str
    score: int
    public_id: str = ""  # of the surest record, where it is at hand
    is_newcomer: bool = False
    lookalikes: bool = False
    known_opportunities: tuple[OpportunityFact, ...] | None = None  # as they were when the registration was received
    market: Market | None = None  # as it was a moment ago


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement with what it rests on. The receipt number is the place in the order of claims that were looked at."""

    facts: Facts
    judgement: Judgement
    receipt_number: int
    market: Market
    has_own_hold: bool
    protected_until: datetime | None = None  # set when protections were written


def open_case(
    registration: Registration,
    *,
    at: datetime,
    late_days: int = 0,
    in_force: RulesInForce | None = None,
    standing: StandingFacts | None = None,
) -> Case:
    """Gather what does not depend on the customer. Refuses when no rulebook is in force.

    `in_force`, `standing`: of the day, if they are at hand.
    """
    day = day_of(at)
    in_force = in_force or fact_queries.rules_on(day)
    if in_force is None:
        refusal("registration.no_rulebook", day=day.isoformat()).or_refuse()
        raise AssertionError
    standing = standing or partner_queries.standing_of(registration.partner, day=day)
    terms = terms_for(registration.partner_id, day=day)
    return Case(
        registration=registration,
        rulebook=in_force.rulebook,
        rules=in_force.rules,
        terms=in_force.terms,
        at=at,
        day=day,
        protection_days=terms.protection_days + late_days,
        late_days=late_days,
        partner_facts={
            "partner_status": standing.status,
            "agreement_current": standing.agreement_current,
            "credit_hold": standing.credit_hold,
            "level": terms.level_code,
        },
    )


def claim_of(registration: Registration, customer_ids: Sequence[int]) -> Claim:
    """What the registration asks for, of these records of its customer."""
    return Claim(
        partner_id=registration.partner_id,
        customer_ids=customer_ids,
        family_ids=registration.family_ids,
        country=registration.customer_country,
        site=registration.site,
        receipt_number=registration.receipt_number,
    )


def identity_of(registration: Registration) -> CustomerIdentity:
    """The customer as the partner typed it."""
    return CustomerIdentity(
        legal_name=registration.customer_name,
        country=registration.customer_country,
        domain=registration.customer_domain,
        tax_id=registration.customer_tax_id,
    )


def identify(case: Case) -> Identified:
    """Compare the typed customer with those known: by what is exact, then by all that is like it.

    A newcomer is one when no other newcomer can slip in. A customer that the partner holds under this name is the one
    that was made for it when nobody like it was known.
    """
    identity = identity_of(case.registration)
    found = _compared(identity, case.rules, crm_queries.customer_candidates(identity, only_exact=True))
    if found.customer_ids:
        return found
    found = _compared_alone(identity, case.rules) or _compared_in_turn(identity, case.rules)
    if not found.customer_ids and not found.is_newcomer:
        held = held_customers(case.registration.partner_id, identity, at=case.at)
        kind, score = SETTLED
        return replace(found, customer_ids=held, kind=kind, score=score) if held else found
    return found


def _compared_alone(identity: CustomerIdentity, rules: Sequence[Rule]) -> Identified | None:
    """Under the locks of a newcomer if they are free, kept only if it is one. None if they are not free."""
    with transaction.atomic():
        found = None
        if lock_free_newcomer(matching.keys_of(identity)):
            found = _compared(identity, rules, crm_queries.customer_candidates(identity))
        if found is None or not found.is_newcomer:
            transaction.set_rollback(True)  # nothing was written: lets the locks go
    return found


def _compared_in_turn(identity: CustomerIdentity, rules: Sequence[Rule]) -> Identified:
    found = _compared(identity, rules, crm_queries.customer_candidates(identity))
    if found.is_newcomer:
        lock_newcomer(matching.keys_of(identity))
        found = _compared(identity, rules, crm_queries.customer_candidates(identity))
    return found


def _compared(identity: CustomerIdentity, rules: Sequence[Rule], candidates: Sequence[Candidate]) -> Identified:
    scores, lookalikes = identity_scores(rules), has_lookalikes(identity.legal_name)
    if not candidates or candidates[0].match.score < scores.from_score:
        score = candidates[0].match.score if candidates else 0
        return Identified((), "none", score, is_newcomer=True, lookalikes=lookalikes)
    same = [found for found in candidates if found.match.score >= scores.same_score]
    best = candidates[0].match
    return Identified(
        customer_ids=tuple(found.customer.pk for found in same),
        kind=best.kind,
        score=best.score,
        public_id=same[0].customer.public_id if same else "",
        lookalikes=lookalikes,
    )


def settle(case: Case, who: Identified, *, by: Actor) -> tuple[Identified, Judged]:
    """Lock, look, decide, and protect if the rules approve.

    Where somebody else is at it, the first look is without locks: what stands against a claim by then stands, nobody
    has to queue to hear it, and a newcomer that is rejected does not become a customer. Only what is not rejected is
    looked at again under the locks. Should a protection come in by a way that takes none, the constraint refuses ours,
    and one more look sees it.
    """
    judged = _look_unless_others_do(case, who)
    if judged is None:
        judged = _look(case, who)
        if judged.judgement.verdict == RuleVerdict.REJECT:
            return who, judged
        if who.is_newcomer:
            who = create_customer(case, who, by=by)
        else:
            who = replace(who, market=judged.market, known_opportunities=judged.facts.opportunities)
        if not who.is_newcomer:  # of one made just now nobody else knows
            judged = _look_in_turn(case, who)
    if judged.judgement.verdict != RuleVerdict.APPROVE:
        return who, judged
    until = protect(case, who)
    if until is None:
        judged = _look(case, who)
        if judged.judgement.verdict == RuleVerdict.APPROVE:
            found = identify(case)
            if found.customer_ids == who.customer_ids:
                raise IntegrityError(f"{case.registration.public_id} cannot be protected, and no rule says why")
            return settle(case, found, by=by)  # it has been merged into another customer meanwhile
    return who, replace(judged, protected_until=until)


def _look_unless_others_do(case: Case, who: Identified) -> Judged | None:
    """Under the locks if they are free, which they mostly are. None if not, and for a newcomer, who has none yet."""
    if who.is_newcomer or not lock_free_claims(who.customer_ids, case.registration.family_ids):
        return None
    return _look(case, who)


def _look_in_turn(case: Case, who: Identified) -> Judged:
    with transaction.atomic():
        judged = look_under_lock(case, who)
        if judged.judgement.verdict == RuleVerdict.REJECT:
            transaction.set_rollback(True)  # lets the locks go, so that nobody waits for our receipt
    return judged


def create_customer(case: Case, who: Identified, *, by: Actor, distinct_from: Sequence[int] = ()) -> Identified:
    """Make a customer of what was typed, or take the record that is surely it. `distinct_from` are judged others."""
    ensured = customer_actions.ensure_customer(
        identity_of(case.registration), by=by, at=case.at, distinct_from=distinct_from
    )
    return replace(who, customer_ids=(ensured.pk,), public_id=ensured.public_id, is_newcomer=ensured.is_new)


def similar_customer_ids(case: Case) -> list[int]:
    """Known customers that resemble the typed one without being surely the same."""
    same_score = identity_scores(case.rules).same_score
    candidates = crm_queries.customer_candidates(identity_of(case.registration))
    return [found.customer.pk for found in candidates if found.match.score < same_score]


def look_under_lock(case: Case, who: Identified) -> Judged:
    """Lock what is claimed, then judge."""
    lock_claims(who.customer_ids, case.registration.family_ids)
    return _look(case, who)


def _look(case: Case, who: Identified) -> Judged:
    registration = case.registration
    claim = claim_of(registration, who.customer_ids)
    found = fact_queries.gather(
        claim, at=case.at, day=case.day, months=incumbency_months(case.rules), market=who.market
    )
    assert registration.submitted_at is not None
    assert registration.base_amount is not None
    facts = Facts(
        received_at=registration.submitted_at,
        judged_at=case.at,
        day=case.day,
        amount=registration.base_amount,
        currency=settings.BASE_CURRENCY,
        match_kind=who.kind,
        match_score=who.score,
        lookalikes=who.lookalikes,
        source=registration.source,
        customer_country=registration.customer_country,
        protection_days=case.protection_days,
        late_days=case.late_days,
        **case.partner_facts,
        **found.as_facts(),
    )
    if who.known_opportunities is not None:
        facts = replace(facts, opportunities=who.known_opportunities)
    seen = found.seen
    return Judged(facts, judge(facts, case.rules), seen.receipt_number, found.market, seen.has_own_hold)


# Nothing is refused with an error, which would need a savepoint: a claim that nobody disputes pays for none.
_PROTECT = """
    INSERT INTO deals_protection
        (registration_id, partner_id, customer_id, family_id, sites, is_shared, starts_at, ends_at)
    SELECT %(registration)s, %(partner)s, customer.id, family.id, %(sites)s, %(shared)s, %(at)s, %(until)s
    FROM crm_customer customer, unnest(%(families)s::bigint[]) AS family(id)
    WHERE customer.id = ANY(%(customers)s::bigint[]) AND customer.merged_into_id IS NULL
    ON CONFLICT DO NOTHING
"""


def protect(case: Case, who: Identified) -> datetime | None:
    """Write a protection for each record of the customer and each family.

    None, and nothing written, if one is taken or a record has been merged into another customer.
    """
    registration = case.registration
    until = clocks.protection_ends(case.at, case.protection_days)
    parameters = {
        "registration": registration.pk,
        "partner": registration.partner_id,
        "customers": list(who.customer_ids),
        "families": list(registration.family_ids),
        "sites": NumericRange(*site_span(registration.site)),
        "shared": case.is_shared,
        "at": case.at,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PROTECT, parameters)
        written = cursor.rowcount
    if written == len(who.customer_ids) * len(registration.family_ids):
        return until
    Protection.objects.filter(registration=registration, starts_at=case.at).delete()
    return None
