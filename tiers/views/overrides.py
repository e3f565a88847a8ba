"""Overrides: the list with the freezes, asking for one, and one with its answer and its early end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.downloads import csv_file
from common.errors import NotFound, Refused
from common.requests import ActorRequest
from partners import queries as partner_queries
from tiers.actions import overrides as actions
from tiers.choices.overrides import OVERLAY_COLOURS, OverlayKind, OverlayState
from tiers.forms.overrides import AnswerForm, EndForm, OverlayFilterForm, OverrideForm, RefusedForm
from tiers.queries import overlays as queries
from tiers.queries.overrides import day_of, held_level, request_verdict

PAGE_SIZE = 50
LIST = "tiers.overrides"


def partner_of(request: ActorRequest, public_id: str) -> Any:
    """The partner whose level the actor may override; `NotFound` for everybody else, as if there were none."""
    partner_queries.require(request.actor, "tier.override")
    partner = partner_queries.partners_visible_to(request.actor).filter(public_id=public_id).first()
    if partner is None:
        raise NotFound("partner")
    return partner


@login_required
def overrides(request: ActorRequest) -> HttpResponse:
    """Overrides and freezes, those that wait for a second person first."""
    partner_queries.require(request.actor, "tier.board")
    day, chosen = day_of(timezone.now()), OverlayFilterForm(request.GET).chosen()
    found = queries.overlay_list(request.actor, chosen, day=day)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": queries.overlay_rows(page),
        "waiting": queries.waiting_count(day),
        "chosen": chosen,
        "is_narrowed": any((chosen.q, chosen.kind, chosen.state, chosen.level)),
        "kinds": OverlayKind.choices,
        "states": OverlayState.choices,
        "levels": queries.levels_in_use(),
        "colours": OVERLAY_COLOURS,
        "saved_views": partner_queries.saved_views_for(request.actor, LIST),
    }
    return render(request, "tiers/overrides.html", context)


@login_required
def export(request: ActorRequest) -> HttpResponseBase:
    """The list as a file for a spreadsheet, narrowed like the page."""
    partner_queries.require(request.actor, "tier.board")
    chosen = OverlayFilterForm(request.GET).chosen()
    found = queries.overlay_list(request.actor, chosen, day=day_of(timezone.now()))
    return csv_file("overrides.csv", [queries.OVERLAY_COLUMNS], queries.overlay_cells(found))


@login_required
def new_override(request: ActorRequest, public_id: str) -> HttpResponse:
    """Ask that a partner has another level for a time."""
    partner, at = partner_of(request, public_id), timezone.now()
    today = day_of(at)
    programme, held = held_level(partner.pk, today)
    levels = [(level.code, level.name) for level in programme.levels]
    form = OverrideForm(request.POST if request.method == "POST" else None, today=today, levels=levels)
    if form.is_bound:
        try:
            if form.is_valid():
                made = actions.request_override(form.typed(partner.pk), by=request.actor, at=at)
                messages.success(request, _("Requested. It counts once a second person has approved it."))
                return redirect("tiers:override", made.public_id)
            form.show_besides(request_verdict(form.typed(partner.pk), day=today).reasons)
        except Refused as refused:
            form.show(refused.reasons)
    context = {"form": form, "partner": partner, "held": held}
    return render(request, "tiers/override_new.html", context, status=422 if form.is_bound else 200)


@login_required
def override(request: ActorRequest, public_id: str) -> HttpResponse:
    """One override; whoever may answers, withdraws or ends it here."""
    page = queries.override_page(request.actor, public_id, at=timezone.now())
    form: RefusedForm | None = None
    if request.method == "POST":
        deed = request.POST.get("deed", "")
        if not _is_open_to_reader(page, deed):
            raise NotFound("deed")
        form = _FORMS[deed](request.POST)
        if _is_done(deed, public_id, form, request):
            return redirect("tiers:override", public_id)
    context = {
        "page": page,
        "override": page.override,
        "refused": form,
        "answer_form": form if isinstance(form, AnswerForm) else AnswerForm(),
        "end_form": form if isinstance(form, EndForm) else EndForm(),
        "colours": OVERLAY_COLOURS,
    }
    return render(request, "tiers/override.html", context, status=422 if form else 200)


_FORMS: dict[str, type[RefusedForm]] = {
    "approve": AnswerForm,
    "decline": AnswerForm,
    "withdraw": RefusedForm,
    "end": EndForm,
}


def _is_open_to_reader(page: queries.OverridePage, deed: str) -> bool:
    """Whether it is a deed of somebody like this reader; all else that stands against it is said on the page."""
    may = {"approve": page.may_decide, "decline": page.may_decide, "withdraw": page.may_withdraw, "end": page.may_stop}
    return deed in may and "actor.not_permitted" not in may[deed].codes


def _is_done(deed: str, public_id: str, form: RefusedForm, request: ActorRequest) -> bool:
    """Do it; otherwise every problem is in the form."""
    if not form.is_valid():
        return False
    by, at, typed = request.actor, timezone.now(), form.cleaned_data
    try:
        match deed:
            case "approve":
                actions.approve_override(public_id, answer=typed["answer"], by=by, at=at)
                messages.success(request, _("Approved. The partner is told."))
            case "decline":
                actions.decline_override(public_id, reason=typed["answer"], by=by, at=at)
                messages.success(request, _("Declined. Whoever asked is told why."))
            case "withdraw":
                actions.withdraw_override(public_id, by=by, at=at)
                messages.success(request, _("Withdrawn."))
            case _:
                actions.end_override(public_id, reason=typed["reason"], by=by, at=at)
                messages.success(request, _("Ended early. The partner is told."))
    except Refused as refused:
        form.show(refused.reasons)
        return False
    return True
