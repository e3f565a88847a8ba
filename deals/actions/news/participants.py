"""Telling people that they are invited to a deal, what was answered, and that a distributor registered for them.

Run from the outbox, after the commit.
"""

from datetime import datetime

from django.urls import reverse

from deals.choices.participants import Consent, ParticipantRole
from deals.models import Participant, Registration
from deals.queries.decisions import decision_by_id
from partners import queries as partner_queries
from partners.actions.notices import notify

ROLES = ("admin", "seller")
DIRECT = ("direct_sales",)


def tell_invited_when_decided(*, decision_id: int, at: datetime) -> None:
    """A submitted deal has its first decision: whoever was invited to it in the draft is told now."""
    tell_invited(registration_id=decision_by_id(decision_id).registration_id, at=at)


def tell_invited(*, registration_id: int, at: datetime) -> None:
    """Tell the people of everybody who is invited and has not answered; each invitation once."""
    rows = Participant.objects.filter(registration_id=registration_id, consent=Consent.INVITED)
    for participant in rows.select_related("registration__partner").order_by("pk"):
        partner_id = participant.partner_id
        people = (
            partner_queries.people_with_vendor_role(*DIRECT)
            if partner_id is None
            else partner_queries.people_of_partner(partner_id, ROLES)
        )
        notify(
            people,
            kind="direct_participation" if partner_id is None else "participation",
            code="participant.invited",
            params={"partner": participant.registration.partner.name},
            url=reverse("deals:participation", args=[participant.public_id]),
            about=participant.public_id,
            dedup=participant.public_id,
            at=at,
        )


def tell_answered(*, participant_id: int, at: datetime) -> None:
    """Tell the lead's people what an invited side answered."""
    rows = Participant.objects.select_related("registration", "partner")
    participant = rows.filter(pk=participant_id).first()
    if participant is None or participant.consent == Consent.INVITED:
        return
    registration = participant.registration
    notify(
        partner_queries.people_of_partner(registration.partner_id, ROLES),
        kind="participation",
        code="participant.agreed" if participant.consent == Consent.GIVEN else "participant.declined",
        params={"partner": participant.partner.name if participant.partner else ParticipantRole.DIRECT.label},
        url=reverse("deals:detail", args=[registration.public_id]),
        about=registration.public_id,
        dedup=f"{participant.public_id} {participant.consent}",
        at=at,
    )


def tell_registered_on_behalf(*, registration_id: int, at: datetime) -> None:
    """Tell the reseller's people that a distributor registered a deal for it, which it may withdraw."""
    registration = Registration.objects.select_related("registered_by").get(pk=registration_id)
    assert registration.registered_by is not None
    notify(
        partner_queries.people_of_partner(registration.partner_id, ROLES),
        kind="on_behalf",
        code="registration.on_behalf",
        params={"partner": registration.registered_by.name, "customer": registration.customer_name},
        url=reverse("deals:detail", args=[registration.public_id]),
        about=registration.public_id,
        dedup=registration.public_id,
        at=at,
    )
