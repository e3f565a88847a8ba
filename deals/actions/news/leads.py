"""Telling a partner that a lead is offered to it, or no longer; and the vendor's people what became of it.

Run from the outbox, after the commit. A partner is told nothing of the company before it has accepted.
"""

from datetime import datetime

from django.urls import reverse

from deals.choices.leads import NOTICES
from deals.models import Lead, LeadOffer
from partners import queries as partner_queries
from partners.actions.notices import notify

ROLES = ("admin", "seller")
STAFF = ("channel_manager",)


def tell_lead_news(*, code: str, lead_id: int, offer_id: int | None, at: datetime) -> None:
    """Tell either side, each thing once. `offer_id` None: nobody is left to offer the lead to."""
    lead = Lead.objects.select_related("family").get(pk=lead_id)
    offer = LeadOffer.objects.select_related("partner").get(pk=offer_id) if offer_id else None
    if offer is not None and code in NOTICES["lead_offers"].codes:
        notify(
            partner_queries.people_of_partner(offer.partner_id, ROLES),
            kind="lead_offers",
            code=code,
            params={"family": lead.family.name, "country": lead.customer_country},
            url=reverse("deals:offer", args=[offer.public_id]),
            about=offer.public_id,
            dedup=f"{offer.public_id} {code}",
            at=at,
        )
        return
    notify(
        partner_queries.people_with_vendor_role(*STAFF),
        kind="lead_answers",
        code=code,
        params={"customer": lead.customer_name, "partner": offer.partner.name if offer else ""},
        url=reverse("deals:lead", args=[lead.public_id]),
        about=lead.public_id,
        dedup=f"{offer.public_id if offer else lead.public_id} {code}",
        at=at,
    )
