"""The reviewers' queue: what waits, decisions about several at once, and how much everybody has to do."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_countries import countries

from common.errors import Refused
from common.requests import ActorRequest
from common.verdict import Reason
from crm import queries as crm_queries
from deals.actions.assignments import assign_many
from deals.actions.reviews import decide_registrations
from deals.choices.engagement import RULE_LABELS, RuleVerdict
from deals.choices.reviews import DIMENSIONS, WAITING_COLOURS, Waiting
from deals.forms.reviews import ME, ManyForm, QueueForm
from deals.queries import queue as queue_queries
from deals.queries.reviewers import loads_of, reviewers
from deals.rules.assignments import least_loaded
from deals.views.pages import words
from partners import queries as partner_queries

PLACES = {
    Waiting.REGISTRATION.value: "deals:review",
    Waiting.CHANGE.value: "deals:change-settle",
    Waiting.APPEAL.value: "deals:appeal",
}


@login_required
@require_GET
def queue(request: ActorRequest) -> HttpResponse:
    """What waits for a decision, least time left first."""
    partner_queries.require(request.actor, "registration.review")
    at, people, families = timezone.now(), reviewers(), crm_queries.families()
    form = QueueForm(request.GET)
    page = queue_queries.queue_page(form.wish(request.actor.user_id, people, families), at=at)
    chosen = form.chosen()
    total, late = queue_queries.waiting_counts(at)
    names = [(person.public_id, person.name) for person in people if person.pk != request.actor.user_id]
    context = {
        "rows": [{"found": row, "address": _address(row, request)} for row in page.rows],
        "next_cursor": page.next_cursor,
        "chosen": chosen,
        "is_narrowed": any(value for name, value in chosen.items() if name not in ("sort", "after")),
        "has_more_filters": any(chosen[name] for name in ("rule", "family", "country", "least", "most", "partner")),
        "total": total,
        "late_count": late,
        "kinds": Waiting.choices,
        "assigned": [(ME, _("Me")), (queue_queries.NOBODY, _("Nobody")), *names],
        "reviewers": [(person.public_id, person.name) for person in people],
        "rules": list(RULE_LABELS.items()),
        "families": [(family.code, family.name) for family in families],
        "countries": list(countries),
        "default_sort": queue_queries.DEFAULT_SORT,
        "saved_views": partner_queries.saved_views_for(request.actor, "deals.queue"),
        "kind_names": dict(Waiting.choices),
        "kind_colours": WAITING_COLOURS,
        "rule_names": RULE_LABELS,
        "dimension_names": DIMENSIONS,
        **words(),
    }
    return render(request, "deals/queue.html", context)


def _address(row: queue_queries.QueueRow, request: ActorRequest) -> str:
    """Where it is decided, with the selection, so that the next one follows."""
    address = reverse(PLACES[row.kind], args=[row.public_id])
    query = request.GET.copy()
    query.pop("after", None)
    return f"{address}?{query.urlencode()}" if query and row.kind == Waiting.REGISTRATION else address


@login_required
@require_POST
def decide_many(request: ActorRequest) -> HttpResponse:
    """Approve, reject or give away what was selected, each by itself, and say what became of each."""
    partner_queries.require(request.actor, "registration.review")
    form = ManyForm(request.POST)
    back = reverse("deals:queue") + (f"?{request.GET.urlencode()}" if request.GET else "")
    if not form.is_valid():
        messages.error(request, _("Choose what to do with the selected ones."))
        return redirect(back)
    deals = queue_queries.registrations_by_public_id(request.actor, request.POST.getlist("selected"))
    answers: list[Any] = []
    reasons: tuple[Reason, ...] = ()
    try:
        answers = _act(request, form.cleaned_data, [deal.pk for deal in deals])
    except Refused as refused:
        reasons = refused.reasons
    known = {deal.pk: deal for deal in deals}
    context = {
        "answers": [{"deal": known[answer.registration_id], "reasons": answer.reasons} for answer in answers],
        "done_count": sum(not answer.reasons for answer in answers),
        "reasons": reasons,
        "back": back,
    }
    return render(request, "deals/reviews/answers.html", context, status=422 if reasons else 200)


def _act(request: ActorRequest, chosen: dict[str, Any], ids: list[int]) -> list[Any]:
    by, at = request.actor, timezone.now()
    if chosen["decision"] == "assign":
        people = {person.public_id: person.pk for person in reviewers()}
        user_id = people.get(chosen["reviewer"], 0) if chosen["reviewer"] else None
        return assign_many(ids, user_id, by=by, at=at)
    decision = RuleVerdict(chosen["decision"])
    return decide_registrations(ids, decision=decision, reason=chosen["reason"], by=by, at=at)


@login_required
@require_GET
def load(request: ActorRequest) -> HttpResponse:
    """How much each reviewer has to do, and how long they take."""
    partner_queries.require(request.actor, "registration.review")
    loads = loads_of(reviewers(), at=timezone.now())
    return render(request, "deals/reviews/load.html", {"loads": loads, "suggested": least_loaded(loads)})
