"""Leads from the vendor: offered to the right partner, to one at a time, and to nobody twice.

Everybody locks the lead first, then writes its offers: of two who answer at once, or of an answer and the end of its
time, one happens and the other is refused.
"""

from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions.registrations import save_draft
from deals.choices.leads import LeadStatus, OfferAnswer
from deals.models import Lead, LeadOffer
from deals.queries.calendar import calendar_for, day_of
from deals.queries.leads import find_own_offer
from deals.queries.rankings import gather
from deals.rules import leads as rules
from deals.rules.leads import NewLead
from deals.rules.terms import Terms
from deals.rules.words import words_are_sound
from partners import queries as partner_queries
from partners import rules as partner_rules

AT_ONCE = 200
log = structlog.get_logger(__name__)


def create_lead(typed: NewLead, *, by: Actor, at: datetime) -> Lead:
    """Keep a lead; nobody is asked yet. Refuses what could not become a partner's draft."""
    _may_manage(by)
    rules.lead_is_sound(typed, {family.pk for family in crm_queries.families()}).or_refuse()
    assert typed.family_id is not None
    with transaction.atomic():
        lead = Lead.objects.create(
            customer_name=typed.customer_name.strip(),
            customer_country=typed.customer_country,
            customer_domain=typed.customer_domain.strip(),
            customer_segment=typed.customer_segment.strip(),
            family_id=typed.family_id,
            contact_name=typed.contact_name.strip(),
            contact_email=typed.contact_email.strip(),
            contact_phone=typed.contact_phone.strip(),
            words=typed.words.strip(),
            value=typed.value,
            created_at=at,
            created_by=by.label,
        )
        record("lead.created", on=lead, by=by, at=at)
    return lead


def offer_lead(lead_id: int, *, by: Actor, at: datetime) -> Lead:
    """Offer it to the best partner that was not asked before; nobody left: it is unplaced.

    Refuses a lead that is offered, accepted or closed already.
    """
    _may_manage(by)
    with transaction.atomic():
        lead = _lock(lead_id)
        rules.may_offer(lead.status).or_refuse()
        _offer_next(lead, by=by, at=at)
    return lead


def accept_offer(public_id: str, *, by: Actor, at: datetime) -> LeadOffer:
    """Take the lead: company and contacts are shown from now on, and a draft of the deal is there to go on with.

    Refuses once the time is over, and a partner that may not do business now; another's offer is missing (`NotFound`).
    """
    with transaction.atomic():
        offer = _lock_offer(public_id, by=by)
        lead = offer.lead
        rules.may_answer(offer.answer, offer.expires_at, at).or_refuse()
        rules.may_take(partner_queries.standing_facts(offer.partner_id, day=day_of(at))).or_refuse()
        draft = rules.draft_from(_typed(lead), offer.partner_id, settings.BASE_CURRENCY)
        offer.registration = save_draft(draft, by=by, at=at)
        _answer(offer, OfferAnswer.ACCEPTED, by=by, at=at)
        _move(lead, LeadStatus.ACCEPTED)
        record("lead.accepted", on=lead, by=by, at=at, offer=offer.public_id, name=offer.partner.name)
        _tell("lead.accepted", lead, offer, at)
    return offer


def decline_offer(public_id: str, *, words: str = "", by: Actor, at: datetime) -> LeadOffer:
    """Leave the lead to others: the next best partner is asked at once. Words are for the vendor, none are needed."""
    with transaction.atomic():
        offer = _lock_offer(public_id, by=by)
        rules.may_answer(offer.answer, offer.expires_at, at).or_refuse()
        words_are_sound(words, field="words", missing="").or_refuse()
        offer.words = words.strip()
        _answer(offer, OfferAnswer.DECLINED, by=by, at=at)
        record("lead.declined", on=offer.lead, by=by, at=at, offer=offer.public_id, name=offer.partner.name)
        _tell("lead.declined", offer.lead, offer, at)
        _offer_next(offer.lead, by=SYSTEM, at=at)
    return offer


def expire_offers(*, at: datetime) -> int:
    """End what was not answered in time and ask the next best; returns how many. Any number may run at once."""
    due = LeadOffer.objects.filter(answer=OfferAnswer.WAITING, expires_at__lte=at).order_by("expires_at")
    done = 0
    for lead_id in list(due.values_list("lead_id", flat=True)[:AT_ONCE]):
        try:
            done += _expire(lead_id, at=at)
        except Exception:
            log.exception("lead could not be offered on", lead=lead_id)
    return done


