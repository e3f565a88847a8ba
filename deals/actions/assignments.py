"""Who reviews what."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.verdict import refusal
from deals.actions.batches import Answer, one_by_one
from deals.actions.locks import lock_registration
from deals.actions.news.reviews import tell
from deals.models import Registration
from deals.queries.reviewers import reviewers
from deals.rules.assignments import may_assign


def assign_registration(registration_id: int, user_id: int | None, *, by: Actor, at: datetime) -> Registration:
    """Give the review to one of the reviewers, or to nobody in particular; to whom it is already given: no change.

    Refuses somebody who does not review, and a registration that waits for no decision. Who is given one by somebody
    else is told.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.review")
        may_assign(registration.status).or_refuse()
        if user_id is not None and user_id not in {person.pk for person in reviewers()}:
            refusal("review.not_a_reviewer", field="reviewer").or_refuse()
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
