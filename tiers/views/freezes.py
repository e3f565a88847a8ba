"""Freezes: setting one, and one with its early end."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import NotFound, Refused
from common.requests import ActorRequest
from tiers.actions.freezes import end_freeze, set_freeze
from tiers.choices.overrides import OVERLAY_COLOURS
from tiers.forms.overrides import EndForm, FreezeForm
from tiers.queries.overlays import freeze_page
from tiers.queries.overrides import day_of, freeze_verdict
from tiers.views.overrides import partner_of


@login_required
def new_freeze(request: ActorRequest, public_id: str) -> HttpResponse:
    """Keep a partner at its level for a time."""
    partner, at = partner_of(request, public_id), timezone.now()
    form = FreezeForm(request.POST if request.method == "POST" else None, today=day_of(at))
    if form.is_bound:
        try:
            if form.is_valid():
                made = set_freeze(form.typed(partner.pk), by=request.actor, at=at)
                messages.success(request, _("Frozen. The partner is told."))
                return redirect("tiers:freeze", made.public_id)
            form.show_besides(freeze_verdict(form.typed(partner.pk), day=day_of(at)).reasons)
        except Refused as refused:
            form.show(refused.reasons)
    context = {"form": form, "partner": partner}
    return render(request, "tiers/freeze_new.html", context, status=422 if form.is_bound else 200)


@login_required
def freeze(request: ActorRequest, public_id: str) -> HttpResponse:
    """One freeze; whoever may ends it here."""
    at = timezone.now()
    page = freeze_page(request.actor, public_id, at=at)
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_bound and "actor.not_permitted" in page.may_stop.codes:
        raise NotFound("deed")
    if form.is_bound and form.is_valid():
        try:
            end_freeze(public_id, reason=form.cleaned_data["reason"], by=request.actor, at=at)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Ended early. The partner is told."))
            return redirect("tiers:freeze", public_id)
    context = {"page": page, "freeze": page.freeze, "form": form, "colours": OVERLAY_COLOURS}
    return render(request, "tiers/freeze.html", context, status=422 if form.is_bound else 200)
