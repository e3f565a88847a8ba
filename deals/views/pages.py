"""Lists and pages of deals, what can be done with one, and the published rules."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.reasons import sentences
from common.requests import ActorRequest
from deals.actions import outcomes, registrations
from deals.choices.engagement import VERDICT_COLOURS, RuleVerdict
from deals.choices.registrations import STATUS_COLOURS, RegistrationStatus
from deals.forms.registrations import DealFilterForm, LostForm
from deals.queries import registrations as deal_queries
from deals.queries.decisions import receipts_of
from deals.queries.rulebooks import named_customers, published_rulebook
from deals.queries.timelines import timeline_of
from partners import queries as partner_queries


def words() -> dict[str, object]:
    """Names and colours of states and verdicts, for templates."""
    return {
        "status_names": dict(RegistrationStatus.choices),
        "status_colours": STATUS_COLOURS,
        "verdict_names": dict(RuleVerdict.choices),
        "verdict_colours": VERDICT_COLOURS,
        "base_currency": settings.BASE_CURRENCY,
    }


@login_required
def deal_list(request: ActorRequest) -> HttpResponse:
    """A partner's deals, for its people; everybody's, for the vendor's channel."""
    partner_queries.require(request.actor, "registration.view")
    chosen = DealFilterForm(request.GET).chosen()
    page = deal_queries.registration_list(
        request.actor,
        at=timezone.now(),
        narrowing=deal_queries.Narrowing(chosen["q"], chosen["status"], chosen["sort"], chosen["after"]),
    )
    context = {
        "page": page,
        "chosen": chosen,
        "is_narrowed": bool(chosen["q"] or chosen["status"]),
        "statuses": RegistrationStatus.choices,
        "default_sort": deal_queries.DEFAULT_SORT,
        "saved_views": partner_queries.saved_views_for(request.actor, "deals.list"),
        **words(),
    }
    return render(request, "deals/list.html", context)


@login_required
def detail(request: ActorRequest, public_id: str) -> HttpResponse:
    """One deal: where it stands, what it is about, what happened, what can be done."""
    at = timezone.now()
    page = deal_queries.registration_page(request.actor, public_id, at=at)
    context = {
        "page": page,
        "deal": page.registration,
        "timeline": timeline_of(page.registration, receipts_of(request.actor, page.registration), at=at),
        "lost_form": LostForm(),
        **words(),
    }
    return render(request, "deals/detail.html", context)


@login_required
def receipt(request: ActorRequest, public_id: str) -> HttpResponse:
    """Why it was decided so: every rule's verdict, as far as this reader may see it."""
    registration = deal_queries.find_registration(request.actor, public_id)
    receipts = receipts_of(request.actor, registration)
    if not receipts:
        raise NotFound("receipt")
    context = {"deal": registration, "receipts": receipts[::-1], **words()}
    return render(request, "deals/receipt.html", context)


@login_required
@require_POST
def happen(request: ActorRequest, public_id: str, event: str) -> HttpResponse:
    """Submit a draft, withdraw, win or lose a deal."""
    deal = deal_queries.find_registration(request.actor, public_id)
    at = timezone.now()
    try:
        if event == "submit":
            registrations.submit_registration(deal.pk, by=request.actor, at=at)
        elif event == "withdraw":
            registrations.withdraw_registration(deal.pk, by=request.actor, at=at)
        elif event == "win":
            outcomes.win_registration(deal.pk, by=request.actor, at=at)
        elif event == "lose":
            reason = request.POST.get("reason", "")
            outcomes.lose_registration(deal.pk, reason=reason, by=request.actor, at=at)
        else:
            raise NotFound(event)
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("Done."))
    return redirect("deals:detail", public_id)


@login_required
def rules(request: ActorRequest) -> HttpResponse:
    """The rules of engagement as they are in force today, and the list of named accounts."""
    partner_queries.require(request.actor, "registration.view")
    day = timezone.localdate()
    context = {"rulebook": published_rulebook(day), "named": named_customers(day), **words()}
    return render(request, "deals/rules.html", context)
