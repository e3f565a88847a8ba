"""The first page, by who asks."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from common.requests import ActorRequest
from deals.choices.registrations import STATUS_COLOURS, RegistrationStatus
from incentives.choices import STATEMENT_STATUS_COLOURS
from insights.queries.home import partner_home, vendor_home
from partners import queries as partner_queries
from tiers.choices.programmes import LEVEL_COLOURS


@login_required
def home(request: ActorRequest) -> HttpResponse:
    """Partner's people see their own business, vendor staff what waits for them; the CEO gets the dashboard."""
    actor, at = request.actor, timezone.now()
    words = {
        "status_colours": STATUS_COLOURS,
        "status_names": dict(RegistrationStatus.choices),
        "statement_colours": STATEMENT_STATUS_COLOURS,
        "level_colours": LEVEL_COLOURS,
        "currency": settings.BASE_CURRENCY,
    }
    if actor.vendor_roles == {"ceo"}:
        return redirect("insights:dashboard")
    if actor.is_vendor:
        return render(request, "home/vendor.html", {"page": vendor_home(actor, at=at), **words})
    partner = partner_queries.home_partner_of(actor)
    if partner is None:
        return render(request, "home/nobody.html")
    return render(request, "home/partner.html", {"page": partner_home(actor, partner, at=at), **words})
