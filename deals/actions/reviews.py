"""What a channel manager does with a registration under review."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.verdict import Reason, Verdict, refusal
from crm import queries as crm_queries
from crm.rules import matching
from deals.actions import claims
from deals.actions.batches import Answer, one_by_one
from deals.actions.claims import Case, Identified, Judged
from deals.actions.decisions import Ruling, write_decision
from deals.actions.locks import lock_newcomer, lock_registration
from deals.choices.engagement import Question, RuleVerdict
from deals.choices.registrations import Event
from deals.models import Registration
from deals.rules import clocks, transitions
from deals.rules.engagement import rejection_of
from deals.rules.facts import Judgement, Outcome, facts_from
from deals.rules.inquiries import words_are_given

Objection = Callable[[Judgement], Outcome | None]  # what of a judgement stands in the way, if anything


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
        words_are_given(reason, field="reason").or_refuse()
        case = claims.open_case(registration, at=at, late_days=clocks.late_days(registration.review_due_at, at))
        who = settled_customer(case, customer_id, by=by)
        judged = protected_under_lock(case, who)
        ruling = Ruling(RuleVerdict.APPROVE, "registration.approved_by_person", {"words": reason.strip()}, by)
        write_decision(case, who, judged, ruling)
    return registration


def reject_registration(registration_id: int, *, reason: str, by: Actor, at: datetime) -> Registration:
    """Settle the review against the partner, who reads the reason. Refuses an empty one."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.review")
        transitions.may_happen(Event.REJECT, registration.status).or_refuse()
        words_are_given(reason, field="reason").or_refuse()
        case = claims.open_case(
            registration, at=at, late_days=clocks.late_days(registration.review_due_at, registration.paused_at or at)
        )
        who = known_customer(registration)
        judged = claims.look_under_lock(case, who)
        ruling = Ruling(RuleVerdict.REJECT, "registration.rejected_by_person", {"words": reason.strip()}, by)
        write_decision(case, who, judged, ruling)
    return registration


def decide_registrations(
    registration_ids: Sequence[int], *, decision: RuleVerdict, reason: str, by: Actor, at: datetime
) -> list[Answer]:
    """Approve or reject each of them by itself, with one reason; one that is refused does not hold up the others.

    Nothing is approved here whose customer a person still has to compare. Refuses none, too many, and an empty
    reason.
    """
    words_are_given(reason, field="reason").or_refuse()

    def decide(registration_id: int) -> None:
        if decision == RuleVerdict.APPROVE:
            locked = lock_registration(registration_id, by=by, capability="registration.review")
            _is_settled(locked).or_refuse()
            approve_registration(registration_id, reason=reason, by=by, at=at)
        else:
            reject_registration(registration_id, reason=reason, by=by, at=at)

    return one_by_one(registration_ids, decide)


def _is_settled(registration: Registration) -> Verdict:
    return Verdict() if registration.customer_id else refusal("review.needs_comparison")


def protected_under_lock(case: Case, who: Identified, *, objection: Objection = rejection_of) -> Judged:
    """Lock, judge, and protect. Refuses what the judgement objects to: neither a person nor the clock overrules it.

    Unless said otherwise that is whatever a rule rejects.
    """
    judged = claims.look_under_lock(case, who)
    _may_be_approved(objection(judged.judgement)).or_refuse()
    until = claims.protect(case, who)
    if until is None:  # a protection came in by a way that takes no locks
        _may_be_approved(objection(claims.look_under_lock(case, who).judgement)).or_refuse()
        refusal("registration.customer_protected").or_refuse()
    return replace(judged, protected_until=until)


def _may_be_approved(against: Outcome | None) -> Verdict:
    return Verdict((Reason(against.reason_code, against.inputs),)) if against else Verdict()


def known_customer(registration: Registration) -> Identified:
    """The customer as matched when the registration was last judged, with what was seen of it then."""
    judged = registration.decisions.filter(question=Question.REGISTRATION).order_by("sequence").last()
    who = Identified((), registration.match_kind, registration.match_score)
    if judged is None or registration.customer_id is None:
        return who
    seen = facts_from(judged.inputs)
    return replace(
        who,
        customer_ids=(registration.customer_id,),
        lookalikes=seen.lookalikes,
        known_opportunities=seen.opportunities,
    )


def settled_customer(case: Case, customer_id: int | None, *, by: Actor) -> Identified:
    """Who the customer is: the one named, else the one matched, else a new one that is none of the similar ones."""
    known = known_customer(case.registration)
    if customer_id is None and known.customer_ids:
        return known
    kind, score = claims.SETTLED
    if customer_id is None:
        lock_newcomer(matching.keys_of(claims.identity_of(case.registration)))
        others = claims.similar_customer_ids(case)
        return claims.create_customer(case, Identified((), kind, score), by=by, distinct_from=others)
    if customer_id in known.customer_ids:
        return known
    if customer_id not in crm_queries.customers_by_ids([customer_id]):
        refusal("registration.unknown_customer", field="customer").or_refuse()
    return Identified((customer_id,), kind, score)
