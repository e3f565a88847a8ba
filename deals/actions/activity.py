"""A partner's activity keeps its protection; without any it is reminded, warned, and the customer is free again."""

from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.verdict import refusal
from deals.actions import outcomes
from deals.actions.locks import lock_registration
from deals.actions.news import lives as news
from deals.choices.protections import WarningKind
from deals.choices.registrations import RegistrationStatus, SalesStage
from deals.models import LifeWarning, Registration
from deals.queries.calendar import day_of, promised_terms
from deals.queries.protections import due_registrations
from deals.rules.activity import OPEN_STATUSES, activity_standing, free_from, warning_reached
from deals.rules.terms import Terms

log = structlog.get_logger(__name__)
_RUNGS = {"nudge": WarningKind.NUDGE, "at_risk": WarningKind.AT_RISK}
_EVENTS = {
    WarningKind.NUDGE: "registration.nudged",
    WarningKind.AT_RISK: "registration.at_risk",
    WarningKind.ENDS: "registration.ending",
}


def note_activity(registration: Registration, at: datetime) -> None:
    """The partner did something for this deal. The row must be locked; while it is not protected nothing is counted."""
    if registration.status_on(at) != RegistrationStatus.APPROVED:
        return
    registration.last_activity_at = max(at, registration.last_activity_at or at)
    registration.save(update_fields=["last_activity_at"])


def move_stage(registration_id: int, *, stage: str, by: Actor, at: datetime) -> Registration:
    """How far the partner's selling has come. Refuses an unknown stage, the present one, and a deal that is over."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.maintain")
        status = RegistrationStatus(registration.status_on(at))
        if status not in OPEN_STATUSES:
            refusal("registration.status", status=status.label).or_refuse()
        if stage not in SalesStage.values:
            refusal("registration.choice_invalid", field="stage").or_refuse()
        if stage == registration.stage:
            refusal("registration.stage_same", field="stage").or_refuse()
        before, registration.stage, registration.updated_at = registration.stage, stage, at
        registration.save(update_fields=["stage", "updated_at"])
        note_activity(registration, at)
        record("registration.stage_moved", on=registration, by=by, at=at, before=before, after=stage)
    return registration


def keep_ladders(*, at: datetime, limit: int = 500) -> int:
    """Remind, warn and release whatever is due, each in a transaction of its own; returns how many were dealt with.

    Any number of sweepers may run at once: a deal that somebody works on is left to a later call, and what was done
    is not done again.
    """
    return sum(_kept(registration_id, at) for registration_id in due_registrations(at, limit))


def _kept(registration_id: int, at: datetime) -> bool:
    """Whether something was done. What fails is told to whoever runs this, and the others do not wait for it."""
    try:
        return _keep(registration_id, at)
    except Exception:
        log.exception("a protection was not kept", registration=registration_id)
        return False


def _keep(registration_id: int, at: datetime) -> bool:
    with transaction.atomic():
        rows = Registration.objects.select_for_update(skip_locked=True).filter(
            pk=registration_id, status=RegistrationStatus.APPROVED, protected_until__gt=at
        )
        registration = rows.first()
        if registration is None:
            return False
        terms = promised_terms(registration)
        idle_since = registration.last_activity_at
        standing = activity_standing(idle_since, at, terms) if idle_since else None
        if standing and standing.rung == "release":
            outcomes.release_idle(registration, days=terms.release_days, at=at)
            return True
        told = [_warn_of_end(registration, terms, at)]
        if standing and idle_since and standing.rung in _RUNGS:
            kind = _RUNGS[standing.rung]
            days = terms.at_risk_days if kind == WarningKind.AT_RISK else terms.nudge_days
            free_at = free_from(registration.protected_until or at, standing.releases_at)
            told.append(_warn(registration, _Warning(kind, days, idle_since), free_at=free_at, at=at))
        return any(told)


def _warn_of_end(registration: Registration, terms: Terms, at: datetime) -> bool:
    until = registration.protected_until
    days = warning_reached(until, at, terms) if until else None
    if until is None or days is None:
        return False
    return _warn(registration, _Warning(WarningKind.ENDS, days, until), free_at=until, at=at)


@dataclass(frozen=True, slots=True)
class _Warning:
    kind: WarningKind
    days: int
    counted_from: datetime


def _warn(registration: Registration, warning: _Warning, *, free_at: datetime, at: datetime) -> bool:
    """Warn once of this; whether it was now."""
    _row, is_new = LifeWarning.objects.get_or_create(registration=registration, **asdict(warning), defaults={"at": at})
    if is_new:
        record(_EVENTS[warning.kind], on=registration, by=SYSTEM, at=at, days=warning.days)
        params = {"days": warning.days, "day": day_of(free_at).isoformat()}
        ends_anyway = warning.kind != WarningKind.ENDS and free_at == registration.protected_until
        code = "protection.idle" if ends_anyway else f"protection.{warning.kind}"
        news.tell("partner", code, about=registration, at=at, params=params)
    return is_new
