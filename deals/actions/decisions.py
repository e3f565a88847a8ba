"""Writing a decision: the receipt, the registration's new status, the audit entry, the news."""

from dataclasses import dataclass, field
from typing import Any

from common.actor import SYSTEM, Actor
from common.audit import record
from common.outbox import after_commit
from deals.actions.claims import Case, Identified, Judged
from deals.choices.engagement import Question, RuleVerdict
from deals.choices.registrations import Event, RegistrationStatus
from deals.models import Decision
from deals.queries.calendar import calendar_for, promised_terms
from deals.rules import clocks, transitions
from deals.rules.facts import to_json

_EVENTS = {RuleVerdict.APPROVE: Event.APPROVE, RuleVerdict.REVIEW: Event.REVIEW, RuleVerdict.REJECT: Event.REJECT}
_DECIDED = (  # everything that submitting and deciding set
    *("status", "submitted_at", "base_amount", "family_ids", "receipt_number", "customer_id", "match_kind"),
    *("match_score", "review_due_at", "auto_approve_at", "paused_at", "late_days", "decided_at", "protected_until"),
    *("updated_at",),
)
_PAST = {
    RuleVerdict.APPROVE: "registration.approved",
    RuleVerdict.REVIEW: "registration.sent_to_review",
    RuleVerdict.REJECT: "registration.rejected",
}


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
    return Decision.objects.create(
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


def write_decision(case: Case, who: Identified, judged: Judged, ruling: Ruling, *, is_first: bool = False) -> Decision:
    """Store the decision with all it depended on, move the registration, record and announce it."""
    registration, at = case.registration, case.at
    decision = store_decision(case, judged, ruling, is_first=is_first)
    if ruling.verdict != RuleVerdict.REVIEW or registration.status != RegistrationStatus.IN_REVIEW:
        registration.status = transitions.status_after(_EVENTS[ruling.verdict], registration.status)
    registration.customer_id = who.customer_ids[0] if who.customer_ids else None
    registration.match_kind, registration.match_score = who.kind, who.score
    registration.receipt_number = judged.receipt_number
    _set_clocks(case, judged, ruling.verdict)
    registration.updated_at = at
    registration.save(update_fields=_DECIDED)
    by = ruling.by or SYSTEM
    record(_PAST[ruling.verdict], on=registration, by=by, at=at, decision=decision.public_id)
    after_commit("deals.decision_made", at=at, decision_id=decision.pk)
    return decision


def _set_clocks(case: Case, judged: Judged, verdict: RuleVerdict) -> None:
    """A review gets its clock, unless it has one: judged anew after an answer it keeps the time that was left."""
    registration = case.registration
    registration.paused_at = None
    if verdict != RuleVerdict.REVIEW:
        registration.decided_at = case.at
        registration.late_days = case.late_days
        registration.protected_until = judged.protected_until
        return
    due_at = registration.review_due_at
    terms = case.terms if due_at is None else promised_terms(registration)
    calendar = calendar_for(terms, since=due_at or case.at)
    registration.review_due_at = due_at or clocks.review_due_at(case.at, calendar, days=terms.review_days)
    is_low_risk = clocks.is_low_risk(judged.judgement, judged.facts, terms)
    registration.auto_approve_at = (
        clocks.auto_approve_at(registration.review_due_at, calendar, terms) if is_low_risk else None
    )
