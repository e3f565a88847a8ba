"""One review: both customers side by side, and everything that can be decided about it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.errors import Refused
from common.requests import ActorRequest
from common.verdict import Reason
from crm import queries as crm_queries
from deals.actions.assignments import assign_registration
from deals.actions.inquiries import ask_partner
from deals.actions.reviews import approve_registration, reject_registration
from deals.choices.engagement import RuleVerdict
from deals.choices.registrations import Event
from deals.choices.reviews import ALL_FIELDS
from deals.forms.conversation import CommentForm
from deals.forms.reviews import AskForm, QueueForm, ReviewForm
from deals.queries import reviews as review_queries
from deals.queries.conversation import attachments_of, comments_of, streams_visible_to
from deals.queries.queue import next_registration
from deals.queries.registrations import find_registration
from deals.queries.reviewers import reviewers
from deals.rules.transitions import may_happen
from deals.views.assignments import give, giving
from deals.views.pages import words
from partners import queries as partner_queries


@login_required
def review(request: ActorRequest, public_id: str) -> HttpResponse:
    """Compare, then approve or reject with a reason that the partner reads."""
    partner_queries.require(request.actor, "registration.review")
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = _following(request, public_id)
        try:
            _decide(request, public_id, form.cleaned_data)
        except Refused as refused:
            return _show(request, public_id, form=form, reasons=refused.reasons)
        messages.success(request, _("Decided. The partner is told why."))
        return redirect(address)
    return _show(request, public_id, form=form)


@login_required
@require_GET
def following(request: ActorRequest, public_id: str) -> HttpResponse:
    """Go on without deciding: to the next one in the selection."""
    partner_queries.require(request.actor, "registration.review")
    find_registration(request.actor, public_id)
    return redirect(_following(request, public_id))


@login_required
@require_POST
def ask(request: ActorRequest, public_id: str) -> HttpResponse:
    """Ask the partner for something; the next review follows."""
    partner_queries.require(request.actor, "registration.review")
    form = AskForm(request.POST)
    if form.is_valid():
        deal, address = find_registration(request.actor, public_id), _following(request, public_id)
        fields, question = form.cleaned_data["fields_asked"], form.cleaned_data["words"]
        try:
            ask_partner(deal.pk, fields=fields, words=question, by=request.actor, at=timezone.now())
        except Refused as refused:
            return _show(request, public_id, ask_form=form, reasons=refused.reasons)
        messages.success(request, _("The partner is asked. The clock stands still until it answers."))
        return redirect(address)
    return _show(request, public_id, ask_form=form)


@login_required
@require_POST
def assign(request: ActorRequest, public_id: str) -> HttpResponse:
    """Take it, or give it to somebody."""
    partner_queries.require(request.actor, "registration.review")
    deal = find_registration(request.actor, public_id)
    at, back = timezone.now(), _address("deals:review", request, public_id)
    return give(
        request, reviewers(), lambda user_id: assign_registration(deal.pk, user_id, by=request.actor, at=at), back
    )


def _show(
    request: ActorRequest,
    public_id: str,
    *,
    form: ReviewForm | None = None,
    ask_form: AskForm | None = None,
    reasons: tuple[Reason, ...] = (),
) -> HttpResponse:
    at = timezone.now()
    page = review_queries.review_page(request.actor, public_id, at=at)
    form = form or ReviewForm()
    give_address = _address("deals:review-assign", request, public_id)
    matched = next((found.public_id for found in page.customers if found.is_matched), "")
    speaking = [line for line in page.receipt.lines if line.verdict != RuleVerdict.PASS]
    said = comments_of(request.actor, page.registration)
    context: dict[str, Any] = {
        "page": page,
        "streams": [
            (stream, [comment for comment in said if comment.stream == stream], CommentForm(stream=stream))
            for stream in streams_visible_to(request.actor)
        ],
        "speaking": speaking,
        "silent_count": len(page.receipt.lines) - len(speaking),
        "files": attachments_of(request.actor, page.registration),
        "deal": page.registration,
        "form": form,
        "ask_form": ask_form or AskForm(),
        "giving": giving(request.actor, page.registration.assigned_to_id, give_address, people=reviewers(), at=at),
        "may_approve": may_happen(Event.APPROVE, page.registration.status),
        "may_ask": may_happen(Event.ASK, page.registration.status),
        "reasons": reasons,
        "chosen": form.data.get("customer") or matched,
        "next_address": _address("deals:review-next", request, public_id),
        "queue_address": _address("deals:queue", request),
        "editable_names": ALL_FIELDS,
        **words(),
    }
    return render(request, "deals/review.html", context, status=422 if request.method == "POST" else 200)


def _following(request: ActorRequest, public_id: str) -> str:
    """Where to go on in the selection that the reviewer works through: the next registration, or the queue."""
    families = crm_queries.families() if "family" in request.GET else []
    wish = QueueForm(request.GET).wish(request.actor.user_id, reviewers(), families)
    found = next_registration(wish, public_id, at=timezone.now())
    return _address("deals:review", request, found) if found else _address("deals:queue", request)


def _address(route: str, request: ActorRequest, *ids: str) -> str:
    """With the selection, so that nobody loses the place."""
    query = request.GET.urlencode()
    return reverse(route, args=ids) + (f"?{query}" if query else "")


def _decide(request: ActorRequest, public_id: str, chosen: dict[str, str]) -> None:
    deal = find_registration(request.actor, public_id)
    at = timezone.now()
    if chosen["decision"] == "reject":
        reject_registration(deal.pk, reason=chosen["reason"], by=request.actor, at=at)
        return
    customer_id = review_queries.chosen_customer(deal, chosen["customer"])
    approve_registration(deal.pk, reason=chosen["reason"], by=request.actor, at=at, customer_id=customer_id)
