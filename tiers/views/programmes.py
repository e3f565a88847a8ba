"""The programme as everybody reads it, as of any day; its drafts, and how the channel chief publishes and withdraws."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.reasons import sentence
from common.requests import ActorRequest
from common.verdict import refusal
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.actions import drafts as draft_actions
from tiers.actions import programmes as actions
from tiers.choices.programmes import REVISION_COLOURS, VERSION_COLOURS
from tiers.choices.simulations import STATUS_COLOURS
from tiers.forms.programme import DayForm, DraftNameForm, ProgrammeForm, PublishForm, WithdrawForm
from tiers.forms.sheet import sheet_of, typed_sheet
from tiers.queries import drafts as queries
from tiers.queries.overrides import day_of
from tiers.queries.programme_pages import draft_in_words, programme_page_for
from tiers.queries.programmes import withdrawable_version
from tiers.rules.content import fingerprint
from tiers.rules.programme_changes import Publication

DRAFT = "tiers:programme-draft"


def _today() -> date:
    return day_of(timezone.now())


@login_required
def programme(request: ActorRequest) -> HttpResponse:
    """The programme in force on a day, what comes and what that means for the reader, every version, and drafts."""
    partner_queries.require(request.actor, "tier.view")
    today = _today()
    form = DayForm(request.GET or None)
    day = (form.cleaned_data["day"] if form.is_valid() else None) or today
    context = {
        "page": programme_page_for(request.actor, day=day, today=today),
        "day": day,
        "today": today,
        "day_form": DayForm(initial={"day": day}),
        "drafts": queries.open_drafts(request.actor),
        "may_draft": partner_rules.may(request.actor, "programme.draft").allowed,
        "withdrawable": withdrawable_version(today)
        if partner_rules.may(request.actor, "programme.publish").allowed
        else None,
        "version_colours": VERSION_COLOURS,
        "revision_colours": REVISION_COLOURS,
    }
    return render(request, "tiers/programme.html", context)


@login_required
def draft(request: ActorRequest, public_id: str) -> HttpResponse:
    """A draft as partners would read it, what differs from the version in force, and its simulations."""
    row = queries.find_draft(request.actor, public_id)
    context = {
        "row": row,
        "said": draft_in_words(row, day=_today()),
        "simulations": queries.simulations_of(row),
        "is_simulated": queries.is_simulated(row),
        "may_publish": partner_rules.may(request.actor, "programme.publish").allowed,
        "revision_colours": REVISION_COLOURS,
        "simulation_colours": STATUS_COLOURS,
    }
    return render(request, "tiers/programme_draft.html", context)


@login_required
def new(request: ActorRequest) -> HttpResponse:
    """Name a draft and say what it begins with."""
    partner_queries.require(request.actor, "programme.draft")
    form = DraftNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            made = draft_actions.draft_programme(
                name=typed["name"], from_default=typed["start"] == "default", by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(reason.field or None, sentence(reason))
        else:
            return redirect("tiers:programme-edit", made.public_id)
    return render(request, "tiers/programme_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
def copy(request: ActorRequest, public_id: str) -> HttpResponse:
    """Go on from a draft without touching it."""
    row = queries.find_draft(request.actor, public_id)
    made = draft_actions.copy_draft(row.pk, by=request.actor, at=timezone.now())
    messages.success(request, _("This is the copy: “%(name)s”.") % {"name": made.name})
    return redirect(DRAFT, made.public_id)


@login_required
def edit(request: ActorRequest, public_id: str) -> HttpResponse:
    """The draft as a form. Adding, moving and removing keeps what was typed and writes nothing."""
    row = queries.find_open_draft(request.actor, public_id)
    stored = sheet_of(queries.proposal_of(row))
    typed = typed_sheet(request.POST) if request.method == "POST" else None
    is_lost = request.method == "POST" and typed is None
    changes = typed is not None and "change" in request.POST
    sheet = typed.changed(request.POST["change"]) if typed and changes else typed or stored
    data = request.POST if typed and not changes else None
    around: dict[str, Any] = {"metrics": queries.metric_names(), "currency": queries.currency_of(row.programme)}
    form = ProgrammeForm(data, sheet=sheet, **around)
    if data is not None and _save(form, row, request):
        messages.success(request, _("The draft is saved."))
        return redirect(DRAFT, public_id)
    if is_lost:
        messages.error(request, _("The form could not be read: this is the draft as it is stored."))
    context = {"form": form, "row": row, "problems": form.problems, "currency": around["currency"]}
    return render(request, "tiers/programme_edit.html", context, status=422 if is_lost or form.problems else 200)


def _save(form: ProgrammeForm, row: Any, request: ActorRequest) -> bool:
    """Whether what was typed is stored now. Problems of shape and of the rules are shown together."""
    is_formed = form.is_valid()
    proposal, day = form.proposal(), _today()
    try:
        if is_formed:
            seen = form.cleaned_data["seen"]
            draft_actions.change_draft(row.pk, proposal, seen=seen, by=request.actor, at=timezone.now())
        else:
            form.show(queries.objections_to(row.programme, proposal, day=day).reasons)
    except Refused as refused:
        form.show(refused.reasons)
    return not form.problems


@login_required
def publish(request: ActorRequest, public_id: str) -> HttpResponse:
    """Publish the draft with a date, confirmed by typing the number of the new version."""
    partner_queries.require(request.actor, "programme.publish")
    row = queries.find_open_draft(request.actor, public_id)
    day = _today()
    proposal = queries.proposal_of(row)
    around = queries.surroundings_of(row.programme, proposal, day=day)
    first_day = max(proposal.starts_on or around.first_day, around.first_day)
    form = PublishForm(request.POST or None, initial={"seen": fingerprint(proposal), "starts_on": first_day})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        asked = Publication(typed["starts_on"], typed["seen"], typed["confirmed_number"])
        try:
            version = actions.publish_draft(row.pk, asked, by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Version %(number)s is published.") % {"number": version.number})
            return redirect("tiers:programme")
    context = {
        "form": form,
        "row": row,
        "said": draft_in_words(row, day=day),
        "ready": queries.readiness_of(row),
        "first_day": around.first_day,
        "revision_colours": REVISION_COLOURS,
    }
    return render(request, "tiers/programme_publish.html", context, status=422 if form.errors else 200)


@login_required
def discard(request: ActorRequest, public_id: str) -> HttpResponse:
    """Throw a draft away, after a question."""
    row = queries.find_open_draft(request.actor, public_id)
    reasons: tuple[Any, ...] = ()
    if request.method == "POST":
        try:
            draft_actions.discard_draft(row.pk, by=request.actor, at=timezone.now())
        except Refused as refused:
            reasons = refused.reasons
        else:
            messages.success(request, _("The draft is gone."))
            return redirect("tiers:programme")
    context = {"row": row, "reasons": reasons}
    return render(request, "tiers/programme_discard.html", context, status=422 if reasons else 200)


@login_required
def withdraw(request: ActorRequest) -> HttpResponse:
    """Take back the version that is announced, with words to partners."""
    partner_queries.require(request.actor, "programme.publish")
    version = withdrawable_version(_today())
    if version is None:
        raise NotFound("version")
    form = WithdrawForm(request.POST or None, initial={"number": version.number})
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["words"].replace("\r\n", "\n")
        try:
            if form.cleaned_data["number"] != version.number:
                refusal("programme.not_announced").or_refuse()
            actions.withdraw_version(version.pk, words=words, by=request.actor, at=timezone.now())
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(reason.field or None, sentence(reason))
        else:
            messages.success(request, _("Version %(number)s is withdrawn.") % {"number": version.number})
            return redirect("tiers:programme")
    context = {"form": form, "version": version}
    return render(request, "tiers/programme_withdraw.html", context, status=422 if form.errors else 200)
