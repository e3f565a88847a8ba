"""The registration form: a new deal, or a draft that is finished."""

import uuid
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import KeyReused, NotFound, Refused
from common.idempotency import Answer, once
from common.reasons import sentence
from common.requests import ActorRequest
from common.verdict import Reason
from crm import queries as crm_queries
from deals.actions import registrations
from deals.choices.participants import ParticipantRole
from deals.forms.registrations import RegistrationForm
from deals.forms.rows import with_another
from deals.queries import registrations as deal_queries
from deals.queries.claimants import Claimant, claimants
from deals.queries.participants import participants_of
from deals.queries.preflight import earlier_customers
from deals.views.preflight import light_for, render_light

_MORE = {"add_line": "lines", "add_invited": "invited"}
_ASKED = ("check", "hold")


@login_required
def new(request: ActorRequest) -> HttpResponse:
    """Register a deal, or keep it as a draft."""
    offered = claimants_of(request)
    if request.method == "POST":
        return _receive(request, offered)
    initial = {"token": uuid.uuid4(), "partner": offered[0].public_id, "currency": offered[0].currency}
    return _show(request, registration_form(offered, initial=initial))


@login_required
def edit(request: ActorRequest, public_id: str) -> HttpResponse:
    """Finish a draft."""
    page = deal_queries.registration_page(request.actor, public_id, at=timezone.now())
    if not page.may_edit:
        raise NotFound("draft")
    deal = page.registration
    offered = [Claimant(deal.partner_id, deal.partner.public_id, deal.partner.name, deal.partner.currency)]
    if request.method == "POST":
        return _receive(request, offered, deal=deal)
    return _show(request, registration_form(offered, initial=_typed_before(page)), deal=deal)


@login_required
@require_POST
def check(request: ActorRequest) -> HttpResponse:
    """The light for what is typed so far: a fragment that is fetched while typing."""
    return render_light(request, registration_form(claimants_of(request), data=request.POST))


def _typed_before(page: deal_queries.RegistrationPage) -> dict[str, Any]:
    deal = page.registration
    typed: dict[str, Any] = {
        name: getattr(deal, name) for name in RegistrationForm.base_fields if name != "partner" and hasattr(deal, name)
    }
    lines = [
        {
            "product": line.product.public_id,
            "quantity": line.quantity,
            "amount": line.amount.quantize(deal_queries.CENT),
        }
        for line in page.lines
    ]
    invited = [
        {
            "role": row.role,
            "partner": row.partner.public_id if row.partner else "",
            "share": Decimal(row.share_bps) / 100,
        }
        for row in participants_of(deal)
        if row.role != ParticipantRole.LEAD
    ]
    known_by = ", ".join(filter(None, (deal.customer_domain, deal.customer_tax_id)))
    more = {"token": uuid.uuid4(), "partner": deal.partner.public_id, "known_by": known_by}
    return {**typed, **more, "lines": lines, "invited": invited}


def claimants_of(request: ActorRequest) -> list[Claimant]:
    """Those that this person may register for; none: the page does not exist."""
    found = claimants(request.actor, day=timezone.localdate())
    if not found:
        raise NotFound("registration form")
    return found


def registration_form(offered: list[Claimant], **kwargs: Any) -> RegistrationForm:
    return RegistrationForm(
        products=crm_queries.product_choices(), claimants=offered, day=timezone.localdate(), **kwargs
    )


def _show(
    request: ActorRequest, form: RegistrationForm, *, deal: Any = None, light: Any = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "deal": deal,
        "light": light,
        "own_customers": earlier_customers(request.actor.partner_ids),
        "several": len(form.claimants) > 1,
    }
    return render(request, "deals/form.html", context, status=status)


def _show_unsent(request: ActorRequest, form: RegistrationForm, deal: Any, light: Any = None) -> HttpResponse:
    form.leave_unchecked()
    return _show(request, form, deal=deal, light=light)


def _receive(request: ActorRequest, offered: list[Claimant], *, deal: Any = None) -> HttpResponse:
    """Act once per form that was shown, however often it is sent; keep what was typed if something is wrong."""
    for button, rows in _MORE.items():
        if button in request.POST:
            return _show_unsent(request, registration_form(offered, data=with_another(request.POST, rows)), deal)
    form = registration_form(offered, data=request.POST)
    if any(button in request.POST for button in _ASKED):
        return _show_unsent(request, form, deal, light_for(request, form))
    wants_submit = "save" not in request.POST
    if not (form.is_valid() if wants_submit else form.is_keepable()):
        return _show(request, form, deal=deal, status=422)
    draft, at = form.draft(deal.pk if deal else None), timezone.now()
    act = registrations.register_deal if wants_submit else registrations.save_draft

    def effect() -> Answer:
        return Answer(303, {"deal": act(draft, by=request.actor, at=at).public_id})

    try:
        answer = once(
            owner=request.actor.key,
            key=f"deals.form {form.cleaned_data['token']}",
            fingerprint=_fingerprint(request),
            effect=effect,
        )
    except KeyReused:
        form.add_error(None, sentence(Reason("registration.already_submitted")))
    except Refused as refused:
        form.show(refused.reasons)
    else:
        messages.success(request, _("Your registration was received.") if wants_submit else _("The draft is saved."))
        return redirect("deals:detail", answer.body["deal"])
    return _show(request, form, deal=deal, status=422)


def _fingerprint(request: ActorRequest) -> str:
    typed = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    return sha256(f"{request.path} {typed!r}".encode()).hexdigest()
