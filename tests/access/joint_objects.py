"""What the owner holds, is invited to, and has agreed with a distributor."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from common.actor import SYSTEM
from crm.models import Product
from crm.rules.matching import CustomerIdentity
from deals.actions.participants import invite_participants
from deals.actions.pencils import hold_customer
from deals.actions.registrations import register_deal
from deals.models import Participant
from deals.rules.drafts import DraftLine, RegistrationDraft
from deals.rules.participants import Share
from deals.rules.preflight import PreflightQuestion
from partners.models import Distribution
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
    return {
        "hold": hold.public_id,
        "participation": Participant.objects.get(partner=world.partner).public_id,
        "distribution": link.public_id,
        "distribution event": "end",
    }
