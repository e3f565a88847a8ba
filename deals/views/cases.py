"""Appeals: filing one, the judge's list and page, and the precedents that everybody may read."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import NotFound, Refused
from common.requests import ActorRequest
from deals.actions.appeals import file_appeal, judge_again, overturn_appeal, uphold_appeal
from deals.choices.cases import APPEAL_STATUS_COLOURS, AppealStatus
from deals.choices.engagement import RULE_LABELS, RuleVerdict
from deals.forms.cases import AppealForm, CaseFilterForm, JudgementForm
from deals.queries import appeals as queries
from deals.queries.conversation import attachments_of, comments_of
from deals.queries.registrations import find_registration
from deals.queries.reviews import chosen_customer
from deals.rules.facts import Outcome
from deals.rules.permissions import may_act
from deals.views.assignments import Giving, giving
from deals.views.pages import words
from partners import queries as partner_queries
from partners.rules import may

PAGE_SIZE = 50


def case_words() -> dict[str, object]:
    return {"appeal_colours": APPEAL_STATUS_COLOURS, **words()}


@login_required
def new_appeal(request: ActorRequest, public_id: str) -> HttpResponse:
    """Appeal against the answer, or against the end of the protection."""
    deal = find_registration(request.actor, public_id)
    if not may_act(request.actor, "appeal.file", deal.partner_id):
        raise NotFound("registration")
    at = timezone.now()
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            appeal = file_appeal(deal.pk, grounds=form.cleaned_data["grounds"], by=request.actor, at=at)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Somebody who did not decide before looks at it."))
            return redirect("deals:appeal", appeal.public_id)
    context = {"deal": deal, "form": form, "offer": queries.appealable(request.actor, deal, at=at), **words()}
    return render(request, "deals/cases/new_appeal.html", context, status=422 if form.is_bound else 200)


@login_required
def appeals(request: ActorRequest) -> HttpResponse:
    """A partner's own; for the vendor's channel everybody's, open ones by time left."""
    partner_queries.require(request.actor, "registration.view")
    chosen = CaseFilterForm(request.GET).chosen()
    found = queries.appeal_list(request.actor, status=chosen["status"])
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "statuses": AppealStatus.choices,
        **case_words(),
    }
    return render(request, "deals/cases/appeals.html", context)


@login_required
def appeal(request: ActorRequest, public_id: str) -> HttpResponse:
    """One appeal: its grounds, the evidence, what the rules say now; for a judge, the answer."""
    at = timezone.now()
    page = queries.appeal_page(request.actor, public_id, at=at)
    if request.method == "POST" and page.may_judge.codes[:1] == ("actor.not_permitted",):
        raise NotFound("appeal")
    form = JudgementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _judge(request, page, form.cleaned_data)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Judged. The partner is told why."))
            return redirect("deals:appeal", public_id)
    context = {
        "page": page,
        "appeal": page.appeal,
        "deal": page.registration,
        "form": form,
        "giving": _giving(request, page.appeal, at),
        "chosen": form.data.get("customer", ""),
        "against": _against(page.appeal.pk, at) if page.may_judge else [],
        "comments": comments_of(request.actor, page.registration),
        "files": attachments_of(request.actor, page.registration),
        "rule_labels": RULE_LABELS,
        **case_words(),
    }
    return render(request, "deals/cases/appeal.html", context, status=422 if form.is_bound else 200)


def _giving(request: ActorRequest, found: Any, at: datetime) -> Giving | None:
    """Who judges, for those who may say so; None where nobody is to any more."""
    if found.status != AppealStatus.OPEN or not may(request.actor, "registration.review"):
        return None
    address = reverse("deals:appeal-assign", args=[found.public_id])
    people = queries.possible_judges(found)
    return giving(request.actor, found.assigned_to_id, address, people=people, at=at)


def _against(appeal_id: int, at: datetime) -> list[Outcome]:
    """The rules that would not let it pass by themselves, as of now."""
    return [found for found in judge_again(appeal_id, at=at).outcomes if found.verdict != RuleVerdict.PASS]


def _judge(request: ActorRequest, page: queries.AppealPage, typed: dict[str, str]) -> None:
    at, by = timezone.now(), request.actor
    said = {"words": typed["words"], "precedent": typed["precedent"]}
    if typed["decision"] == "uphold":
        uphold_appeal(page.appeal.pk, by=by, at=at, **said)
        return
    customer_id = chosen_customer(page.registration, typed["customer"])
    overturn_appeal(page.appeal.pk, by=by, at=at, customer_id=customer_id, **said)


@login_required
def precedents(request: ActorRequest) -> HttpResponse:
    """How appeals were judged, without whose they were."""
    partner_queries.require(request.actor, "registration.view")
    context = {"precedents": queries.precedents(), "names": dict(AppealStatus.choices), **case_words()}
    return render(request, "deals/cases/precedents.html", context)
