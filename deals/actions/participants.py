"""Selling together: the lead sets shares, everybody invited agrees or declines, what is declined is the lead's."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.verdict import Reason, objections
from deals.actions.locks import lock_registration
from deals.choices.participants import Consent, ParticipantRole
from deals.choices.registrations import RegistrationStatus
from deals.models import Participant, Registration
from deals.queries.participants import find_participation
from deals.queries.registrations import registrations_visible_to
from deals.rules.participants import Share, may_answer, may_invite, shares_are_sound, with_lead
from partners import queries as partner_queries

TOLD_ROLES = ("admin", "seller")


def invite_participants(
    registration_id: int, invited: Sequence[Share], *, by: Actor, at: datetime
) -> list[Participant]:
    """Set who sells together with the partner, which keeps the rest; nobody invited: it sells alone again.

    Refuses shares that are not sound, unknown partners, a deal that is over, and changing what somebody agreed to.
    Whoever is invited is told once the deal is submitted.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.create", at=at)
        rows = set_shares(registration, invited, by=by, at=at)
        if registration.status != RegistrationStatus.DRAFT:
            after_commit("deals.participants_invited", at=at, registration_id=registration.pk)
    return rows


def set_shares(registration: Registration, invited: Sequence[Share], *, by: Actor, at: datetime) -> list[Participant]:
    """Write the shares of a registration that is locked. Refuses as `invite_participants`."""
    known = {row.partner_id: row for row in registration.participants.exclude(role=ParticipantRole.LEAD)}
    may_invite(registration.status_on(at), [row.consent for row in known.values()]).or_refuse()
    if not invited:
        registration.participants.all().delete()
        record("participants.invited", on=registration, by=by, at=at, shares=[])
        return []
    shares = with_lead(registration.partner_id, invited)
    shares_are_sound(shares, lead_partner_id=registration.partner_id).or_refuse()
    profiles = partner_queries.partner_profiles(share.partner_id for share in invited if share.partner_id)
    unknown = [
        Reason("participant.unknown_partner", field=f"participants.{place}.partner")
        for place, share in enumerate(invited)
        if share.partner_id and share.partner_id not in profiles
    ]
    objections(unknown).or_refuse()
    registration.participants.all().delete()
    rows = Participant.objects.bulk_create(_row(registration, share, by=by, at=at) for share in shares)
    facts = [{"partner": share.partner_id, "role": share.role, "bps": share.bps} for share in shares]
    record("participants.invited", on=registration, by=by, at=at, shares=facts)
    return rows


def _row(registration: Registration, share: Share, *, by: Actor, at: datetime) -> Participant:
    is_lead = share.role == ParticipantRole.LEAD
    return Participant(
        registration=registration,
        partner_id=share.partner_id,
        role=share.role,
        share_bps=share.bps,
        consent=Consent.GIVEN if is_lead else Consent.INVITED,
        invited_at=at,
        invited_by=by.label,
        answered_at=at if is_lead else None,
        answered_by=by.label if is_lead else "",
    )


def answer_invitation(public_id: str, *, agrees: bool, by: Actor, at: datetime) -> Participant:
    """Agree or decline, for the own company, or for direct sales. What is declined is the lead's.

    Refuses a second answer and a deal that is over; what the actor may not answer is missing (`NotFound`).
    """
    with transaction.atomic():
        participant = _lock(find_participation(by, public_id, to_answer=True).pk)
        may_answer(participant.registration.status_on(at), participant.consent).or_refuse()
        participant.consent = Consent.GIVEN if agrees else Consent.DECLINED
        participant.answered_at, participant.answered_by = at, by.label
        participant.save(update_fields=["consent", "answered_at", "answered_by"])
        if not agrees:
            _give_to_lead(participant)
        event = "participant.agreed" if agrees else "participant.declined"
        record(event, on=participant.registration, by=by, at=at, participant=participant.public_id)
        after_commit("deals.participation_answered", at=at, participant_id=participant.pk)
    return participant


def withdraw_invitation(public_id: str, *, by: Actor, at: datetime) -> Registration:
    """The lead takes an invitation back before it is answered. Refuses what was answered."""
    with transaction.atomic():
        visible = Participant.objects.filter(registration__in=registrations_visible_to(by))
        found = visible.filter(public_id=public_id).exclude(role=ParticipantRole.LEAD).first()
        if found is None:
            raise NotFound("participant")
        registration = lock_registration(found.registration_id, by=by, capability="registration.create", at=at)
        participant = _lock(found.pk)
        may_answer(registration.status_on(at), participant.consent).or_refuse()
        _give_to_lead(participant)
        participant.delete()
        event = "participant.invitation_withdrawn"
        record(event, on=registration, by=by, at=at, partner=participant.partner_id, bps=participant.share_bps)
    return registration


def _lock(participant_id: int) -> Participant:
    """The row with its registration, both locked, the registration first as everybody does."""
    rows = Participant.objects.filter(pk=participant_id)
    registration = Registration.objects.select_for_update().filter(participants__in=rows).first()
    participant = rows.select_for_update().first()
    if registration is None or participant is None:
        raise NotFound("participant")
    participant.registration = registration
    return participant


def _give_to_lead(participant: Participant) -> None:
    lead = Participant.objects.filter(registration_id=participant.registration_id, role=ParticipantRole.LEAD)
    lead.update(share_bps=F("share_bps") + participant.share_bps)
