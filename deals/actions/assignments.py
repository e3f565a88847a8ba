"""Who reviews what: registrations, changes and appeals."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.verdict import refusal
from deals.actions.batches import Answer, one_by_one
from deals.actions.locks import lock_registration
from deals.actions.news.reviews import tell, tell_of_case
from deals.choices.cases import AppealStatus
from deals.choices.protections import ChangeStatus
from deals.models import Appeal, Change, Registration
from deals.queries.appeals import deciders_of
from deals.queries.reviewers import judges, reviewers
from deals.rules.assignments import may_assign, may_be_given
from partners.queries import Colleague


def assign_registration(registration_id: int, user_id: int | None, *, by: Actor, at: datetime) -> Registration:
    """Give the review to one of the reviewers, or to nobody in particular; to whom it is already given: no change.

    Refuses somebody who does not review, and a registration that waits for no decision. Who is given one by somebody
    else is told.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.review")
        may_assign(registration.status).or_refuse()
        may_be_given(user_id, _keys(reviewers())).or_refuse()
        before = registration.assigned_to_id
        if user_id == before:
            return registration
        registration.assigned_to_id, registration.updated_at = user_id, at
        registration.save(update_fields=["assigned_to", "updated_at"])
        record("registration.assigned", on=registration, by=by, at=at, before=before, after=user_id)
        if user_id is not None and user_id != by.user_id:
            tell("review.was_assigned", about=registration, at=at)
    return registration


def assign_many(registration_ids: Sequence[int], user_id: int | None, *, by: Actor, at: datetime) -> list[Answer]:
    """Give each of them by itself; one that is refused does not hold up the others. Refuses none, and too many."""
    return one_by_one(registration_ids, lambda pk: assign_registration(pk, user_id, by=by, at=at))


def assign_change(change_id: int, user_id: int | None, *, by: Actor, at: datetime) -> Change:
    """Give a change that waits to one of the reviewers, or to nobody in particular; told like of a registration.

    Refuses somebody who does not review, and a change that has its answer.
    """
    with transaction.atomic():
        registration = _lock_deal_of(Change, change_id, by=by)
        change = Change.objects.get(pk=change_id)
        if change.status != ChangeStatus.PENDING:
            refusal("change.not_waiting").or_refuse()
        may_be_given(user_id, _keys(reviewers())).or_refuse()
        _give(change, registration, user_id, by=by, at=at)
    return change


def assign_appeal(appeal_id: int, user_id: int | None, *, by: Actor, at: datetime) -> Appeal:
    """The same of an appeal. Refuses also whoever decided about the registration before: they cannot judge it."""
    with transaction.atomic():
        registration = _lock_deal_of(Appeal, appeal_id, by=by)
        appeal = Appeal.objects.get(pk=appeal_id)
        if appeal.status != AppealStatus.OPEN:
            refusal("appeal.not_open").or_refuse()
        may_be_given(user_id, _keys(judges()), deciders_of(registration)).or_refuse()
        _give(appeal, registration, user_id, by=by, at=at)
    return appeal


def _lock_deal_of(kind: type[Change] | type[Appeal], case_id: int, *, by: Actor) -> Registration:
    """What is about a registration is changed under its lock."""
    found = kind.objects.filter(pk=case_id).values_list("registration_id", flat=True).first()
    if found is None:
        raise NotFound(kind.__name__.lower())
    return lock_registration(found, by=by, capability="registration.review")


def _give(case: Change | Appeal, registration: Registration, user_id: int | None, *, by: Actor, at: datetime) -> None:
    before = case.assigned_to_id
    if user_id == before:
        return
    case.assigned_to_id = user_id
    case.save(update_fields=["assigned_to"])
    kind = type(case).__name__.lower()
    facts = {kind: case.public_id, "before": before, "after": user_id}
    record(f"registration.{kind}_assigned", on=registration, by=by, at=at, **facts)
    if user_id is not None and user_id != by.user_id:
        tell_of_case(f"{kind}.was_assigned", about=case, at=at)


def _keys(people: Iterable[Colleague]) -> set[int]:
    return {person.pk for person in people}
