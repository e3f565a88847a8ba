"""Leads: the vendor's list, form and page; the offers that a partner accepts or declines."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.downloads import csv_file
from common.errors import NotFound, Refused
from common.reasons import sentences
from common.requests import ActorRequest
from crm import queries as crm_queries
from deals.actions import leads as actions
from deals.choices.leads import ANSWER_COLOURS, LEAD_STATUS_COLOURS, LeadStatus
from deals.forms.cases import CaseFilterForm
from deals.forms.leads import DeclineForm, LeadForm
from deals.queries import leads as queries
from partners import queries as partner_queries

PAGE_SIZE = 50


def lead_words() -> dict[str, object]:
    """Colours of states and answers, and the currency of values, for templates."""
    return {
        "lead_colours": LEAD_STATUS_COLOURS,
        "answer_colours": ANSWER_COLOURS,
        "base_currency": settings.BASE_CURRENCY,
    }


@login_required
def leads(request: ActorRequest) -> HttpResponse:
    """All leads, the newest first."""
    partner_queries.require(request.actor, "lead.view")
    chosen = CaseFilterForm(request.GET).chosen()
    found = queries.lead_list(request.actor, status=chosen["status"], search=chosen["q"])
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "is_narrowed": any(chosen.values()),
        "statuses": LeadStatus.choices,
        "saved_views": partner_queries.saved_views_for(request.actor, "deals.leads"),
        **lead_words(),
    }
    return render(request, "deals/leads/list.html", context)


@login_required
def export(request: ActorRequest) -> HttpResponseBase:
    """The list as a file for a spreadsheet, narrowed like the page, with its columns."""
    partner_queries.require(request.actor, "lead.view")
    chosen = CaseFilterForm(request.GET).chosen()
    found = queries.lead_list(request.actor, status=chosen["status"], search=chosen["q"])
    return csv_file("leads.csv", [queries.LEAD_COLUMNS], queries.lead_cells(found, settings.BASE_CURRENCY))


@login_required
def new(request: ActorRequest) -> HttpResponse:
    """Enter a lead; on its page one sees whom it would be offered to before anybody is asked."""
    partner_queries.require(request.actor, "lead.manage")
    families = [(family.pk, family.name) for family in crm_queries.families()]
    form = LeadForm(request.POST if request.method == "POST" else None, families=families)
    if form.is_bound and form.is_valid():
        try:
            lead = actions.create_lead(form.typed(), by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            return redirect("deals:lead", lead.public_id)
    return render(request, "deals/leads/new.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
def lead(request: ActorRequest, public_id: str) -> HttpResponse:
    """One lead: whom it was offered to and why, and why not to others."""
    page = queries.lead_page(request.actor, public_id, at=timezone.now())
    return render(request, "deals/leads/lead.html", {"page": page, "lead": page.lead, **lead_words()})


@login_required
@require_POST
def offer_on(request: ActorRequest, public_id: str) -> HttpResponse:
    """Offer it to the best partner."""
    return _happen(request, public_id, actions.offer_lead, _("Done."))


@login_required
@require_POST
def close(request: ActorRequest, public_id: str) -> HttpResponse:
    """Stop asking."""
    return _happen(request, public_id, actions.close_lead, _("The lead is closed."))


def _happen(request: ActorRequest, public_id: str, act: Callable[..., object], done: str) -> HttpResponse:
    found = queries.find_lead(request.actor, public_id)
    partner_queries.require(request.actor, "lead.manage")
    try:
        act(found.pk, by=request.actor, at=timezone.now())
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, done)
    return redirect("deals:lead", public_id)


@login_required
def offers(request: ActorRequest) -> HttpResponse:
    """What was offered to one's companies, the newest first."""
    partner_queries.require(request.actor, "lead.answer")
    at = timezone.now()
    found = queries.offers_visible_to(request.actor).order_by("-offered_at", "-pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [queries.as_shown(each, at=at) for each in page]
    return render(request, "deals/leads/offers.html", {"page": page, "rows": rows, **lead_words()})


@login_required
def offer(request: ActorRequest, public_id: str) -> HttpResponse:
    """An offer with its countdown; accepted, with the company and whom to talk to."""
    at = timezone.now()
    found = queries.find_own_offer(request.actor, public_id)
    form = DeclineForm(request.POST if "decline" in request.POST else None)
    if request.method == "POST":
        answer = _answer(request, public_id, form)
        if answer is not None:
            return answer
    context = {
        "offer": queries.as_shown(found, at=at),
        "form": form,
        **lead_words(),
    }
    return render(request, "deals/leads/offer.html", context, status=422 if form.is_bound else 200)


def _answer(request: ActorRequest, public_id: str, form: DeclineForm) -> HttpResponse | None:
    """Accept or decline; None if something is wrong with the words."""
    at, by = timezone.now(), request.actor
    if "accept" not in request.POST and "decline" not in request.POST:
        raise NotFound("answer")
    try:
        if "accept" in request.POST:
            actions.accept_offer(public_id, by=by, at=at)
            messages.success(request, _("The lead is yours. Go on with the draft of the deal."))
        elif form.is_valid():
            actions.decline_offer(public_id, words=form.cleaned_data["words"], by=by, at=at)
            messages.success(request, _("Declined. Thank you for the answer."))
    except Refused as refused:
        if "decline" in request.POST and any(reason.field for reason in refused.reasons):
            form.show(refused.reasons)
            return None
        for text in sentences(refused.reasons):
            messages.error(request, text)
    if form.is_bound and not form.is_valid():
        return None
    return redirect("deals:offer", public_id)
