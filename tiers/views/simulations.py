"""Starting a simulation of a draft, watching and cancelling it, and reading who would stand where."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.downloads import csv_file
from common.errors import Refused
from common.reasons import sentences
from common.requests import ActorRequest
from common.writing import written_day
from partners import queries as partner_queries
from tiers.actions import simulations as actions
from tiers.choices.programmes import LEVEL_COLOURS
from tiers.choices.simulations import STATUS_COLOURS, Direction, SimulationStatus
from tiers.forms.simulation import TODAY, PartnerFilterForm, SimulationForm
from tiers.queries import simulations as queries
from tiers.queries.drafts import find_draft
from tiers.queries.overrides import day_of

PAGE = "tiers:simulation"


@login_required
def start(request: ActorRequest, public_id: str) -> HttpResponse:
    """Ask how far back, then try the draft on the past."""
    partner_queries.require(request.actor, "programme.draft")
    draft, at = find_draft(request.actor, public_id), timezone.now()
    form = SimulationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        starts_on, ends_on = form.period(day_of(at))
        knows_today = form.cleaned_data["knowledge"] == TODAY
        try:
            started = actions.start_simulation(
                draft.pk, starts_on=starts_on, ends_on=ends_on, knows_today=knows_today, by=request.actor, at=at
            )
        except Refused as refused:
            for text in sentences(refused.reasons):
                form.add_error(None, text)
        else:
            return redirect(PAGE, started.public_id)
    context = {"form": form, "draft": draft}
    return render(request, "tiers/simulation_new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def simulation(request: ActorRequest, public_id: str) -> HttpResponse:
    """How far it is; then what would have been otherwise, for whom and when, and what it means in money."""
    found = queries.find_simulation(request.actor, public_id)
    context: dict[str, Any] = {
        "simulation": found,
        "last_day": found.last_day,
        "status_colour": STATUS_COLOURS[found.status],
        "is_running": found.status == SimulationStatus.RUNNING,
        "is_cancelled": found.status == SimulationStatus.CANCELLED,
        "has_failed": found.status == SimulationStatus.FAILED,
        "speaks_of_draft": found.revision == found.draft.revision,
    }
    if found.status == SimulationStatus.RUNNING:
        context["done_count"] = queries.done_count(found)
    elif found.status != SimulationStatus.CANCELLED:
        context |= _result(request, found)
    page = render(request, "tiers/simulation.html", context)
    if request.headers.get("HX-Target") == "simulation" and found.status != SimulationStatus.RUNNING:
        page["HX-Refresh"] = "true"  # who watched sees all of the page, also what is done with it
    return page


def _result(request: ActorRequest, found: Any) -> dict[str, Any]:
    chosen = PartnerFilterForm(request.GET).chosen()
    result = queries.result_of(found)
    page = queries.partners_of(found, direction=chosen["direction"], search=chosen["q"], cursor=chosen["after"])
    return {
        "result": result,
        "page": page,
        "chosen": chosen,
        "is_narrowed": bool(chosen["q"] or chosen["direction"]),
        "directions": Direction.choices,
        "names": result.names,
        "colours": LEVEL_COLOURS,
        "charts": {side: _chart(result, place) for place, side in ((1, "actual"), (2, "simulated"))},
    }


def _chart(result: queries.Result, place: int) -> dict[str, Any]:
    """Partners by level on each of the days; `place` of a count says whether it was so or would have been."""
    series = [
        {
            "label": level.name,
            "values": [row.counts[number][place] for row in result.distribution],
            "colour": level.code,
        }
        for number, level in enumerate(result.levels)
    ]
    labels = [written_day(row.day) for row in result.distribution]
    return {"kind": "bar", "stacked": True, "labels": labels, "series": series}


@login_required
@require_POST
def cancel(request: ActorRequest, public_id: str) -> HttpResponse:
    """Stop it."""
    found = queries.find_simulation(request.actor, public_id)
    try:
        actions.cancel_simulation(found.pk, by=request.actor, at=timezone.now())
    except Refused as refused:
        messages.error(request, " ".join(sentences(refused.reasons)))
    else:
        messages.success(request, _("The simulation is cancelled."))
    return redirect(PAGE, public_id)


@login_required
@require_GET
def export(request: ActorRequest, public_id: str) -> HttpResponseBase:
    """Every partner of it as a file for a spreadsheet."""
    found = queries.find_simulation(request.actor, public_id)
    return csv_file(f"{public_id}.csv", [queries.COLUMNS], queries.partner_cells(found))
