"""How long a protection lives on without the partner doing anything, and when its partner is warned."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from deals.choices.registrations import RegistrationStatus
from deals.rules.terms import Terms

OPEN_STATUSES = frozenset(
    {RegistrationStatus.IN_REVIEW, RegistrationStatus.ACTION_REQUIRED, RegistrationStatus.APPROVED}
)  # in which a partner still sells, so that its sales stage can move
Rung = Literal["fresh", "nudge", "at_risk", "release"]


@dataclass(frozen=True, slots=True)
class ActivityStanding:
    """Which rung of the ladder is reached, and from when on the customer is free for want of activity.

    `days_left` are whole days begun until then, 0 once it is reached.
    """

    rung: Rung
    releases_at: datetime
    days_left: int


def activity_standing(last_activity_at: datetime, at: datetime, terms: Terms) -> ActivityStanding:
    """Counted in whole days of 24 hours from the last activity; a rung is reached at its very instant."""
    releases_at = last_activity_at + timedelta(days=terms.release_days)
    idle = at - last_activity_at
    rung: Rung = "fresh"
    if idle >= timedelta(days=terms.release_days):
        rung = "release"
    elif idle >= timedelta(days=terms.at_risk_days):
        rung = "at_risk"
    elif idle >= timedelta(days=terms.nudge_days):
        rung = "nudge"
    return ActivityStanding(rung, releases_at, max(0, -((at - releases_at) // timedelta(days=1))))


def warning_reached(ends_at: datetime, at: datetime, terms: Terms) -> int | None:
    """The warning that an end now calls for, in days before it; None as long as none does, and once it has come.

    Of several that have passed only the nearest to the end: nobody is told of thirty days when three are left.
    """
    if ends_at <= at:
        return None
    return min((days for days in terms.warn_days if ends_at - at <= timedelta(days=days)), default=None)


def free_from(protected_until: datetime, releases_at: datetime | None) -> datetime:
    """When the customer is free if nothing is done: the end of the protection, or the release before it."""
    return protected_until if releases_at is None else min(protected_until, releases_at)
