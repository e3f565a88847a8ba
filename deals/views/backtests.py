"""Starting a back-test of a draft, watching it, and reading what would have gone otherwise."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from common.choices import RunStatus
from common.downloads import csv_file
from common.errors import Refused
from common.reasons import sentences
from common.requests import ActorRequest
from deals.actions.backtests import start_back_test
from deals.choices.engagement import RULE_LABELS, RuleVerdict
from deals.forms.rulebooks import BackTestForm, ChangeFilterForm
from deals.queries import backtests as queries
from deals.queries.rulebooks import find_rulebook
from deals.views.pages import words
from partners import queries as partner_queries

PAGE_SIZE = 50


@login_required
def start(request: ActorRequest, public_id: str) -> HttpResponse:
    """Ask for the days, then judge their decisions again."""
    partner_queries.require(request.actor, "rulebook.publish")
    rulebook = find_rulebook(request.actor, public_id)
    today = timezone.localdate()
    form = BackTestForm(request.POST or None, initial={"starts_on": today - timedelta(days=365), "last_day": today})
    if request.method == "POST" and form.is_valid():
        starts_on, last_day = form.cleaned_data["starts_on"], form.cleaned_data["last_day"]
        ends_on = min(last_day, today + timedelta(days=1)) + timedelta(days=1)  # beyond today is refused
        try:
            started = start_back_test(
                rulebook.pk, starts_on=starts_on, ends_on=ends_on, by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            for text in sentences(refused.reasons):
                form.add_error(None, text)
        else:
            return redirect("deals:back-test", started.public_id)
    context = {"form": form, "row": rulebook}
    return render(request, "deals/rulebooks/back_test_new.html", context, status=422 if form.errors else 200)


@login_required
def back_test(request: ActorRequest, public_id: str) -> HttpResponse:
    """How far it is; then what would change, for whom, and every such decision."""
    found = queries.find_back_test(request.actor, public_id)
    chosen = ChangeFilterForm(request.GET).chosen()
    changes = queries.changes_of(found, queries.Narrowing(**chosen))
    summary = queries.summary_of(found)
    context = {
        "test": found,
        "is_running": found.status == RunStatus.RUNNING,
        "has_failed": found.status == RunStatus.FAILED,
        "speaks_of_draft": queries.speaks_of(found),
        "summary": summary,
        "page": Paginator(changes, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "is_narrowed": any(chosen.values()),
        "verdicts": [pair for pair in RuleVerdict.choices if pair[0] != RuleVerdict.PASS],
        "rules": sorted({(shift.rule, shift.rule_label) for shift in summary.shifts if shift.rule}),
        "partners": [(partner.public_id, partner.name) for partner in summary.partners],
        "rule_names": RULE_LABELS,
        **words(),
    }
    return render(request, "deals/rulebooks/back_test.html", context)


@login_required
def export(request: ActorRequest, public_id: str) -> HttpResponseBase:
    """What would change as a file for a spreadsheet, narrowed like the page."""
    found = queries.find_back_test(request.actor, public_id)
    changes = queries.changes_of(found, queries.Narrowing(**ChangeFilterForm(request.GET).chosen()))
    rows = queries.change_cells(changes, settings.BASE_CURRENCY)
    return csv_file(f"{public_id}.csv", [queries.CHANGE_COLUMNS], rows)
