"""Changing an approved registration: what is material is judged again, and only that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import NotFound
from common.verdict import Reason, Verdict, refusal
from crm import queries as crm_queries
from deals.actions import change_claims
from deals.actions.activity import note_activity
from deals.actions.answers import draft_of
from deals.actions.claims import Case, Identified, Judged
from deals.actions.decisions import Ruling, ruling_of, store_decision
from deals.actions.locks import lock_registration
from deals.actions.news import lives as news
from deals.actions.registrations import base_amount_of, names_are_known
from deals.choices.engagement import Question, RuleVerdict
from deals.choices.protections import ChangeStatus, Dimension
from deals.choices.registrations import RegistrationStatus
from deals.models import Change, Extension, Registration
from deals.queries.calendar import calendar_for, day_of, promised_terms
from deals.queries.changes import content_of, judged_amount_of, open_change_of
from deals.rules import clocks
from deals.rules.changes import (
    Content,
    ContentLine,
    content_from,
    content_to_json,
    differences_of,
    dimensions_of,
    fields_are_known,
    objection_to,
)
from deals.rules.drafts import RegistrationDraft, draft_is_complete, draft_is_sound
from deals.rules.inquiries import concerns
from deals.rules.words import words_are_sound


def propose_change(registration_id: int, *, typed: Mapping[str, Any], by: Actor, at: datetime) -> Change:
    """Change fields of a protected deal; `typed` has those of a `RegistrationDraft` that are to be others.

    What is not material applies at once. Another customer, family or value is judged by the rules for just that:
    applied, refused, or left to a person by a clock. A close after the protection waits for an extension. Meanwhile,
    and if it is refused, the registration stays what it is. Refuses what is not protected now, a second change while
    one waits, fields that cannot be changed, what is not well-formed (all problems at once), and no difference at all.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.maintain")
        _may_change(registration, at).or_refuse()
        fields_are_known(typed).or_refuse()
        before = content_of(registration)
        after = _changed(registration, before, typed, at)
        if not differences_of(before, after):
            refusal("change.nothing").or_refuse()
        change = Change(
            registration=registration,
            dimensions=_dimensions(registration, before, after),
            before=content_to_json(before),
            after=content_to_json(after),
            requested_at=at,
            requested_by=by.label,
        )
        note_activity(registration, at)
        if change.dimensions:
            _judge(change, registration, after, by=by, at=at)
        else:
            change_claims.apply_change(registration, after, None, at=at)
            _close(change, ChangeStatus.APPLIED, registration, by=by, at=at)
    return change


def settle_change(
    change_id: int, *, verdict: str, words: str, by: Actor, at: datetime, customer_id: int | None = None
) -> Change:
    """A manager approves or rejects (`verdict`) what waits, in words that the partner reads.

    `customer_id` says who the changed customer is; without it, the one surely known or a new one. Judged again: what
    the rules of the change's dimensions reject, a person cannot approve. Refuses what does not wait, missing words, and
    the approval once the protection has ended.
    """
    with transaction.atomic():
        change, registration = _lock_waiting(change_id, by=by, capability="registration.review")
        words_are_sound(words, field="words").or_refuse()
        if verdict not in (RuleVerdict.APPROVE, RuleVerdict.REJECT):
            refusal("registration.choice_invalid", field="verdict").or_refuse()
        said = {"words": words.strip()}
        after = content_from(change.after)
        case = change_claims.open_change(registration, change, after, at=at)
        if verdict == RuleVerdict.REJECT:
            who = Identified((), registration.match_kind, registration.match_score)
            ruling = Ruling(RuleVerdict.REJECT, "registration.rejected_by_person", said, by)
            judged = change_claims.look(case, who, change, registration)
        else:
            _is_live(registration, at).or_refuse()
            who = change_claims.settled_customer(case, change, registration, customer_id=customer_id, by=by)
            judged = change_claims.look(case, who, change, registration)
            _is_not_rejected(change, judged).or_refuse()
            ruling = Ruling(RuleVerdict.APPROVE, "registration.approved_by_person", said, by)
        _decide(change, registration, _Examined(case, who, judged), ruling)
    return change


def withdraw_change(change_id: int, *, by: Actor, at: datetime) -> Change:
    """The partner takes back what waits. Refuses what has its answer."""
    with transaction.atomic():
        change, registration = _lock_waiting(change_id, by=by, capability="registration.maintain")
        note_activity(registration, at)
        _close(change, ChangeStatus.WITHDRAWN, registration, by=by, at=at)
    return change


def wait_for(registration: Registration, extension: Extension) -> None:
    """A new close that waits for more time waits for this extension. The row must be locked."""
    waiting = open_change_of(registration)
    if waiting is not None and Dimension.CLOSE in waiting.dimensions:
        waiting.extension = extension
        waiting.save(update_fields=["extension"])


def apply_covered(registration: Registration, *, by: Actor, at: datetime) -> None:
    """The end moved: a new close that waited for nothing else applies, if it is covered now. The row must be locked."""
    change = open_change_of(registration)
    if change is None or change.dimensions != [Dimension.CLOSE]:
        return
    after = content_from(change.after)
    if _needs_more_time(registration, after):
        return
    case = change_claims.open_change(registration, change, after, at=at)
    who, judged = change_claims.judge_change(
        case, change_claims.customer_of(case, change, registration), change, registration, by=by
    )
    _decide(change, registration, _Examined(case, who, judged), ruling_of(judged))


def _may_change(registration: Registration, at: datetime) -> Verdict:
    waiting = refusal("change.pending") if open_change_of(registration) else Verdict()
    return _is_live(registration, at) & waiting


