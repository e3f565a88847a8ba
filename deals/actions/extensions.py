"""More time for a protection: asked for with evidence, granted by rule or by a manager."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import NotFound
from common.verdict import refusal
from deals.actions import changes
from deals.actions.activity import note_activity
from deals.actions.locks import lock_claims, lock_registration
from deals.actions.news import lives as news
from deals.choices.conversation import Stream
from deals.choices.protections import ExtensionStatus
from deals.choices.registrations import RegistrationStatus
from deals.models import Extension, Registration
from deals.queries.calendar import day_of, promised_terms
from deals.queries.protections import extensions_before
from deals.rules.extensions import end_after, evidence_is_given, is_granted_by_rule, may_extend, may_grant
from deals.rules.words import words_are_sound


def request_extension(
    registration_id: int,
    *,
    words: str,
    evidence_on: date | None,
    attachment_id: int | None = None,
    by: Actor,
    at: datetime,
) -> Extension:
    """Ask for more time, telling what happened on which day, perhaps with a file of this registration.

    The first is granted at once, any later one waits for a manager. Refuses a protection that has ended, a second
    request while one waits, more than the terms allow, and evidence that is missing, too old or of a day to come.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.maintain")
        terms, before = promised_terms(registration), extensions_before(registration)
        until = registration.protected_until if registration.status == RegistrationStatus.APPROVED else None
        may = may_extend(before, protected_until=until, at=at, terms=terms)
        has_file = attachment_id is not None
        may &= evidence_is_given(words, evidence_on=evidence_on, has_file=has_file, day=day_of(at), terms=terms)
        may.or_refuse()
        _file_is_known(registration, attachment_id)
        assert until is not None
        assert evidence_on is not None
        extension = Extension.objects.create(
            registration=registration,
            number=registration.extensions.count() + 1,
            words=words.strip(),
            evidence_id=attachment_id,
            evidence_on=evidence_on,
            days=terms.extension_days,
            requested_at=at,
            requested_by=by.label,
            ends_before=until,
        )
        note_activity(registration, at)
        changes.wait_for(registration, extension)
        if is_granted_by_rule(before):
            if not _is_prolonged(registration, end_after(until, extension.days)):
                refusal("extension.protected_after").or_refuse()
            _grant(registration, extension, by=by, at=at)
        else:
            record("registration.extension_requested", on=registration, by=by, at=at, extension=extension.public_id)
            news.tell("vendor", "protection.extension_asked", about=registration, at=at)
    return extension


def grant_extension(extension_id: int, *, words: str = "", by: Actor, at: datetime) -> Extension:
    """A manager grants the time that was asked for, counted from the end, also where that has come meanwhile.

    Asked in time is in time, however late the answer. Only if the customer was somebody's after the end it cannot be
    had any more: then the request is refused by rule, and the partner is told (`extension.status` says which).
    Refuses what is answered already, a deal that ended otherwise, and what would be over by now all the same.
    """
    with transaction.atomic():
        registration, extension = _lock_waiting(extension_id, by=by)
        assert registration.protected_until is not None
        ends_before = registration.protected_until
        may_grant(registration.status, ends_before=ends_before, days=extension.days, at=at).or_refuse()
        if not _is_prolonged(registration, end_after(ends_before, extension.days)):
            _refuse_by_rule(registration, extension, at)
            return extension
        extension.answer, extension.decided_by = words.strip(), by.label
        _grant(registration, extension, by=by, at=at)
        assert extension.ends_after is not None
        params = {"day": day_of(extension.ends_after).isoformat()}
        news.tell("partner", "protection.extended", about=registration, at=at, params=params)
    return extension


def refuse_extension(extension_id: int, *, words: str, by: Actor, at: datetime) -> Extension:
    """A manager refuses, in words that the partner reads. Refuses without words, and what is answered already."""
    with transaction.atomic():
        registration, extension = _lock_waiting(extension_id, by=by)
        words_are_sound(words, field="words").or_refuse()
        extension.status, extension.answer = ExtensionStatus.REFUSED, words.strip()
        extension.decided_at, extension.decided_by = at, by.label
        extension.save(update_fields=["status", "answer", "decided_at", "decided_by"])
        facts = {"extension": extension.public_id, "words": extension.answer}
        record("registration.extension_refused", on=registration, by=by, at=at, **facts)
        params = {"words": extension.answer}
        news.tell("partner", "protection.extension_refused", about=registration, at=at, params=params)
    return extension


def _refuse_by_rule(registration: Registration, extension: Extension, at: datetime) -> None:
    """The customer cannot be had any more: the request has its answer, and the partner reads it."""
    extension.status, extension.decided_at = ExtensionStatus.REFUSED, at
    extension.save(update_fields=["status", "decided_at"])
    facts = {"extension": extension.public_id, "reason": "extension.protected_after"}
    record("registration.extension_refused", on=registration, by=SYSTEM, at=at, **facts)
    news.tell("partner", "protection.extension_lost", about=registration, at=at)


def _lock_waiting(extension_id: int, *, by: Actor) -> tuple[Registration, Extension]:
    """The request under its registration's lock. Refuses one that does not wait any more."""
    found = Extension.objects.filter(pk=extension_id).values_list("registration_id", flat=True).first()
    if found is None:
        raise NotFound("extension")
    registration = lock_registration(found, by=by, capability="registration.review")
    extension = Extension.objects.get(pk=extension_id)
    if extension.status != ExtensionStatus.PENDING:
        refusal("extension.not_waiting").or_refuse()
    return registration, extension


def _file_is_known(registration: Registration, attachment_id: int | None) -> None:
    files = registration.attachments.filter(stream=Stream.SHARED)
    if attachment_id is not None and not files.filter(pk=attachment_id).exists():
        refusal("extension.unknown_file", field="attachment").or_refuse()


def _is_prolonged(registration: Registration, until: datetime) -> bool:
    """Move the end of what is protected, under the locks of what is claimed; False if somebody has it after the end."""
    assert registration.protected_until is not None
    live = registration.protections.filter(ends_at=registration.protected_until)
    pairs = list(live.values_list("customer_id", "family_id"))
    lock_claims({customer for customer, _family in pairs}, {family for _customer, family in pairs})
    try:
        with transaction.atomic():
            live.update(ends_at=until)
    except IntegrityError:
        return False
    return True


def _grant(registration: Registration, extension: Extension, *, by: Actor, at: datetime) -> None:
    """Keep the new end of what is prolonged already; a change that waited for it applies."""
    assert registration.protected_until is not None
    until = end_after(registration.protected_until, extension.days)
    extension.status, extension.decided_at = ExtensionStatus.GRANTED, at
    extension.ends_before, extension.ends_after = registration.protected_until, until
    extension.save(update_fields=["status", "decided_at", "decided_by", "answer", "ends_before", "ends_after"])
    registration.protected_until, registration.updated_at = until, at
    registration.save(update_fields=["protected_until", "updated_at"])
    by_whom = by if extension.decided_by else SYSTEM
    record("registration.extended", on=registration, by=by_whom, at=at, extension=extension.public_id, until=until)
    changes.apply_covered(registration, by=by_whom, at=at)
