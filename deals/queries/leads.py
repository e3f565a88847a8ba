"""Leads and their offers: the vendor's list and page, and what a partner sees of an offer made to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from common.actor import Actor
from common.audit import entries_about
from common.errors import NotFound
from common.reasons import sentence
from common.verdict import Reason, Verdict
from deals.choices.leads import EVENTS, LeadStatus, OfferAnswer
from deals.models import Lead, LeadOffer
from deals.queries.rankings import gather
from deals.queries.timelines import TimelineEntry
from deals.rules import leads as rules
from deals.rules.permissions import may_act
from partners import queries as partner_queries
from partners import rules as partner_rules


def leads_visible_to(actor: Actor) -> QuerySet[Lead]:
    """All for the vendor's people and clients who may see them; a partner sees offers only."""
    rows = Lead.objects.select_related("family")
    return rows if actor.is_vendor and partner_rules.may(actor, "lead.view") else rows.none()


def find_lead(actor: Actor, public_id: str) -> Lead:
    """The lead, if the actor may see it; otherwise `NotFound`, as if there were none."""
    found = leads_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("lead")
    return found


def lead_list(actor: Actor, *, status: str = "", search: str = "") -> QuerySet[Lead]:
    """Visible ones, the newest first."""
    rows = leads_visible_to(actor)
    if status in LeadStatus.values:
        rows = rows.filter(status=status)
    if text := search.strip():
        rows = rows.filter(customer_name__icontains=text)
    return rows.order_by("-created_at", "-pk")


LEAD_COLUMNS = ("lead", "customer_name", "country", "family", "status", "value", "currency", "entered_at")


def lead_cells(leads: QuerySet[Lead], currency: str) -> Iterator[list[str]]:
    """The cells of `LEAD_COLUMNS`, row by row, without holding them all in memory."""
    for lead in leads.iterator(chunk_size=1000):
        yield [
            *(lead.public_id, lead.customer_name, lead.customer_country, lead.family.name, lead.status),
            *(str(lead.value), currency, lead.created_at.isoformat()),
        ]


@dataclass(frozen=True, slots=True)
class Point:
    """Why this partner: one criterion in words."""

    text: str
    points: int


@dataclass(frozen=True, slots=True)
class RankedPartner:
    """The points add up to the score."""

    name: str
    public_id: str
    score: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class ExcludedPartner:
    name: str
    public_id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankingShown:
    """The first of those who may be asked and of those left out, and how many there are of each."""

    ranked: tuple[RankedPartner, ...]
    excluded: tuple[ExcludedPartner, ...]
    ranked_count: int
    excluded_count: int


@dataclass(frozen=True, slots=True)
class OfferMade:
    """An offer as the vendor sees it, with why it was made to this partner."""

    offer: LeadOffer
    answer: str
    answer_label: Any
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class LeadPage:
    """`is_current`: the ranking is as of now, not the one that an offer rested on."""

    lead: Lead
    offers: list[OfferMade]
    ranking: RankingShown
    is_current: bool
    timeline: list[TimelineEntry]
    may_offer: Verdict
    may_close: Verdict


def lead_page(actor: Actor, public_id: str, *, at: datetime) -> LeadPage:
    """A visible lead with whom it was offered to and why. The number of statements does not depend on how many."""
    lead = find_lead(actor, public_id)
    may_manage = partner_rules.may(actor, "lead.manage")
    is_current = lead.status == LeadStatus.OPEN
    stored = gather(lead, at=at).ranking().as_json() if is_current else lead.ranking
    offers = (
        LeadOffer.objects.filter(lead=lead).select_related("partner", "registration").order_by("-offered_at", "-pk")
    )
    return LeadPage(
        lead=lead,
        offers=[
            OfferMade(each, answer := each.answer_on(at), OfferAnswer(answer).label, _points(each.steps))
            for each in offers
        ],
        ranking=_shown(stored),
        is_current=is_current,
        timeline=_timeline(lead),
        may_offer=may_manage & rules.may_offer(lead.status),
        may_close=may_manage & rules.may_close(lead.status),
    )


