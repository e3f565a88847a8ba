"""What a channel manager does with a registration under review."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.verdict import Reason, Verdict, refusal
from crm import queries as crm_queries
from crm.rules import matching
from deals.actions import claims
from deals.actions.claims import Case, Identified, Judged
from deals.actions.decisions import Ruling, write_decision
from deals.actions.locks import lock_newcomer, lock_registration
from deals.choices.engagement import RuleVerdict
from deals.choices.registrations import Event
from deals.models import Registration
from deals.rules import transitions
from deals.rules.engagement import rejection_of
from deals.rules.facts import facts_from

SETTLED = ("settled", 100)
MAX_WORDS = 1000


def approve_registration(
    registration_id: int, *, reason: str, by: Actor, at: datetime, customer_id: int | None = None
) -> Registration:
    """Settle the review for the partner and protect the customer from now on.

    `customer_id` says who the customer is; without it, it is the one matched or, if there is none, a new one that is
    none of the similar ones. All rules are judged again: what they reject, a person cannot approve, and the refusal
    says why. Refuses an empty reason and an unknown customer.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.review")
        transitions.may_happen(Event.APPROVE, registration.status).or_refuse()
        _words_are_given(reason).or_refuse()
        case = claims.open_case(registration, at=at)
        who = _settled(case, customer_id, by=by)
        judged = claims.look_under_lock(case, who)
        _may_be_approved(judged).or_refuse()
        until = claims.protect(case, who)
        if until is None:  # a protection came in by a way that takes no locks
            judged = claims.look_under_lock(case, who)
            _may_be_approved(judged).or_refuse()
            refusal("registration.customer_protected").or_refuse()
        ruling = Ruling(RuleVerdict.APPROVE, "registration.approved_by_person", {"words": reason.strip()}, by)
        write_decision(case, who, replace(judged, protected_until=until), ruling)
    return registration


def reject_registration(registration_id: int, *, reason: str, by: Actor, at: datetime) -> Registration:
    """Settle the review against the partner, who reads the reason. Refuses an empty one."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.review")
        transitions.may_happen(Event.REJECT, registration.status).or_refuse()
        _words_are_given(reason).or_refuse()
        case = claims.open_case(registration, at=at)
        who = _known(registration)
        judged = claims.look_under_lock(case, who)
        ruling = Ruling(RuleVerdict.REJECT, "registration.rejected_by_person", {"words": reason.strip()}, by)
        write_decision(case, who, judged, ruling)
    return registration


def _words_are_given(reason: str) -> Verdict:
    if not reason.strip():
        return refusal("registration.words_missing", field="reason")
    if len(reason) > MAX_WORDS:
        return refusal("registration.text_too_long", field="reason", limit=MAX_WORDS)
    return Verdict()


def _may_be_approved(judged: Judged) -> Verdict:
    rejection = rejection_of(judged.judgement)
    return Verdict((Reason(rejection.reason_code, rejection.inputs),)) if rejection else Verdict()


def _known(registration: Registration) -> Identified:
    """The customer as matched when the registration was received, with the opportunities seen then."""
    ids = (registration.customer_id,) if registration.customer_id else ()
    first = registration.decisions.order_by("sequence").first()
    seen = facts_from(first.inputs).opportunities if first and ids else None
    return Identified(ids, registration.match_kind, registration.match_score, known_opportunities=seen)


def _settled(case: Case, customer_id: int | None, *, by: Actor) -> Identified:
    known = _known(case.registration)
    if customer_id is None and known.customer_ids:
        return known
    kind, score = SETTLED
    if customer_id is None:
        lock_newcomer(matching.keys_of(claims.identity_of(case.registration)))
        others = claims.similar_customer_ids(case)
        return claims.create_customer(case, Identified((), kind, score), by=by, distinct_from=others)
    if customer_id in known.customer_ids:
        return known
    if customer_id not in crm_queries.customers_by_ids([customer_id]):
        refusal("registration.unknown_customer", field="customer").or_refuse()
    return Identified((customer_id,), kind, score)
