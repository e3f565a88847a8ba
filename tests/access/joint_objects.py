"""What the owner holds, is invited to, and has agreed with a distributor."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from common.actor import SYSTEM
from crm.models import Product
from crm.rules.matching import CustomerIdentity
from deals.actions.leads import accept_offer, create_lead, offer_lead
from deals.actions.participants import invite_participants
from deals.actions.pencils import hold_customer
from deals.actions.registrations import register_deal
from deals.models import ExclusiveGrant, LeadOffer, Participant
from deals.rules.drafts import DraftLine, RegistrationDraft
from deals.rules.leads import NewLead
from deals.rules.participants import Share
from deals.rules.preflight import PreflightQuestion
from partners import queries as partner_queries
from partners.models import Distribution, User
from tests.factories.partners import PartnerFactory
from tests.journeys.world import World


def joint_objects(world: World, product: Product, text: str) -> dict[str, str]:
    """Public ids by kind."""
    at = timezone.now()
    question = PreflightQuestion(CustomerIdentity(f"{text} penciled", "PT"), (product.family_id,))
    hold = hold_customer(world.partner.pk, question, by=SYSTEM, at=at)
    lead = PartnerFactory(name="Leads a joint deal", types=("distributor",))
    draft = RegistrationDraft(
        partner_id=lead.pk,
        customer_name=f"{text} jointly",
        customer_country="SE",
        contact="Somebody",
        expected_close_on=timezone.localdate() + timedelta(days=40),
        lines=[DraftLine(product.pk, 2, Decimal(60_000))],
    )
    joint = register_deal(draft, by=SYSTEM, at=at)
    invite_participants(joint.pk, [Share(world.partner.pk, "refer", 500)], by=SYSTEM, at=at)
    link = Distribution.objects.create(
        distributor=lead,
        reseller=world.partner,
        requested_at=at,
        requested_by=text,
        answered_at=at,
        answered_by=text,
        starts_on=timezone.localdate(),
    )
    lead, offer = _accepted_lead(world, product, text)
    return {
        "lead": lead,
        "offer": offer,
        "hold": hold.public_id,
        "participation": Participant.objects.get(partner=world.partner).public_id,
        "distribution": link.public_id,
        "distribution event": "end",
    }


def _accepted_lead(world: World, product: Product, text: str) -> tuple[str, str]:
    """A lead of a country that is the owner's alone, and its offer, accepted: company and contact are shown."""
    at = timezone.now()
    today = timezone.localdate()
    ExclusiveGrant.objects.create(partner=world.partner, countries=["LU"], starts_on=today)
    typed = NewLead(text, "LU", product.family_id, text, text, Decimal(5_000), contact_phone="+352 1")
    lead = offer_lead(create_lead(typed, by=SYSTEM, at=at).pk, by=SYSTEM, at=at)
    offer = LeadOffer.objects.get(lead=lead, partner=world.partner)
    seller = partner_queries.actor_of(User.objects.get(email=world.emails["seller"]))
    accept_offer(offer.public_id, by=seller, at=at)
    return lead.public_id, offer.public_id
