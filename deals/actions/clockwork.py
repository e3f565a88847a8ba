"""What a review's clock does by itself: it escalates what is late, and approves what is low-risk in the end.

Any number of sweepers may run at once: a row that somebody works on is left to a later call, and what was done is not
done again. Each registration has a transaction of its own, so that one that cannot be dealt with holds up no other.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from common.actor import SYSTEM
from common.audit import record
from common.errors import Refused
from common.verdict import Reason
from deals.actions import claims
from deals.actions.decisions import Ruling, write_decision
from deals.actions.news.reviews import tell, tell_of_case
from deals.actions.reviews import known_customer, protected_under_lock
from deals.choices.cases import AppealStatus
from deals.choices.engagement import RuleVerdict
from deals.models import Appeal, Change, Registration, RegistrationQuerySet
from deals.queries.calendar import promised_terms
from deals.queries.changes import pending_changes
from deals.rules.clocks import is_low_risk, late_days
from deals.rules.terms import Terms

AT_ONCE = 200
log = structlog.get_logger(__name__)


def run_review_clocks(*, at: datetime) -> int:
    """Escalate and approve whatever is due; returns how many registrations, changes and appeals were dealt with."""
    return escalate_late_reviews(at=at) + escalate_late_cases(at=at) + approve_due_reviews(at=at)


def escalate_late_reviews(*, at: datetime) -> int:
    """Tell the channel chief and the reviewer, once, of each review whose time is over; returns how many."""
    return _each(_late(at).order_by("review_due_at"), lambda pk: _escalate(pk, at))


def escalate_late_cases(*, at: datetime) -> int:
    """The same of each change and appeal that waits for a person; returns how many."""
    changes = _each(_late_changes(at), lambda pk: _escalate_case(_late_changes(at), pk, at))
    return changes + _each(_late_appeals(at), lambda pk: _escalate_case(_late_appeals(at), pk, at))


def approve_due_reviews(*, at: datetime) -> int:
    """Let the clock decide the low-risk reviews that nobody settled; returns how many were dealt with."""
    return _each(_overdue(at).order_by("auto_approve_at"), lambda pk: approve_by_clock(pk, at=at))


def approve_by_clock(registration_id: int, *, at: datetime) -> bool:
    """Approve one low-risk review whose time is over; False if it is not due or somebody works on it.

    It is judged again under the locks. What the rules now reject, or want a person to look at for more than minor
    reasons, is not approved: it stays under review, is escalated, and the clock does not try again.
    """
    with transaction.atomic():
        registration = _taken(_overdue(at), registration_id)
        if registration is None:
            return False
        try:
            with transaction.atomic():
                _approve(registration, promised_terms(registration), at)
        except Refused as refused:
            _keep(registration.pk, refused.reasons, at)
    return True


def _approve(registration: Registration, terms: Terms, at: datetime) -> None:
    case = claims.open_case(registration, at=at, late_days=late_days(registration.review_due_at, at))
    who = known_customer(registration)
    if not who.customer_ids:
        raise Refused((Reason("review.needs_comparison"),))
    judged = protected_under_lock(case, who)
    if not is_low_risk(judged.judgement, judged.facts, terms):
        decisive = judged.judgement.decisive
        raise Refused((Reason(decisive.reason_code, decisive.inputs),))
    ruling = Ruling(RuleVerdict.APPROVE, "registration.approved_by_clock", {"factor": terms.auto_approve_factor})
    write_decision(case, who, judged, ruling)


def _keep(registration_id: int, reasons: Iterable[Reason], at: datetime) -> None:
    """Leave it to a person, and say so to those in charge."""
    registration = Registration.objects.get(pk=registration_id)
    registration.auto_approve_at = None
    registration.escalated_at = registration.escalated_at or at
    registration.updated_at = at
    registration.save(update_fields=["auto_approve_at", "escalated_at", "updated_at"])
    codes = [reason.code for reason in reasons]
    record("registration.kept_from_clock", on=registration, by=SYSTEM, at=at, reasons=codes)
    tell("review.kept_from_clock", about=registration, at=at)


def _escalate(registration_id: int, at: datetime) -> bool:
    with transaction.atomic():
        registration = _taken(_late(at), registration_id)
        if registration is None:
            return False
        registration.escalated_at = registration.updated_at = at
        registration.save(update_fields=["escalated_at", "updated_at"])
        record("registration.escalated", on=registration, by=SYSTEM, at=at, due_at=registration.review_due_at)
        tell("review.is_late", about=registration, at=at)
    return True


def _escalate_case(late: QuerySet[Any], case_id: int, at: datetime) -> bool:
    """Under the lock of its registration, like everything that happens to it."""
    with transaction.atomic():
        registration_id = late.filter(pk=case_id).values_list("registration_id", flat=True).first()
        registration = _taken(Registration.objects.all(), registration_id) if registration_id else None
        case = late.filter(pk=case_id).first() if registration else None
        if registration is None or case is None:
            return False
        case.escalated_at = at
        case.save(update_fields=["escalated_at"])
        kind = type(case).__name__.lower()
        facts = {kind: case.public_id}
        record(f"registration.{kind}_escalated", on=registration, by=SYSTEM, at=at, **facts)
        tell_of_case(f"{kind}.is_late", about=case, at=at)
    return True


def _late_changes(at: datetime) -> QuerySet[Change]:
    return pending_changes(at).filter(review_due_at__lt=at, escalated_at=None)


def _late_appeals(at: datetime) -> QuerySet[Appeal]:
    late = Appeal.objects.filter(status=AppealStatus.OPEN, due_at__lt=at, escalated_at=None)
    return late.order_by("due_at", "pk")


def _late(at: datetime) -> RegistrationQuerySet:
    return Registration.objects.late_on(at).filter(escalated_at=None)


def _overdue(at: datetime) -> RegistrationQuerySet:
    return Registration.objects.under_review().filter(auto_approve_at__lte=at)


def _taken(rows: RegistrationQuerySet, registration_id: int) -> Registration | None:
    """The row, locked, if it is still one of these and nobody else works on it."""
    return rows.select_for_update(skip_locked=True).filter(pk=registration_id).first()


def _each(rows: QuerySet[Any], deal_with: Callable[[int], bool]) -> int:
    done = 0
    for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            done += deal_with(pk)
        except Exception:
            log.exception("review clock failed", of=rows.model.__name__, key=pk)
    return done
