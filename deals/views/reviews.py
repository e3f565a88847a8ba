"""The channel manager's queue, and one review with both customers side by side."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.requests import ActorRequest
from common.verdict import Reason, refusal
from crm import queries as crm_queries
from deals.actions.reviews import approve_registration, reject_registration
from deals.choices.engagement import COMPARED_FIELDS, MATCH_KINDS
from deals.forms.reviews import ReviewForm
from deals.queries import reviews as review_queries
from deals.queries.registrations import find_registration
from deals.views.pages import words
from partners import queries as partner_queries

PAGE_SIZE = 100


@login_required
def queue(request: ActorRequest) -> HttpResponse:
    """What waits for a decision, least time left first."""
    partner_queries.require(request.actor, "registration.review")
    waiting = list(review_queries.review_queue()[: PAGE_SIZE + 1])
    context = {
        "waiting": waiting[:PAGE_SIZE],
        "has_more": len(waiting) > PAGE_SIZE,
        "late_count": review_queries.overdue_count(timezone.now()),
        **words(),
    }
    return render(request, "deals/queue.html", context)


@login_required
def review(request: ActorRequest, public_id: str) -> HttpResponse:
    """Compare, then approve or reject with a reason that the partner reads."""
    partner_queries.require(request.actor, "registration.review")
    reasons: tuple[Reason, ...] = ()
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        following = review_queries.next_in_queue(public_id)
        try:
            _decide(request, public_id, form.cleaned_data)
        except Refused as refused:
            reasons = refused.reasons
        else:
            messages.success(request, _("Decided. The partner is told why."))
            return redirect("deals:review", following) if following else redirect("deals:queue")
    page = review_queries.review_page(request.actor, public_id)
    context = {
        "page": page,
        "deal": page.registration,
        "form": form,
        "reasons": reasons,
        "chosen": form.data.get("customer")
        or next((found.public_id for found in page.customers if found.is_matched), ""),
        "match_kinds": MATCH_KINDS,
        "field_names": COMPARED_FIELDS,
        **words(),
    }
    return render(request, "deals/review.html", context, status=422 if request.method == "POST" else 200)


def _decide(request: ActorRequest, public_id: str, chosen: dict[str, str]) -> None:
    deal = find_registration(request.actor, public_id)
    at = timezone.now()
    if chosen["decision"] == "reject":
        reject_registration(deal.pk, reason=chosen["reason"], by=request.actor, at=at)
        return
    named = chosen["customer"]
    if not named and deal.customer_id is None:
        refusal("registration.customer_not_chosen", field="customer").or_refuse()
    customer_id = None
    if named and named != "new":
        customer_id = crm_queries.customer_id_by_public_id(named) or 0  # unknown: the action says so
    approve_registration(deal.pk, reason=chosen["reason"], by=request.actor, at=at, customer_id=customer_id)
