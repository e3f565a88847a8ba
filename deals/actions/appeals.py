"""Appeals: a partner asks somebody else to look again, and whoever did not decide before judges it."""

from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.verdict import refusal
from deals.actions import claims
from deals.actions.claims import Case, Identified, Judged
from deals.actions.decisions import Ruling, store_decision
from deals.actions.locks import lock_registration
from deals.actions.reviews import known_customer, protected_under_lock, settled_customer
from deals.choices.cases import AppealStatus
from deals.choices.engagement import Question, RuleVerdict
from deals.choices.registrations import Event
from deals.models import Appeal, Decision
from deals.queries import appeals as queries
from deals.queries.calendar import calendar_for
from deals.rules import appeals as rules
from deals.rules import clocks, transitions
from deals.rules.facts import Judgement
from deals.rules.terms import terms_from
from deals.rules.words import words_are_sound


def file_appeal(registration_id: int, *, grounds: str, by: Actor, at: datetime) -> Appeal:
    """Ask for a second look at a rejection, or at the end of a protection that lapsed or was revoked.

    The clock and the time within which it is possible are those of the rulebook that the decision was made by. Refuses
    empty grounds, what comes too late, and a second appeal against the same.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="appeal.file")
        before = registration.status_on(at)
        transitions.may_happen(Event.APPEAL, before).or_refuse()
        decision = queries.decision_appealed(registration)
        terms = terms_from(decision.rulebook.terms)
        ended_at = queries.ended_at(registration)
        possible = rules.may_appeal(before, ended_at, terms, at)
        (possible & words_are_sound(grounds, field="grounds", missing="appeal.grounds_missing")).or_refuse()
        calendar = calendar_for(terms, since=at)
        appeal = Appeal.objects.create(
            registration=registration,
            decision=decision,
            status_before=before,
            grounds=grounds.strip(),
            filed_at=at,
            filed_by=by.label,
            due_at=clocks.review_due_at(at, calendar, days=terms.appeal_review_days),
        )
        registration.status = transitions.status_after(Event.APPEAL, before)
        registration.updated_at = at
        registration.save(update_fields=["status", "updated_at"])
        record("registration.appealed", on=registration, by=by, at=at, appeal=appeal.public_id, words=appeal.grounds)
        after_commit("deals.appeal_filed", at=at, appeal_id=appeal.pk)
    return appeal


def uphold_appeal(appeal_id: int, *, words: str, precedent: str = "", by: Actor, at: datetime) -> Appeal:
    """The answer stands. Refuses empty words, a precedent that tells who it is about, and whoever decided before."""
    with transaction.atomic():
        appeal, case = _take_up(appeal_id, words, precedent, by=by, at=at)
        judged = claims.look_under_lock(case, known_customer(case.registration))
        ruling = Ruling(RuleVerdict.REJECT, "registration.upheld_by_person", {"words": words.strip()}, by)
        decision = store_decision(case, judged, ruling, question=Question.APPEAL)
        case.registration.status = transitions.status_after(Event.UPHOLD, case.registration.status)
        case.registration.updated_at = at
        case.registration.save(update_fields=["status", "updated_at"])
        record("registration.upheld", on=case.registration, by=by, at=at, decision=decision.public_id)
        _close(appeal, AppealStatus.UPHELD, decision, by=by, at=at)
    return appeal


def overturn_appeal(
    appeal_id: int, *, words: str, precedent: str = "", by: Actor, at: datetime, customer_id: int | None = None
) -> Appeal:
    """The partner was right: the customer is protected for it from now on.

    For the whole length of its level's protection, since the customer was not protected while the appeal was open, and
    for each day that the judgement is late. All rules are judged again under the locks: those of `HARD_RULES` no judge
    sets aside, and the refusal says which. `customer_id` as in `reviews.approve_registration`.
    """
    with transaction.atomic():
        appeal, case = _take_up(appeal_id, words, precedent, by=by, at=at)
        who = settled_customer(case, customer_id, by=by)
        judged = protected_under_lock(case, who, objection=rules.beyond_appeal)
        ruling = Ruling(RuleVerdict.APPROVE, "registration.overturned_by_person", {"words": words.strip()}, by)
        decision = store_decision(case, judged, ruling, question=Question.APPEAL)
        _restore(case, who, judged)
        record("registration.overturned", on=case.registration, by=by, at=at, decision=decision.public_id)
        _close(appeal, AppealStatus.OVERTURNED, decision, by=by, at=at)
    return appeal


def judge_again(appeal_id: int, *, at: datetime) -> Judgement:
    """What the rules would say at this instant about what is appealed for; writes nothing."""
    appeal = Appeal.objects.select_related("registration").get(pk=appeal_id)
    case = claims.open_case(appeal.registration, at=at)
    return claims.look_under_lock(case, known_customer(appeal.registration)).judgement


def _take_up(appeal_id: int, words: str, precedent: str, *, by: Actor, at: datetime) -> tuple[Appeal, Case]:
    """Lock it, and refuse whatever does not depend on the rules of engagement."""
    found = Appeal.objects.filter(pk=appeal_id).values_list("registration_id", flat=True).first()
    if found is None:
        raise NotFound("appeal")
    registration = lock_registration(found, by=by, capability="appeal.judge")
    appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
    if appeal.status != AppealStatus.OPEN:
        refusal("appeal.not_open").or_refuse()
    (
        rules.may_judge(by.key, queries.deciders_of(registration))
        & words_are_sound(words, field="words")
        & rules.precedent_is_anonymous(precedent, queries.names_concerned(registration))
    ).or_refuse()
    appeal.words, appeal.precedent = words.strip(), " ".join(precedent.split())
    return appeal, claims.open_case(registration, at=at, late_days=clocks.late_days(appeal.due_at, at))


def _restore(case: Case, who: Identified, judged: Judged) -> None:
    registration = case.registration
    registration.status = transitions.status_after(Event.OVERTURN, registration.status)
    registration.customer_id = who.customer_ids[0]
    registration.match_kind, registration.match_score = who.kind, who.score
    registration.protected_until, registration.late_days = judged.protected_until, case.late_days
    registration.decided_at = registration.last_activity_at = registration.updated_at = case.at
    registration.save(
        update_fields=[
            *("status", "customer_id", "match_kind", "match_score", "protected_until", "late_days"),
            *("decided_at", "last_activity_at", "updated_at"),
        ]
    )


def _close(appeal: Appeal, status: AppealStatus, decision: Decision, *, by: Actor, at: datetime) -> None:
    appeal.status, appeal.outcome = status, decision
    appeal.judged_at, appeal.judged_by_id, appeal.judged_by_label = at, by.user_id, by.label
    appeal.save()
    after_commit("deals.appeal_judged", at=at, appeal_id=appeal.pk)
