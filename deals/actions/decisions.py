"""Writing a decision: the receipt, the registration's new status, the audit entry, the news."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from common.actor import SYSTEM, Actor
from common.audit import entry_of, record_all
from common.models import AuditEntry
from common.outbox import after_commit
from common.rows import insert, update
from deals.actions.claims import Case, Identified, Judged
from deals.choices.engagement import Question, RuleVerdict
from deals.choices.registrations import Event, RegistrationStatus
from deals.models import Decision
from deals.queries.calendar import calendar_for, promised_terms
from deals.rules import clocks, transitions
from deals.rules.facts import to_json

_V, _Q = RuleVerdict, Question
_EVENTS = {
    (_Q.REGISTRATION, _V.APPROVE): Event.APPROVE,
    (_Q.REGISTRATION, _V.REVIEW): Event.REVIEW,
    (_Q.REGISTRATION, _V.CO_SELL): Event.ASK,
    (_Q.REGISTRATION, _V.REJECT): Event.REJECT,
    (_Q.APPEAL, _V.APPROVE): Event.OVERTURN,
    (_Q.APPEAL, _V.REJECT): Event.UPHOLD,
}
_PAST = {
    Event.APPROVE: "registration.approved",
    Event.REVIEW: "registration.sent_to_review",
    Event.ASK: "registration.co_sell_offered",  # the question itself is recorded with the inquiry
    Event.REJECT: "registration.rejected",
    Event.OVERTURN: "registration.overturned",
    Event.UPHOLD: "registration.upheld",
}
_DECIDED = (  # everything that submitting and deciding set
    *("status", "submitted_at", "base_amount", "family_ids", "receipt_number", "customer_id", "match_kind"),
    *("match_score", "review_due_at", "auto_approve_at", "paused_at", "late_days", "decided_at", "protected_until"),
    *("last_activity_at", "updated_at"),
)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided, and the sentence for it. `by` None: by the rules alone."""

    verdict: RuleVerdict
    reason_code: str
    reason_params: dict[str, Any] = field(default_factory=dict)
    by: Actor | None = None


def ruling_of(judged: Judged) -> Ruling:
    """The rules' own ruling."""
    decisive = judged.judgement.decisive
    return Ruling(RuleVerdict(judged.judgement.verdict), decisive.reason_code, dict(decisive.inputs))


def store_decision(
    case: Case, judged: Judged, ruling: Ruling, *, question: Question = Question.REGISTRATION, is_first: bool = False
) -> Decision:
    """Keep a decision with all it depended on; nothing else is written."""
    registration, judgement = case.registration, judged.judgement
    decision = Decision(
        registration_id=registration.pk,
        sequence=1 if is_first else registration.decisions.count() + 1,
        question=question,
        verdict=ruling.verdict,
        judged_verdict=judgement.verdict,
        decisive_rule=judgement.decisive_rule,
        reason_code=ruling.reason_code,
        reason_params=ruling.reason_params,
        rulebook=case.rulebook,
        outcomes=to_json(judgement.outcomes),
        inputs=to_json(judged.facts),
        decided_by_id=ruling.by.user_id if ruling.by else None,
        decided_by_label=ruling.by.label if ruling.by else "",
        at=case.at,
    )
    insert(decision)
    return decision


def write_decision(
    case: Case,
    who: Identified,
    judged: Judged,
    ruling: Ruling,
    *,
    question: Question = Question.REGISTRATION,
    before: Sequence[AuditEntry] = (),
) -> Decision:
    """Store the decision with all it depended on, move the registration, record and announce it.

    `before`: what led to a first decision, recorded in one go with it.
    """
    registration, at = case.registration, case.at
    decision = store_decision(case, judged, ruling, question=question, is_first=bool(before))
    event = _EVENTS[question, ruling.verdict]
    if event != Event.REVIEW or registration.status != RegistrationStatus.IN_REVIEW:
        registration.status = transitions.status_after(event, registration.status)
    registration.customer_id = who.customer_ids[0] if who.customer_ids else None
    registration.match_kind, registration.match_score = who.kind, who.score
    registration.receipt_number = judged.receipt_number
    _set_clocks(case, judged, ruling.verdict)
    registration.updated_at = at
    update(registration, _DECIDED)
    by = ruling.by or SYSTEM
    told = entry_of(_PAST[event], on=registration, by=by, at=at, decision=decision.public_id)
    record_all([*before, told])
    after_commit("deals.decision_made", at=at, decision_id=decision.pk)
    return decision


def _set_clocks(case: Case, judged: Judged, verdict: RuleVerdict) -> None:
    """A review gets its clock, unless it has one: judged anew after an answer it keeps the time that was left.

    An offer to sell together waits for the partner: its clock stands still from the first instant.
    """
    registration = case.registration
    registration.paused_at = case.at if verdict == RuleVerdict.CO_SELL else None
    if verdict in (RuleVerdict.APPROVE, RuleVerdict.REJECT):
        registration.decided_at = case.at
        registration.late_days = case.late_days
        registration.protected_until = judged.protected_until
        registration.last_activity_at = case.at if verdict == RuleVerdict.APPROVE else None
        return
    due_at = registration.review_due_at
    terms = case.terms if due_at is None else promised_terms(registration)
    calendar = calendar_for(terms, since=due_at or case.at)
    registration.review_due_at = due_at or clocks.review_due_at(case.at, calendar, days=terms.review_days)
    is_low_risk = clocks.is_low_risk(judged.judgement, judged.facts, terms)
    registration.auto_approve_at = (
        clocks.auto_approve_at(registration.review_due_at, calendar, terms) if is_low_risk else None
    )
