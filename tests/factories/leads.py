"""Leads for tests, made by the program's own actions."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from common.actor import SYSTEM
from deals.actions.leads import create_lead, offer_lead
from deals.models import Lead, LeadOffer
from deals.rules.leads import NewLead
from tests.factories.deals import Channel

COMPANY = "Hidden Company AG"
CONTACT = "Hedwig Hidden"


def a_lead(channel: Channel, *, at: datetime, **typed: Any) -> Lead:
    values: dict[str, Any] = {
        "customer_name": COMPANY,
        "customer_country": "DE",
        "family_id": channel.product.family_id,
        "contact_name": CONTACT,
        "contact_email": "hedwig@hidden.example",
        "words": "They need forty seats.",
        "value": Decimal("12000.00"),
        **typed,
    }
    return create_lead(NewLead(**values), by=SYSTEM, at=at)


def an_offer(channel: Channel, *, at: datetime, **typed: Any) -> LeadOffer:
    """Waits for the answer of whoever is best; of equals the channel's partner, who was there first."""
    lead = offer_lead(a_lead(channel, at=at, **typed).pk, by=SYSTEM, at=at)
    return LeadOffer.objects.select_related("lead").get(lead=lead, answer="waiting")
