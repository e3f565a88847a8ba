"""Metrics: the list, a new one, another name. No code is needed for a new one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.requests import ActorRequest
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.actions.scores import define_metric, rename_metric
from tiers.choices.scores import METRICS
from tiers.forms.scores import MetricForm, MetricNameForm
from tiers.queries import metrics as queries
from tiers.queries.overrides import day_of


@login_required
def metrics(request: ActorRequest) -> HttpResponse:
    """What can be credited, how often it was, and what asks for it."""
    partner_queries.require(request.actor, "score.view")
    context = {
        "rows": queries.metric_list(request.actor, day=day_of(timezone.now())),
        "may_define": bool(partner_rules.may(request.actor, "score.credit")),
    }
    return render(request, "tiers/metrics/list.html", context)


@login_required
def new(request: ActorRequest) -> HttpResponse:
    """Define a metric."""
    partner_queries.require(request.actor, "score.credit")
    form = MetricForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        try:
            define_metric(typed["code"], name=typed["name"], unit=typed["unit"], by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("The metric can be credited and required by programmes."))
            return redirect("tiers:metrics")
    return render(request, "tiers/metrics/new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def metric(request: ActorRequest, code: str) -> HttpResponse:
    """Give a metric another name; its code stays."""
    partner_queries.require(request.actor, "score.credit")
    found = queries.find_metric(request.actor, code)
    form = MetricNameForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_bound and form.is_valid():
        try:
            rename_metric(code, name=form.cleaned_data["name"], by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("The metric has its new name everywhere."))
            return redirect("tiers:metrics")
    context = {"metric": found, "form": form, "is_built_in": code in METRICS}
    return render(request, "tiers/metrics/rename.html", context, status=422 if form.errors else 200)
