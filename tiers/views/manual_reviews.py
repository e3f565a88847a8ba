"""Reviewing one partner at once."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.reasons import sentences
from common.requests import ActorRequest
from tiers.actions.manual_reviews import review_now
from tiers.queries.manual_reviews import review_page
from tiers.queries.overrides import ONE_DAY, day_of, overlay_on
from tiers.views.overrides import partner_of


@login_required
def manual_review(request: ActorRequest, public_id: str) -> HttpResponse:
    """What a review would measure, what the last ones found, and the button."""
    partner, at = partner_of(request, public_id), timezone.now()
    if request.method == "POST":
        try:
            review_now(partner.pk, by=request.actor, at=at)
        except Refused as refused:
            for text in sentences(refused.reasons):
                messages.error(request, text)
        else:
            messages.success(request, _("Reviewed."))
        return redirect("tiers:review-now", public_id)
    today = day_of(at)
    context = {
        "page": review_page(request.actor, partner.pk),
        "partner": partner,
        "yesterday": today - ONE_DAY,
        "overlay": overlay_on(partner.pk, today),
    }
    return render(request, "tiers/review_now.html", context)
