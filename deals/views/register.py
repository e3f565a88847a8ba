"""The registration form: a new deal, or a draft that is finished."""

import uuid
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import KeyReused, NotFound, Refused
from common.idempotency import Answer, once
from common.reasons import sentence
from common.requests import ActorRequest
from common.verdict import Reason
from crm import queries as crm_queries
from deals.actions import registrations
from deals.forms.registrations import RegistrationForm
from deals.queries import registrations as deal_queries
from partners import queries as partner_queries
from partners import rules as partner_rules


@login_required
def new(request: ActorRequest) -> HttpResponse:
    """Register a deal, or keep it as a draft."""
    partners = _partners_of(request)
    if request.method == "POST":
        return _receive(request, partners)
    currency = next(iter(partner_queries.partner_profiles([partners[0][0]]).values())).currency
    initial = {"token": uuid.uuid4(), "partner": partners[0][0], "currency": currency}
    return _show(request, _form(partners, initial=initial))


@login_required
def edit(request: ActorRequest, public_id: str) -> HttpResponse:
    """Finish a draft."""
    page = deal_queries.registration_page(request.actor, public_id, at=timezone.now())
    if not page.may_edit:
        raise NotFound("draft")
    deal = page.registration
    partners = [(deal.partner_id, deal.partner.name)]
    if request.method == "POST":
        return _receive(request, partners, registration_id=deal.pk)
    initial: dict[str, Any] = {
        name: getattr(deal, name) for name in RegistrationForm.base_fields if hasattr(deal, name)
    }
    lines = [
        {
            "product": line.product.public_id,
            "quantity": line.quantity,
            "amount": line.amount.quantize(deal_queries.CENT),
        }
        for line in page.lines
    ]
    initial |= {"token": uuid.uuid4(), "partner": deal.partner_id, "lines": lines}
    return _show(request, _form(partners, initial=initial, line_count=0 if lines else 1), deal=deal)


def _partners_of(request: ActorRequest) -> list[tuple[int, str]]:
    """The partners that this person may register for; none: the page does not exist."""
    mine = [pk for pk in request.actor.partner_ids if partner_rules.may(request.actor, "registration.create", pk)]
    profiles = partner_queries.partner_profiles(mine)
    if not profiles:
        raise NotFound("registration form")
    return sorted(((pk, profile.name) for pk, profile in profiles.items()), key=lambda pair: pair[1])


def _form(partners: list[tuple[int, str]], **kwargs: Any) -> RegistrationForm:
    return RegistrationForm(
        products=crm_queries.product_choices(), partners=partners, day=timezone.localdate(), **kwargs
    )


def _show(request: ActorRequest, form: RegistrationForm, *, deal: Any = None, status: int = 200) -> HttpResponse:
    return render(request, "deals/form.html", {"form": form, "deal": deal}, status=status)


def _receive(
    request: ActorRequest, partners: list[tuple[int, str]], *, registration_id: int | None = None
) -> HttpResponse:
    """Act once per form that was shown, however often it is sent; keep what was typed if something is wrong."""
    if "add_line" in request.POST:
        return _show(request, _with_another_line(request, partners))
    form = _form(partners, data=request.POST)
    wants_submit = "save" not in request.POST
    if not (form.is_valid() if wants_submit else form.is_keepable()):
        return _show(request, form, status=422)
    draft, at = form.draft(registration_id), timezone.now()
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
    return _show(request, form, status=422)


def _with_another_line(request: ActorRequest, partners: list[tuple[int, str]]) -> RegistrationForm:
    """The same form as typed, unchecked, with one more row."""
    typed = request.POST.copy()
    count = typed.get("lines-TOTAL_FORMS", "1")
    typed["lines-TOTAL_FORMS"] = str(min(int(count) if count.isascii() and count.isdigit() else 1, 100) + 1)
    return _form(partners, data=typed)


def _fingerprint(request: ActorRequest) -> str:
    typed = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    return sha256(f"{request.path} {typed!r}".encode()).hexdigest()
