"""Who registers deals for whom: asking, answering, ending."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.reasons import sentence, sentences
from common.requests import ActorRequest
from partners import queries, rules
from partners.actions import distribution
from partners.forms import DistributionForm


@login_required
def links(request: ActorRequest) -> HttpResponse:
    """Both sides' requests, what is live and what has ended; a distributor asks for another one."""
    queries.require(request.actor, "distribution.manage")
    own = [pk for pk in request.actor.partner_ids if rules.may(request.actor, "distribution.manage", pk)]
    profiles = queries.partner_profiles(own)
    distributors = {pk: one for pk, one in profiles.items() if rules.may_distribute(one.types, one.status)}
    form = DistributionForm(
        request.POST or None, distributors=[(one.public_id, one.name) for one in distributors.values()]
    )
    if request.method == "POST":
        if not distributors:
            raise NotFound("distributor")
        if form.is_valid():
            keys = {one.public_id: pk for pk, one in distributors.items()}
            try:
                distribution.request_distribution(
                    keys[form.cleaned_data["distributor"]],
                    form.cleaned_data["reseller"],
                    by=request.actor,
                    at=timezone.now(),
                )
            except Refused as refused:
                for reason in refused.reasons:
                    form.add_error(reason.field or None, sentence(reason))
            else:
                messages.success(request, _("Asked. You are told when they answer."))
                return redirect("distribution:list")
    day = timezone.localdate()
    context = {
        "form": form if distributors else None,
        "own": profiles.values(),
        "rows": [
            {
                "link": link,
                "is_distributor": link.distributor_id in profiles,
                "is_live": rules.distribution_is_live(link.starts_on, link.ends_on, day),
            }
            for link in queries.distributions_visible_to(request.actor)
        ],
    }
    return render(request, "partners/distribution.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def happen(request: ActorRequest, public_id: str, event: str) -> HttpResponse:
    """Agree, decline or end."""
    day, at = timezone.localdate(), timezone.now()
    try:
        if event in ("agree", "decline"):
            distribution.answer_distribution(public_id, agrees=event == "agree", by=request.actor, day=day, at=at)
        elif event == "end":
            distribution.end_distribution(public_id, by=request.actor, day=day, at=at)
        else:
            raise NotFound(event)
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("Done."))
    return redirect("distribution:list")