def close_lead(lead_id: int, *, by: Actor, at: datetime) -> Lead:
    """Nobody is asked any more, and who is being asked is told. Refuses a lead that was accepted or is closed."""
    _may_manage(by)
    with transaction.atomic():
        lead = _lock(lead_id)
        rules.may_close(lead.status).or_refuse()
        waiting = _waiting(lead)
        if waiting is not None:
            _answer(waiting, OfferAnswer.WITHDRAWN, by=by, at=at)
            _tell("lead.withdrawn", lead, waiting, at)
        _move(lead, LeadStatus.CLOSED)
        record("lead.closed", on=lead, by=by, at=at)
    return lead


def _may_manage(by: Actor) -> None:
    """Leads are the vendor's: no partner's client has any."""
    partner_rules.may(by, "lead.manage").or_refuse()
    if not by.is_vendor:
        refusal("actor.not_permitted").or_refuse()


def _lock(lead_id: int) -> Lead:
    lead = Lead.objects.select_for_update(of=("self",)).select_related("family").filter(pk=lead_id).first()
    if lead is None:
        raise NotFound("lead")
    return lead


def _lock_offer(public_id: str, *, by: Actor) -> LeadOffer:
    """An own offer, read under the lock of its lead."""
    found = find_own_offer(by, public_id)
    lead = _lock(found.lead_id)
    offer = LeadOffer.objects.select_related("partner").get(pk=found.pk)
    offer.lead = lead
    return offer


def _waiting(lead: Lead) -> LeadOffer | None:
    return LeadOffer.objects.filter(lead=lead, answer=OfferAnswer.WAITING).select_related("partner").first()


def _expire(lead_id: int, *, at: datetime) -> bool:
    """False if somebody works on the lead, or its offer was answered meanwhile."""
    with transaction.atomic():
        rows = Lead.objects.select_for_update(skip_locked=True, of=("self",)).select_related("family")
        lead = rows.filter(pk=lead_id).first()
        offer = _waiting(lead) if lead else None
        if lead is None or offer is None or at < offer.expires_at:
            return False
        _answer(offer, OfferAnswer.EXPIRED, by=SYSTEM, at=at)
        record("lead.expired", on=lead, by=SYSTEM, at=at, offer=offer.public_id, name=offer.partner.name)
        _tell("lead.expired", lead, offer, at)
        _offer_next(lead, by=SYSTEM, at=at)
    return True


def _offer_next(lead: Lead, *, by: Actor, at: datetime) -> None:
    """Rank everybody again, and ask the first; the lead is locked."""
    gathered = gather(lead, at=at)
    ranking = gathered.ranking()
    lead.ranking = ranking.as_json()
    if not ranking.ranked:
        _move(lead, LeadStatus.UNPLACED)
        record("lead.unplaced", on=lead, by=by, at=at)
        _tell("lead.unplaced", lead, None, at)
        return
    best = ranking.ranked[0]
    offer = LeadOffer.objects.create(
        lead=lead,
        partner_id=best.partner_id,
        score=best.score,
        steps=[step.as_json() for step in best.steps],
        offered_at=at,
        expires_at=_window_ends(gathered.terms, at),
    )
    _move(lead, LeadStatus.OFFERED)
    record("lead.offered", on=lead, by=by, at=at, offer=offer.public_id, score=best.score)
    _tell("lead.offered", lead, offer, at)


def _window_ends(terms: Terms, at: datetime) -> datetime:
    calendar = calendar_for(terms, since=at)
    return calendar.add(at, terms.lead_offer_days * calendar.day_length)


def _answer(offer: LeadOffer, answer: OfferAnswer, *, by: Actor, at: datetime) -> None:
    offer.answer, offer.answered_at, offer.answered_by = answer, at, by.label
    offer.save(update_fields=["answer", "answered_at", "answered_by", "words", "registration"])


def _move(lead: Lead, status: LeadStatus) -> None:
    lead.status = status
    lead.save(update_fields=["status", "ranking"])


def _typed(lead: Lead) -> NewLead:
    return NewLead(
        customer_name=lead.customer_name,
        customer_country=lead.customer_country,
        family_id=lead.family_id,
        contact_name=lead.contact_name,
        words=lead.words,
        value=lead.value,
        customer_domain=lead.customer_domain,
        contact_email=lead.contact_email,
        contact_phone=lead.contact_phone,
    )


def _tell(code: str, lead: Lead, offer: LeadOffer | None, at: datetime) -> None:
    after_commit("deals.lead_news", at=at, code=code, lead_id=lead.pk, offer_id=offer.pk if offer else None)
