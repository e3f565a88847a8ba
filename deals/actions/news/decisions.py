"""Telling people what was decided. Run from the outbox, after the decision is committed."""

from datetime import datetime

from django.urls import reverse

from common.actor import Actor
from deals.choices.engagement import Question, RuleVerdict
from deals.models import Registration
from deals.queries.decisions import decision_by_id, receipt_for
from partners import queries as partner_queries
from partners.actions.notices import notify

PARTNER_ROLES = ("admin", "seller")
_SAID = {
    RuleVerdict.APPROVE: "decision.approved",
    RuleVerdict.REVIEW: "decision.in_review",
    RuleVerdict.REJECT: "decision.rejected",
}


def tell_decision(*, decision_id: int, at: datetime) -> None:
    """Tell the partner's administrators and sellers what was decided and why, and reviewers what waits for them.

    What the partner is told is made of the partner's receipt: it says no more than the page does. An offer to sell
    together is told with its question, the judgement of an appeal with the appeal.
    """
    decision = decision_by_id(decision_id)
    registration, verdict = decision.registration, RuleVerdict(decision.verdict)
    if decision.question != Question.REGISTRATION or verdict not in _SAID:
        return
    reader = Actor(kind="person", key="notice", label="notice", partner_roles={registration.partner_id: "viewer"})
    reason = receipt_for(reader, decision).reason
    notify(
        partner_queries.people_of_partner(registration.partner_id, PARTNER_ROLES),
        kind="decision",
        code=_SAID[verdict],
        at=at,
        params={"customer": registration.customer_name, "why": {"code": reason.code, "params": dict(reason.params)}},
        url=reverse("deals:receipt", args=[registration.public_id]),
        about=registration.public_id,
        dedup=decision.public_id,
    )
    if verdict == RuleVerdict.REVIEW:
        _tell_reviewers(registration, decision.public_id, at)


def _tell_reviewers(registration: Registration, decision: str, at: datetime) -> None:
    assigned = registration.assigned_to_id
    notify(
        [assigned] if assigned else partner_queries.people_with_vendor_role("channel_manager"),
        kind="review_waits",
        code="decision.waits",
        at=at,
        params={"customer": registration.customer_name, "partner": registration.partner.name},
        url=reverse("deals:review", args=[registration.public_id]),
        about=registration.public_id,
        dedup=decision,
    )
