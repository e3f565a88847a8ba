"""Who sells together, and what somebody invited to a deal may see of it: what the lead discloses, and nothing else."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from common.actor import Actor
from common.audit import entries_about
from common.errors import NotFound
from common.verdict import Verdict
from deals.choices import participants as words
from deals.choices import registrations as registration_words
from deals.choices.engagement import RuleVerdict
from deals.choices.participants import Consent, ParticipantRole
from deals.choices.registrations import RegistrationStatus
from deals.choices.reviews import CO_SELL
from deals.models import Participant, Registration
from deals.queries.claimants import may_act_on
from deals.rules.participants import WHOLE, may_answer, may_invite
from partners import rules as partner_rules

_SHOWN = {**registration_words.EVENTS, **words.EVENTS}
_NOT_SHOWN = frozenset({"registration.drafted", "registration.changed"})


def answers_for_direct(actor: Actor) -> bool:
    """Whether the actor says for the vendor's direct sales that it takes part."""
    return actor.is_vendor and bool(partner_rules.may(actor, "participation.answer_direct"))


def participations_visible_to(actor: Actor) -> QuerySet[Participant]:
    """What the actor's companies were invited to, of deals that were submitted; direct sales' for those who run it."""
    own = [pk for pk in actor.partner_ids if partner_rules.may(actor, "registration.view", pk)]
    concerned = Q(partner_id__in=own)
    if answers_for_direct(actor):
        concerned |= Q(partner=None)
    rows = Participant.objects.filter(concerned, registration__receipt_number__isnull=False)
    return rows.exclude(role=ParticipantRole.LEAD).select_related("registration__partner", "partner")


def find_participation(actor: Actor, public_id: str, *, to_answer: bool = False) -> Participant:
    """The participation, if the actor may see it, or answer it; otherwise `NotFound`, as if there were none."""
    found = participations_visible_to(actor).filter(public_id=public_id).first()
    if found is None or (to_answer and not may_answer_for(actor, found)):
        raise NotFound("participation")
    return found


def may_answer_for(actor: Actor, participant: Participant) -> bool:
    """Whether it is the actor's to answer: consent is given by the company's own people, never by others for it."""
    if participant.partner_id is None:
        return answers_for_direct(actor)
    own = participant.partner_id in actor.partner_ids
    return own and bool(partner_rules.may(actor, "registration.create", participant.partner_id))


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to the deal: that it did and when, not what anybody said."""

    at: datetime
    title: Any
    icon: str
    colour: str
    text: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class ParticipationPage:
    """An invitation as its reader sees it. Status and history are told to those who agreed, empty for others."""

    participant: Participant
    lead: str
    customer_name: str
    customer_country: str
    products: tuple[str, ...]
    may_answer: bool
    status: str
    history: tuple[Moment, ...]


def participation_page(actor: Actor, public_id: str, *, at: datetime) -> ParticipationPage:
    """Customer, products, role and share; after consent where the deal stands. At most three statements."""
    participant = find_participation(actor, public_id)
    deal = participant.registration
    has_agreed = participant.consent == Consent.GIVEN
    status = deal.status_on(at)
    return ParticipationPage(
        participant=participant,
        lead=deal.partner.name,
        customer_name=deal.customer_name,
        customer_country=deal.customer_country,
        products=tuple(deal.lines.order_by("number").values_list("product__name", flat=True)),
        may_answer=may_answer_for(actor, participant) and bool(may_answer(status, participant.consent)),
        status=status if has_agreed else "",
        history=_history(deal) if has_agreed else (),
    )


def _history(deal: Registration) -> tuple[Moment, ...]:
    """Newest first, without the words and names of anybody."""
    shown = [
        Moment(entry.at, *_SHOWN[entry.event])
        for entry in entries_about(deal)
        if entry.event in _SHOWN and entry.event not in _NOT_SHOWN
    ]
    return tuple(shown[::-1])


@dataclass(frozen=True, slots=True)
class Together:
    """Everybody in a deal, the lead first, as its own page shows them."""

    rows: list[Participant]
    may_create: Verdict
    may_invite: Verdict
    may_withdraw: Verdict
    offer_bps: int = 0  # that the vendor asks for, while its offer to sell together waits for an answer
    is_offered: bool = False

    @property
    def offer_share(self) -> Decimal:
        return Decimal(self.offer_bps) / WHOLE


def participants_of(registration: Registration) -> list[Participant]:
    """The lead first, then in the order of invitation; nobody if the partner sells alone. One statement."""
    rows = Participant.objects.filter(registration=registration).select_related("partner")
    return sorted(rows, key=lambda row: (row.role != ParticipantRole.LEAD, row.pk))


def together_of(actor: Actor, registration: Registration, *, at: datetime) -> Together:
    """Who sells together and what the actor may do about it. The registration must be one that the actor may see."""
    rows = participants_of(registration)
    status = registration.status_on(at)
    may_create = may_act_on(actor, "registration.create", registration, at=at)
    consents = [row.consent for row in rows if row.role != ParticipantRole.LEAD]
    asked = status == RegistrationStatus.ACTION_REQUIRED and bool(may_create)
    is_offered = asked and registration.inquiries.filter(answered_at=None, fields__contains=[CO_SELL]).exists()
    return Together(
        rows=rows,
        may_create=may_create,
        may_invite=may_create & may_invite(status, consents),
        may_withdraw=may_create & may_answer(status, Consent.INVITED),
        is_offered=is_offered,
        offer_bps=offered_share(registration) if is_offered else 0,
    )


def offered_share(registration: Registration) -> int:
    """What direct sales would have of the deal by the rule that offered to sell together; 0 if it names another."""
    last = registration.decisions.filter(verdict=RuleVerdict.CO_SELL).order_by("-sequence").first()
    is_direct = last is not None and last.decisive_rule == "direct_opportunity"
    return int(last.reason_params.get("share_bps", 0)) if last is not None and is_direct else 0