def _is_live(registration: Registration, at: datetime) -> Verdict:
    status = RegistrationStatus(registration.status_on(at))
    return Verdict() if status == RegistrationStatus.APPROVED else refusal("registration.status", status=status.label)


def _is_not_rejected(change: Change, judged: Judged) -> Verdict:
    rejection = objection_to(judged.judgement, change.dimensions)
    return Verdict((Reason(rejection.reason_code, rejection.inputs),)) if rejection else Verdict()


def _changed(registration: Registration, before: Content, typed: Mapping[str, Any], at: datetime) -> Content:
    """The content as it is to be. Refuses what cannot be kept of the fields that are typed."""
    fields: dict[str, Any] = {name: tuple(value) if name == "lines" else value for name, value in typed.items()}
    draft = replace(draft_of(registration), **fields)
    problems = draft_is_sound(draft) & names_are_known(draft) & draft_is_complete(draft, day_of(at))
    concerns(problems, fields).or_refuse()
    plain: dict[str, Any] = {name: value for name, value in fields.items() if name != "lines"}
    after = replace(before, **plain)
    if "lines" not in fields or [*draft.lines] == [*draft_of(registration).lines]:
        return after
    after = replace(after, lines=_lines_of(draft))
    valued = Registration(currency=registration.currency, total_amount=after.total_amount)
    return replace(after, base_amount=base_amount_of(valued, at))


def _lines_of(draft: RegistrationDraft) -> tuple[ContentLine, ...]:
    products = {
        product.pk: product for product in crm_queries.product_choices({line.product_id for line in draft.lines})
    }
    return tuple(
        ContentLine(
            line.product_id,
            products[line.product_id].name,
            products[line.product_id].family_id,
            line.quantity,
            line.amount,
        )
        for line in draft.lines
    )


def _dimensions(registration: Registration, before: Content, after: Content) -> list[str]:
    touched = dimensions_of(
        before,
        after,
        judged_amount=judged_amount_of(registration),
        covered_until=_last_covered_day(registration),
        terms=promised_terms(registration),
    )
    return list(touched)


def _last_covered_day(registration: Registration) -> date:
    """The last day on which the protection, half-open, still holds for a moment."""
    assert registration.protected_until is not None
    return day_of(registration.protected_until - timedelta(microseconds=1))


def _needs_more_time(registration: Registration, after: Content) -> bool:
    return after.expected_close_on is not None and after.expected_close_on > _last_covered_day(registration)


@dataclass(frozen=True, slots=True)
class _Examined:
    """A change on the table, whose customer it is, and what the rules say."""

    case: Case
    who: Identified
    judged: Judged


def _judge(change: Change, registration: Registration, after: Content, *, by: Actor, at: datetime) -> None:
    record("registration.change_proposed", on=registration, by=by, at=at, change=change.public_id)
    case = change_claims.open_change(registration, change, after, at=at)
    who = change_claims.customer_of(case, change, registration)
    who, judged = change_claims.judge_change(case, who, change, registration, by=by)
    ruling = ruling_of(judged)
    if ruling.verdict != RuleVerdict.REJECT and Dimension.CLOSE in change.dimensions:
        ruling = Ruling(RuleVerdict.REVIEW, "change.needs_extension")
    elif ruling.verdict == RuleVerdict.CO_SELL:
        ruling = replace(ruling, verdict=RuleVerdict.REVIEW)
    _decide(change, registration, _Examined(case, who, judged), ruling)


def _decide(change: Change, registration: Registration, examined: _Examined, ruling: Ruling) -> None:
    """Store the decision and do what it says."""
    case = examined.case
    change.decision = store_decision(case, examined.judged, ruling, question=Question.CHANGE)
    by = ruling.by or SYSTEM
    if ruling.verdict == RuleVerdict.REJECT:
        _close(change, ChangeStatus.REFUSED, registration, by=by, at=case.at)
    elif ruling.verdict == RuleVerdict.APPROVE:
        change_claims.apply_change(registration, content_from(change.after), examined.who, at=case.at)
        _close(change, ChangeStatus.APPLIED, registration, by=by, at=case.at)
    else:
        calendar = calendar_for(case.terms, since=case.at)
        change.status = ChangeStatus.PENDING
        change.review_due_at = clocks.review_due_at(case.at, calendar, days=case.terms.review_days)
        change.save()
        news.tell("vendor", "protection.change_asked", about=registration, at=case.at)


_PAST = {
    ChangeStatus.APPLIED: ("registration.change_applied", "protection.change_applied"),
    ChangeStatus.REFUSED: ("registration.change_refused", "protection.change_refused"),
    ChangeStatus.WITHDRAWN: ("registration.change_withdrawn", ""),
}


def _close(change: Change, status: ChangeStatus, registration: Registration, *, by: Actor, at: datetime) -> None:
    """The change has its answer. The partner is told of one that it had to wait for."""
    was_waiting = change.status == ChangeStatus.PENDING
    change.status, change.settled_at, change.settled_by = status, at, by.label
    change.save()
    event, code = _PAST[status]
    facts = {"change": change.public_id}
    if change.decision is not None:
        facts["decision"] = change.decision.public_id
    record(event, on=registration, by=by, at=at, **facts)
    if was_waiting and code:
        news.tell("partner", code, about=registration, at=at)


def _lock_waiting(change_id: int, *, by: Actor, capability: str) -> tuple[Change, Registration]:
    """The change under its registration's lock. Refuses one that does not wait any more."""
    found = Change.objects.filter(pk=change_id).values_list("registration_id", flat=True).first()
    if found is None:
        raise NotFound("change")
    registration = lock_registration(found, by=by, capability=capability)
    change = Change.objects.get(pk=change_id)
    if change.status != ChangeStatus.PENDING:
        refusal("change.not_waiting").or_refuse()
    return change, registration
