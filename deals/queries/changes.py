"""Changes of approved registrations: what they touch, what waits for a decision."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from common.actor import Actor
from common.errors import NotFound
from deals.choices.engagement import RuleVerdict
from deals.choices.protections import ChangeStatus, Dimension
from deals.choices.registrations import RegistrationStatus
from deals.models import Change, Registration
from deals.queries.registrations import registrations_visible_to
from deals.rules.changes import CONTENT_FIELDS, Content, ContentLine, Difference, content_from, differences_of


def content_of(registration: Registration) -> Content:
    """What of the registration can be changed, as it is."""
    rows = registration.lines.order_by("number").values_list(
        "product_id", "product__name", "product__family_id", "quantity", "amount"
    )
    assert registration.base_amount is not None
    return Content(
        **{name: getattr(registration, name) for name in CONTENT_FIELDS},
        lines=tuple(ContentLine(*row) for row in rows),
        base_amount=registration.base_amount,
    )


def judged_amount_of(registration: Registration) -> Decimal:
    """The value that was last judged, in the base currency: changes of something else did not look at it."""
    approvals = registration.decisions.filter(verdict=RuleVerdict.APPROVE).order_by("-sequence")
    for amount, dimensions in approvals.values_list("inputs__amount", "inputs__dimensions"):
        if not dimensions or Dimension.VALUE in dimensions:
            return Decimal(amount)
    return registration.base_amount or Decimal(0)


def open_change_of(registration: Registration) -> Change | None:
    """The one that waits, if any."""
    return registration.changes.filter(status=ChangeStatus.PENDING).first()


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change with what differs. `dimensions` say what of it was judged."""

    change: Change
    differences: tuple[Difference, ...]

    @property
    def is_pending(self) -> bool:
        return self.change.status == ChangeStatus.PENDING

    @property
    def waits_for_time(self) -> bool:
        return self.is_pending and Dimension.CLOSE in self.change.dimensions


def changes_of(registration: Registration) -> list[ChangeRow]:
    """Newest first. One statement."""
    return [_row(change) for change in registration.changes.order_by("-pk")]


def _row(change: Change) -> ChangeRow:
    return ChangeRow(change, differences_of(content_from(change.before), content_from(change.after)))


def find_change(actor: Actor, public_id: str) -> ChangeRow:
    """The change, if the actor may see its registration; otherwise `NotFound`, as if there were none."""
    rows = Change.objects.filter(registration__in=registrations_visible_to(actor), public_id=public_id)
    found = rows.select_related("registration__partner").first()
    if found is None:
        raise NotFound("change")
    return _row(found)


def as_changed(row: ChangeRow) -> Registration:
    """The registration as it is to be, to be compared; it is not for saving."""
    asked = copy(row.change.registration)
    after = content_from(row.change.after)
    for name in CONTENT_FIELDS:
        setattr(asked, name, getattr(after, name))
    return asked


def pending_changes(at: datetime) -> QuerySet[Change]:
    """Changes that a manager can still decide, least time left first."""
    waiting = Change.objects.filter(
        status=ChangeStatus.PENDING,
        registration__status=RegistrationStatus.APPROVED,
        registration__protected_until__gt=at,
    )
    return waiting.select_related("registration__partner", "assigned_to").order_by("review_due_at", "pk")
