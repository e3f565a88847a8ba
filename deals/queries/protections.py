"""How long a customer is still a partner's, what prolonged it, and whom to warn."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from common.actor import Actor
from common.errors import NotFound
from deals.choices.protections import ExtensionStatus, WarningKind
from deals.choices.registrations import RegistrationStatus
from deals.models import Decision, Extension, LifeWarning, Registration, RegistrationQuerySet, Rulebook
from deals.queries.registrations import registrations_visible_to
from deals.rules.activity import ActivityStanding, activity_standing, free_from, warning_reached
from deals.rules.extensions import Extensions, ExtensionStep, steps_of
from deals.rules.terms import Terms, terms_from


@dataclass(frozen=True, slots=True)
class ProtectionStanding:
    """Until when a live protection holds. `activity` is None where nothing is known of it; `free_at` is what counts.

    `asks_for` says what its partner should do now: show ``activity``, ask for more ``time``, or nothing.
    """

    ends_at: datetime
    activity: ActivityStanding | None
    free_at: datetime
    asks_for: str


def protection_standing(registration: Registration, terms: Terms, at: datetime) -> ProtectionStanding | None:
    """None unless the registration is approved and has not lapsed."""
    until = registration.protected_until
    if until is None or registration.status_on(at) != RegistrationStatus.APPROVED:
        return None
    idle_since = registration.last_activity_at
    activity = activity_standing(idle_since, at, terms) if idle_since else None
    free_at = free_from(until, activity.releases_at if activity else None)
    asks_for = "time" if warning_reached(until, at, terms) else ""
    if activity and activity.rung != "fresh" and free_at < until:
        asks_for = "activity"
    return ProtectionStanding(until, activity, free_at, asks_for)


def free_instants(rows: Iterable[Registration], at: datetime) -> dict[int, datetime]:
    """When each customer is free if nothing is done, by the key of the live registration. One statement."""
    live = {row.pk: row for row in rows if row.status_on(at) == RegistrationStatus.APPROVED}
    firsts = Decision.objects.filter(registration__in=live, sequence=1) if live else Decision.objects.none()
    versions: dict[int, Terms] = {}
    found = {}
    for registration_id, rulebook_id, stored in firsts.values_list("registration", "rulebook", "rulebook__terms"):
        terms = versions.setdefault(rulebook_id, terms_from(stored))
        standing = protection_standing(live[registration_id], terms, at)
        assert standing is not None
        found[registration_id] = standing.free_at
    return found


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """A request for more time with the steps to its new end."""

    extension: Extension
    steps: tuple[ExtensionStep, ...]

    @property
    def is_pending(self) -> bool:
        return self.extension.status == ExtensionStatus.PENDING


def extensions_of(registration: Registration) -> list[ExtensionRow]:
    """Oldest first, with their files. One statement."""
    return [_row(row) for row in registration.extensions.select_related("evidence").order_by("number")]


def _row(found: Extension) -> ExtensionRow:
    return ExtensionRow(found, steps_of(found.ends_before, found.days, found.ends_after))


def extensions_before(registration: Registration) -> Extensions:
    """What was asked for so far, for the rules."""
    return count_extensions(registration.extensions.values_list("status", flat=True))


def count_extensions(statuses: "QuerySet[Extension, str] | list[str]") -> Extensions:
    found = list(statuses)
    return Extensions(found.count(ExtensionStatus.GRANTED), ExtensionStatus.PENDING in found)


def find_extension(actor: Actor, public_id: str) -> Extension:
    """The request, if the actor may see its registration; otherwise `NotFound`, as if there were none."""
    rows = Extension.objects.filter(registration__in=registrations_visible_to(actor), public_id=public_id)
    found = rows.select_related("registration", "evidence").first()
    if found is None:
        raise NotFound("extension")
    return found


def find_extension_row(actor: Actor, public_id: str) -> ExtensionRow:
    """The same with its steps."""
    return _row(find_extension(actor, public_id))


def pending_extensions() -> QuerySet[Extension]:
    """Requests that wait for an answer, the one whose protection ends first, or has ended, before the others.

    What was asked in time is answered also after the end: from `may_grant`'s limit on it can only be refused.
    """
    waiting = Extension.objects.filter(status=ExtensionStatus.PENDING, registration__status=RegistrationStatus.APPROVED)
    return waiting.select_related("registration__partner", "evidence").order_by("registration__protected_until", "pk")


def due_registrations(at: datetime, limit: int) -> list[int]:
    """Keys of live protections for which something is due: a reminder, a warning or the release for want of activity.

    Each by the terms that it was promised by. Two statements for each published version, whatever the number of deals.
    """
    found: list[int] = []
    for rulebook_id, stored in Rulebook.objects.exclude(published_at=None).order_by("pk").values_list("pk", "terms"):
        mine = Registration.objects.filter(
            status=RegistrationStatus.APPROVED,
            protected_until__gt=at,
            decisions__sequence=1,
            decisions__rulebook=rulebook_id,
        )
        terms = terms_from(stored)
        for due in (_idle(mine, terms, at), _ending(mine, terms, at)):
            found += due.order_by("pk").values_list("pk", flat=True)[:limit]
    return sorted(set(found))[:limit]


def _idle(rows: RegistrationQuerySet, terms: Terms, at: datetime) -> RegistrationQuerySet:
    def since(days: int) -> datetime:
        return at - timedelta(days=days)

    told = LifeWarning.objects.filter(registration=OuterRef("pk"), counted_from=OuterRef("last_activity_at"))
    nudge = Q(last_activity_at__gt=since(terms.at_risk_days)) & ~Exists(told.filter(kind=WarningKind.NUDGE))
    at_risk = Q(last_activity_at__lte=since(terms.at_risk_days)) & ~Exists(told.filter(kind=WarningKind.AT_RISK))
    release = Q(last_activity_at__lte=since(terms.release_days))
    return rows.filter(release | at_risk | nudge, last_activity_at__lte=since(terms.nudge_days))


def _ending(rows: RegistrationQuerySet, terms: Terms, at: datetime) -> RegistrationQuerySet:
    told = LifeWarning.objects.filter(
        registration=OuterRef("pk"), counted_from=OuterRef("protected_until"), kind=WarningKind.ENDS
    )
    due: Any = Q(pk__in=[])
    for shorter, days in _steps(terms.warn_days):
        reached = Q(protected_until__gt=at + timedelta(days=shorter), protected_until__lte=at + timedelta(days=days))
        due |= reached & ~Exists(told.filter(days=days))
    return rows.filter(due)


def _steps(warn_days: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Each number of days with the next shorter one: (0, 3), (3, 14), (14, 30)."""
    days = sorted(warn_days)
    return zip([0, *days], days, strict=False)
