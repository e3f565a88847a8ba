"""Giving what waits to somebody, and taking it: registrations, changes and appeals from their own pages."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.actor import Actor
from common.errors import Refused
from common.reasons import sentences
from common.requests import ActorRequest
from deals.actions.assignments import assign_appeal, assign_change
from deals.forms.reviews import AssignForm
from deals.queries.appeals import find_appeal
from deals.queries.changes import find_change
from deals.queries.reviewers import judges, loads_of, reviewers
from deals.rules.assignments import Load, least_loaded
from partners import queries as partner_queries
from partners.queries import Colleague


@dataclass(frozen=True, slots=True)
class Giving:
    """To whom something is given now (`user_id`), to whom it may be, and who of them has the least to do."""

    form: AssignForm
    user_id: int | None
    address: str
    suggested: Load | None
    may_take: bool


def giving(actor: Actor, user_id: int | None, address: str, *, people: Collection[Colleague], at: datetime) -> Giving:
    """What the card on a page needs; its form is sent to the address."""
    found = [*people]
    given_to = next((person.public_id for person in found if person.pk == user_id), "")
    return Giving(
        form=AssignForm(reviewers=found, initial={"reviewer": given_to}),
        user_id=user_id,
        address=address,
        suggested=least_loaded(loads_of(found, at=at)),
        may_take=user_id != actor.user_id and any(person.pk == actor.user_id for person in found),
    )


def give(
    request: ActorRequest, people: Collection[Colleague], act: Callable[[int | None], object], back: str
) -> HttpResponse:
    """Do what was chosen, say what came of it, and go back."""
    form = AssignForm(request.POST, reviewers=[*people])
    chosen = form.cleaned_data["reviewer"] if form.is_valid() else "?"
    user_id = request.actor.user_id if "take" in request.POST else form.people.get(chosen, 0) if chosen else None
    try:
        act(user_id)
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("Saved."))
    return redirect(back)


@login_required
@require_POST
def give_change(request: ActorRequest, public_id: str) -> HttpResponse:
    """A change that waits."""
    partner_queries.require(request.actor, "registration.review")
    found = find_change(request.actor, public_id).change
    back = reverse("deals:change-settle", args=[public_id])
    at, by = timezone.now(), request.actor
    return give(request, reviewers(), lambda user_id: assign_change(found.pk, user_id, by=by, at=at), back)


@login_required
@require_POST
def give_appeal(request: ActorRequest, public_id: str) -> HttpResponse:
    """An appeal that is open."""
    partner_queries.require(request.actor, "registration.review")
    found = find_appeal(request.actor, public_id)
    back = reverse("deals:appeal", args=[public_id])
    at, by = timezone.now(), request.actor
    return give(request, judges(), lambda user_id: assign_appeal(found.pk, user_id, by=by, at=at), back)
