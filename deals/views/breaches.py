"""Breaches of protections: the list, and the page that says what went wrong and what is done about it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.money import round_amount
from common.requests import ActorRequest
from deals.actions.breaches import acknowledge_breach, reject_breach, settle_breach
from deals.choices.cases import BREACH_STATUS_COLOURS, BreachStatus
from deals.forms.cases import BREACH_FORMS, CaseFilterForm
from deals.forms.life import ReasonsForm
from deals.queries import breaches as queries
from deals.views.pages import words
from partners import queries as partner_queries

PAGE_SIZE = 50


@login_required
def breaches(request: ActorRequest) -> HttpResponse:
    """What direct sales did inside protections: a partner's own, or all of them; what is late to acknowledge first."""
    partner_queries.require(request.actor, "breach.view")
    chosen = CaseFilterForm(request.GET).chosen()
    found = queries.breach_list(request.actor, status=chosen["status"], search=chosen["q"])
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "is_narrowed": any(chosen.values()),
        "statuses": BreachStatus.choices,
        "late_count": queries.overdue_breach_count(timezone.now()) if request.actor.is_vendor else 0,
        "breach_colours": BREACH_STATUS_COLOURS,
        **words(),
    }
    return render(request, "deals/cases/breaches.html", context)


@login_required
def breach(request: ActorRequest, public_id: str) -> HttpResponse:
    """One breach, honestly."""
    return _show(request, public_id)


@login_required
@require_POST
def answer(request: ActorRequest, public_id: str, event: str) -> HttpResponse:
    """Acknowledge, settle or reject; only for those who may, to others the address does not exist."""
    page = queries.breach_page(request.actor, public_id)
    may = {"acknowledge": page.may_acknowledge, "settle": page.may_settle, "reject": page.may_reject}.get(event)
    if may is None or "actor.not_permitted" in may.codes:
        raise NotFound("breach")
    form = BREACH_FORMS[event](request.POST, prefix=event)
    if form.is_valid():
        try:
            _act(page.breach.pk, event, form.cleaned_data, request, timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Done. The partner is told."))
            return redirect("deals:breach", public_id)
    return _show(request, public_id, event=event, form=form)


def _act(breach_id: int, event: str, typed: dict[str, Any], request: ActorRequest, at: datetime) -> None:
    if event == "acknowledge":
        acknowledge_breach(breach_id, words=typed["words"], by=request.actor, at=at)
    elif event == "settle":
        settle_breach(breach_id, amount=typed["amount"], words=typed["words"], by=request.actor, at=at)
    else:
        reject_breach(breach_id, reason=typed["reason"], by=request.actor, at=at)


def _show(request: ActorRequest, public_id: str, *, event: str = "", form: ReasonsForm | None = None) -> HttpResponse:
    page = queries.breach_page(request.actor, public_id)
    proposed = {"settle": {"amount": round_amount(page.breach.amount, page.breach.currency)}}
    forms = {name: shape(prefix=name, initial=proposed.get(name)) for name, shape in BREACH_FORMS.items()}
    if form is not None:
        forms[event] = form
    context = {
        "page": page,
        "breach": page.breach,
        "deal": page.breach.registration,
        "forms": forms,
        "breach_colours": BREACH_STATUS_COLOURS,
        **words(),
    }
    return render(request, "deals/cases/breach.html", context, status=422 if form is not None else 200)
