"""Customers that may be one company: look at two of them side by side, and make them one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from common.errors import NotFound, Refused
from common.requests import ActorRequest
from deals.actions.merges import merge_duplicates
from deals.queries import duplicates as queries
from deals.views.pages import words
from partners import rules as partner_rules

PAGE_SIZE = 10


@login_required
@require_GET
def duplicates(request: ActorRequest) -> HttpResponse:
    """Customers with the others that they may be: those that partners brought, or those that are searched for."""
    if not partner_rules.may(request.actor, "customer.merge"):
        raise NotFound("duplicates")
    typed = request.GET.get("q", "")
    found = queries.suspected(request.actor, words=typed)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {**words(), "page": page, "suspects": queries.suspects(page.object_list), "typed": typed.strip()}
    return render(request, "deals/merges/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def merge(request: ActorRequest, kept: str, lost: str) -> HttpResponse:
    """Two customers side by side; a post makes the second a spelling of the first."""
    at = timezone.now()
    page = queries.merge_page(request.actor, kept, lost, at=at)
    reasons = page.verdict.reasons
    if request.method == "POST":
        try:
            merge_duplicates(kept, lost, by=request.actor, at=at)
        except Refused as refused:
            reasons = refused.reasons
        else:
            told = _("%(lost)s is a spelling of %(kept)s from now on.")
            names = {"lost": page.lost.customer.legal_name, "kept": page.kept.customer.legal_name}
            messages.success(request, told % names)
            return redirect("deals:duplicates")
    context = {**words(), "page": page, "reasons": reasons, "sides": (page.kept, page.lost)}
    return render(request, "deals/merges/merge.html", context, status=422 if request.method == "POST" else 200)
