"""What keeps, changes and ends a protection: pages of the partner, and of the manager who answers."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.reasons import sentences
from common.requests import ActorRequest
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions import activity, changes, extensions, outcomes
from deals.actions.answers import draft_of
from deals.actions.attachments import attach
from deals.choices.conversation import Stream
from deals.choices.protections import CHANGED_FIELDS, Dimension, ExtensionStatus
from deals.forms.life import AnswerRequestForm, ChangeForm, ExtensionForm, SettleForm, StageForm, WordsForm
from deals.queries.calendar import promised_terms
from deals.queries.changes import ChangeRow, as_changed, find_change, open_change_of, pending_changes
from deals.queries.conversation import shared_files_of
from deals.queries.life import may_extend_on
from deals.queries.protections import find_extension, pending_extensions, protection_standing
from deals.queries.registrations import find_registration
from deals.queries.reviewers import reviewers
from deals.queries.reviews import known_customers
from deals.rules.permissions import may_act
from deals.views.assignments import giving
from deals.views.pages import words
from partners import queries as partner_queries

SHOWN = 100


def _deal(request: ActorRequest, public_id: str, capability: str) -> Any:
    """The registration, for those who may do this to it; to others it does not exist."""
    deal = find_registration(request.actor, public_id)
    if not may_act(request.actor, capability, deal.partner_id):
        raise NotFound("registration")
    return deal


def _done(request: ActorRequest, public_id: str, act: Callable[[], object], told: str) -> HttpResponse:
    """Do it and go back to the deal, telling what came of it."""
    try:
        act()
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, told)
    return redirect("deals:detail", public_id)


@login_required
def extend(request: ActorRequest, public_id: str) -> HttpResponse:
    """Ask for more time, with evidence."""
    deal, at = _deal(request, public_id, "registration.maintain"), timezone.now()
    form = ExtensionForm(request.POST or None, request.FILES or None, files=shared_files_of(deal))
    if request.method == "POST" and form.is_valid():
        try:
            extension = _extend(request, deal, form)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            granted = _("Granted: the protection is longer now.")
            messages.success(request, granted if extension.ends_after else _("Asked. A manager looks at it."))
            return redirect("deals:detail", public_id)
    terms = promised_terms(deal)
    context = {
        "deal": deal,
        "form": form,
        "terms": terms,
        "may": may_extend_on(deal, terms, at),
        "standing": protection_standing(deal, terms, at),
        "change": open_change_of(deal),
    }
    return render(request, "deals/life/extend.html", context, status=422 if form.is_bound else 200)


def _extend(request: ActorRequest, deal: Any, form: ExtensionForm) -> Any:
    """The file is kept only if the request is: both in one transaction."""
    at, typed = timezone.now(), form.cleaned_data
    with transaction.atomic():
        attachment_id = form.attachment_id()
        if file := typed["file"]:
            kept = attach(deal.pk, name=file.name, content=file.read(), stream=Stream.SHARED, by=request.actor, at=at)
            attachment_id = kept.pk
        return extensions.request_extension(
            deal.pk,
            words=typed["words"],
            evidence_on=typed["evidence_on"],
            attachment_id=attachment_id,
            by=request.actor,
            at=at,
        )


@login_required
@require_POST
def answer_extension(request: ActorRequest, public_id: str) -> HttpResponse:
    """A manager grants or refuses more time."""
    partner_queries.require(request.actor, "registration.review")
    found = find_extension(request.actor, public_id)
    form = AnswerRequestForm(request.POST)
    deal_id = found.registration.public_id
    if not form.is_valid():
        raise NotFound("verdict")
    said = form.cleaned_data
    act = extensions.grant_extension if said["verdict"] == "grant" else extensions.refuse_extension
    try:
        answered = act(found.pk, words=said["words"], by=request.actor, at=timezone.now())
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        if said["verdict"] == "grant" and answered.status != ExtensionStatus.GRANTED:
            messages.warning(request, _("Refused by rule: the customer is no longer free. The partner is told."))
        else:
            messages.success(request, _("Answered. The partner is told."))
    return redirect("deals:detail", deal_id)


@login_required
def change(request: ActorRequest, public_id: str) -> HttpResponse:
    """Change a protected deal: what is not material at once, the rest as the rules or a manager decide."""
    deal, at = _deal(request, public_id, "registration.maintain"), timezone.now()
    form = ChangeForm(request.POST or None, draft=draft_of(deal), products=crm_queries.product_choices())
    if request.method == "POST" and form.is_valid():
        try:
            proposed = changes.propose_change(deal.pk, typed=form.typed(), by=request.actor, at=at)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            told = {
                "applied": _("Changed."),
                "pending": _("A manager decides about the change. Until then everything stays as it is."),
            }
            if proposed.status in told:
                messages.success(request, told[proposed.status])
            else:
                messages.warning(request, _("The change was refused. Everything stays as it is."))
            return redirect("deals:detail", public_id)
    standing = protection_standing(deal, promised_terms(deal), at)
    context = {"deal": deal, "form": form, "standing": standing, "waiting": open_change_of(deal)}
    return render(request, "deals/life/change.html", context, status=422 if form.is_bound else 200)


@login_required
def settle_change(request: ActorRequest, public_id: str) -> HttpResponse:
    """A manager compares what was with what is to be, and decides."""
    partner_queries.require(request.actor, "registration.review")
    row = find_change(request.actor, public_id)
    deal = row.change.registration
    form = SettleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _settle(request, row, form.cleaned_data)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Decided. The partner is told why."))
            return redirect("deals:requests")
    about_customer = Dimension.CUSTOMER in row.change.dimensions
    context = {
        "deal": deal,
        "row": row,
        "form": form,
        "giving": giving(
            request.actor,
            row.change.assigned_to_id,
            reverse("deals:change-assign", args=[public_id]),
            people=reviewers(),
            at=timezone.now(),
        ),
        "customers": known_customers(as_changed(row)) if about_customer and row.is_pending else [],
        "about_customer": about_customer,
        "chosen": form.data.get("customer", ""),
        "changed_fields": CHANGED_FIELDS,
        "dimension_names": dict(Dimension.choices),
        **words(),
    }
    return render(request, "deals/life/settle.html", context, status=422 if form.is_bound else 200)


def _settle(request: ActorRequest, row: ChangeRow, said: Mapping[str, str]) -> None:
    """A manager who approves another customer says who that is; an unknown one gets no key, and the action says so."""
    named = said["customer"]
    if said["verdict"] == "approve" and Dimension.CUSTOMER in row.change.dimensions and not named:
        refusal("registration.customer_not_chosen", field="customer").or_refuse()
    customer_id = None if named in ("", "new") else crm_queries.customer_id_by_public_id(named) or 0
    changes.settle_change(
        row.change.pk,
        verdict=said["verdict"],
        words=said["words"],
        by=request.actor,
        at=timezone.now(),
        customer_id=customer_id,
    )


@login_required
@require_POST
def withdraw_change(request: ActorRequest, public_id: str) -> HttpResponse:
    """The partner takes back what waits."""
    row = find_change(request.actor, public_id)
    deal = _deal(request, row.change.registration.public_id, "registration.maintain")
    return _done(
        request,
        deal.public_id,
        lambda: changes.withdraw_change(row.change.pk, by=request.actor, at=timezone.now()),
        _("Taken back."),
    )


@login_required
@require_POST
def stage(request: ActorRequest, public_id: str) -> HttpResponse:
    """How far the selling has come."""
    deal, form = _deal(request, public_id, "registration.maintain"), StageForm(request.POST)
    chosen = form.cleaned_data["stage"] if form.is_valid() else ""
    return _done(
        request,
        public_id,
        lambda: activity.move_stage(deal.pk, stage=chosen, by=request.actor, at=timezone.now()),
        _("The sales stage is moved."),
    )


@login_required
def release(request: ActorRequest, public_id: str) -> HttpResponse:
    """The partner gives the customer up, after having read what that means."""
    deal = _deal(request, public_id, "registration.maintain")
    if request.method != "POST":
        return render(request, "deals/life/release.html", {"deal": deal})
    return _done(
        request,
        public_id,
        lambda: outcomes.release_registration(deal.pk, by=request.actor, at=timezone.now()),
        _("Given up: the customer is free."),
    )


@login_required
def revoke(request: ActorRequest, public_id: str) -> HttpResponse:
    """The vendor takes the protection back, in words that the partner reads."""
    deal = _deal(request, public_id, "registration.revoke")
    form = WordsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data["words"]
        try:
            outcomes.revoke_registration(deal.pk, words=said, by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Revoked. The partner is told why."))
            return redirect("deals:detail", public_id)
    return render(request, "deals/life/revoke.html", {"deal": deal, "form": form}, status=422 if form.is_bound else 200)


@login_required
def requests(request: ActorRequest) -> HttpResponse:
    """What partners ask for of their protections: more time, changes; the most urgent first."""
    partner_queries.require(request.actor, "registration.review")
    at = timezone.now()
    context = {
        "extensions": list(pending_extensions()[:SHOWN]),
        "changes": list(pending_changes(at)[:SHOWN]),
        "dimension_names": dict(Dimension.choices),
    }
    return render(request, "deals/life/requests.html", context)
