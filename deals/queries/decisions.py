"""Decisions: their receipts, what they would be if judged again, and how long they took."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from common.actor import Actor
from common.errors import NotFound
from common.verdict import Reason
from deals.choices.engagement import RULE_LABELS, Question, RuleVerdict
from deals.models import Decision, Registration
from deals.rules.engagement import judge
from deals.rules.facts import Outcome, facts_from, outcomes_from, to_json
from deals.rules.redaction import outcome_for_partner, outcomes_for_partner
from deals.rules.rulebook import rules_from


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """What one rule said. `inputs` are empty where they would tell a partner of others."""

    rule: str
    label: str
    verdict: str
    reason: Reason
    inputs: dict[str, Any]
    is_decisive: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """A decision as this reader may see it. `inputs` (all facts) are the vendor's; `decided_by` empty: the rules."""

    public_id: str
    sequence: int
    at: datetime
    verdict: str
    judged_verdict: str
    reason: Reason
    decided_by: str
    rulebook_version: int
    lines: tuple[ReceiptLine, ...]
    inputs: dict[str, Any]


def decisions_of(registration: Registration) -> QuerySet[Decision]:
    """All decisions about the registration, oldest first, with their rulebooks."""
    return Decision.objects.filter(registration=registration).select_related("rulebook").order_by("sequence")


def receipt_for(actor: Actor, decision: Decision) -> Receipt:
    """The decision as the actor may read it: complete for the vendor, without any fact of others for a partner."""
    outcomes, reason = outcomes_from(decision.outcomes), Reason(decision.reason_code, decision.reason_params)
    decisive = next((found for found in outcomes if found.rule == decision.decisive_rule), None)
    decisive_rule = decision.decisive_rule
    if not actor.is_vendor:
        outcomes = outcomes_for_partner(outcomes, decision.decisive_rule)
        if decisive is not None:
            redacted = outcome_for_partner(decisive)
            decisive_rule = redacted.rule
            if decisive.reason_code == decision.reason_code:
                reason = Reason(redacted.reason_code, redacted.inputs)
    return Receipt(
        public_id=decision.public_id,
        sequence=decision.sequence,
        at=decision.at,
        verdict=decision.verdict,
        judged_verdict=decision.judged_verdict,
        reason=reason,
        decided_by=decision.decided_by_label,
        rulebook_version=decision.rulebook.version or 0,  # what decides is published, and has a number
        lines=tuple(_line(outcome, decisive_rule) for outcome in outcomes),
        inputs=decision.inputs if actor.is_vendor else {},
    )


def _line(outcome: Outcome, decisive_rule: str) -> ReceiptLine:
    return ReceiptLine(
        rule=outcome.rule,
        label=str(RULE_LABELS[outcome.rule]),
        verdict=outcome.verdict,
        reason=Reason(outcome.reason_code, outcome.inputs),
        inputs=dict(outcome.inputs),
        is_decisive=outcome.rule == decisive_rule,
    )


def receipts_of(actor: Actor, registration: Registration) -> list[Receipt]:
    """Every decision about a registration that the actor may see, oldest first. One statement."""
    return [receipt_for(actor, decision) for decision in decisions_of(registration)]


def decision_by_id(decision_id: int) -> Decision:
    """With its registration, partner and rulebook, for announcing it. `NotFound` if there is none."""
    rows = Decision.objects.select_related("registration__partner", "rulebook")
    found = rows.filter(pk=decision_id).first()
    if found is None:
        raise NotFound("decision")
    return found


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored decision judged again from its own facts by its own rulebook. `differences` name what is not equal."""

    decision: str
    registration: str
    differences: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.differences


def replay(decision: Decision) -> Replay:
    """Judge again: the same inputs give the same verdict for ever."""
    again = judge(facts_from(decision.inputs), rules_from(decision.rulebook.rules))
    pairs = {
        "verdict": (decision.judged_verdict, again.verdict),
        "decisive rule": (decision.decisive_rule, again.decisive_rule),
        "outcomes": (decision.outcomes, to_json(again.outcomes)),
    }
    differences = tuple(name for name, (stored, now) in pairs.items() if stored != now)
    return Replay(decision.public_id, decision.registration.public_id, differences)


def replays(since: datetime | None = None) -> Iterator[Replay]:
    """Every stored decision judged again, oldest first, without holding them all in memory."""
    rows = Decision.objects.select_related("rulebook", "registration").order_by("pk")
    if since is not None:
        rows = rows.filter(at__gte=since)
    for decision in rows.iterator(chunk_size=500):
        yield replay(decision)


@dataclass(frozen=True, slots=True)
class DecisionTime:
    """How long a partner waited for an answer. `due_at` None: the rules answered at once."""

    registration: str
    submitted_at: datetime
    decided_at: datetime
    due_at: datetime | None
    verdict: str
    is_automatic: bool


def decision_times(since: datetime, until: datetime) -> list[DecisionTime]:
    """Answers (approvals and rejections) given in the half-open time, oldest first."""
    rows = Decision.objects.filter(at__gte=since, at__lt=until, question=Question.REGISTRATION)
    rows = rows.exclude(verdict=RuleVerdict.REVIEW)
    found = rows.order_by("at", "pk").values_list(
        *("registration__public_id", "registration__submitted_at", "at", "registration__review_due_at"),
        *("verdict", "decided_by_label"),
    )
    return [
        DecisionTime(registration, submitted_at or at, at, due_at, verdict, is_automatic=not decided_by)
        for registration, submitted_at, at, due_at, verdict, decided_by in found
    ]