def _points(steps: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    return tuple(Point(sentence(Reason(step["code"], step["params"])), step["points"]) for step in steps)


def _shown(stored: Mapping[str, Any]) -> RankingShown:
    """With the partners' names, in one statement."""
    ranked, excluded = stored.get("ranked", []), stored.get("excluded", [])
    profiles = partner_queries.partner_profiles([each["partner"] for each in (*ranked, *excluded)])
    return RankingShown(
        ranked=tuple(
            RankedPartner(who.name, who.public_id, each["score"], _points(each["steps"]))
            for each in ranked
            for who in (profiles[each["partner"]],)
        ),
        excluded=tuple(
            ExcludedPartner(
                who.name, who.public_id, tuple(sentence(Reason(one["code"], one["params"])) for one in each["reasons"])
            )
            for each in excluded
            for who in (profiles[each["partner"]],)
        ),
        ranked_count=stored.get("ranked_count", 0),
        excluded_count=stored.get("excluded_count", 0),
    )


def _timeline(lead: Lead) -> list[TimelineEntry]:
    """Newest first."""
    shown = [
        TimelineEntry(
            at=entry.at,
            title=EVENTS[entry.event][0],
            text=str(entry.facts.get("name", "")),
            actor=entry.actor_label,
            icon=EVENTS[entry.event][1],
            colour=EVENTS[entry.event][2],
        )
        for entry in entries_about(lead)
        if entry.event in EVENTS
    ]
    return shown[::-1]


# What a partner sees


def offers_visible_to(actor: Actor) -> QuerySet[LeadOffer]:
    """A partner's own, for its people who answer them; all for the vendor's people and clients who see leads."""
    rows = LeadOffer.objects.select_related("lead__family", "registration", "partner")
    if actor.is_vendor:
        return rows if partner_rules.may(actor, "lead.view") else rows.none()
    return rows.filter(partner_id__in=[pk for pk in actor.partner_ids if may_act(actor, "lead.answer", pk)])


def find_offer(actor: Actor, public_id: str) -> LeadOffer:
    """The offer, if the actor may see it; otherwise `NotFound`, as if there were none."""
    found = offers_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("offer")
    return found


def find_own_offer(actor: Actor, public_id: str) -> LeadOffer:
    """The same of the actor's own companies: nobody answers for another."""
    found = find_offer(actor, public_id)
    if found.partner_id not in actor.partner_ids:
        raise NotFound("offer")
    return found


@dataclass(frozen=True, slots=True)
class OfferShown:
    """An offer without what is hidden until it is accepted: the company and its contacts are empty before that.

    Nothing says to whom else the lead was or is offered.
    """

    public_id: str
    partner: str
    country: str
    segment: str
    family: str
    value: Decimal
    words: str
    offered_at: datetime
    expires_at: datetime
    answer: str
    answered_at: datetime | None
    is_waiting: bool
    customer_name: str = ""
    customer_domain: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    registration: str = ""

    @property
    def answer_label(self) -> Any:
        return OfferAnswer(self.answer).label


_HIDDEN = ("customer_name", "customer_domain", "contact_name", "contact_email", "contact_phone")


def as_shown(offer: LeadOffer, *, at: datetime) -> OfferShown:
    """What its partner may see of it at the instant."""
    lead, answer = offer.lead, offer.answer_on(at)
    disclosed = {name: getattr(lead, name) for name in _HIDDEN} if answer == OfferAnswer.ACCEPTED else {}
    return OfferShown(
        public_id=offer.public_id,
        partner=offer.partner.public_id,
        country=lead.customer_country,
        segment=lead.customer_segment,
        family=lead.family.name,
        value=lead.value,
        words=lead.words,
        offered_at=offer.offered_at,
        expires_at=offer.expires_at,
        answer=answer,
        answered_at=offer.answered_at,
        is_waiting=answer == OfferAnswer.WAITING,
        registration=offer.registration.public_id if offer.registration else "",
        **disclosed,
    )
