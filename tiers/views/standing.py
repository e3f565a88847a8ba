"""The tier page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from common.errors import NotFound
from common.requests import ActorRequest
from partners import queries as partner_queries
from tiers.queries.pages import standing_page_for


@login_required
def own_standing(request: ActorRequest) -> HttpResponse:
    """Where the reader's own partner stands; the vendor's people have none and find nothing here."""
    partner = partner_queries.home_partner_of(request.actor)
    if partner is None:
        raise NotFound("tier")
    return _standing_of(request, partner.pk, partner.name)


@login_required
def partner_standing(request: ActorRequest, public_id: str) -> HttpResponse:
    """Where a partner stands, for the vendor and its own people; to its rivals it does not exist."""
    partner = partner_queries.partners_visible_to(request.actor).filter(public_id=public_id).first()
    if partner is None:
        raise NotFound(public_id)
    return _standing_of(request, partner.pk, partner.name)


def _standing_of(request: ActorRequest, partner_id: int, partner_name: str) -> HttpResponse:
    partner_queries.require(request.actor, "tier.view", partner_id)
    page = standing_page_for(partner_id, day=timezone.localdate())
    context = {"page": page, "partner_name": partner_name}
    return render(request, "tiers/standing.html", context)
