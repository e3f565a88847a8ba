"""Selling together: setting shares, invitations, and deals that one takes part in."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.reasons import sentences
from common.requests import ActorRequest
from deals.actions import participants as actions
from deals.actions.co_sell import answer_co_sell_offer
from deals.choices.participants import CONSENT_COLOURS, Consent, ParticipantRole
from deals.forms.participants import SharesForm
from deals.forms.rows import with_another
from deals.queries import participants as queries
from deals.queries.registrations import find_registration
from deals.views.pages import words


def share_words() -> dict[str, object]:
    return {"consent_colours": CONSENT_COLOURS, "consent_names": dict(Consent.choices)}


@login_required
def participations(request: ActorRequest) -> HttpResponse:
    """What one was invited to, what waits for an answer first."""
    rows = list(queries.participations_visible_to(request.actor).order_by("answered_at", "-pk")[:200])
    if not rows and request.actor.is_vendor and not queries.answers_for_direct(request.actor):
        raise NotFound("participations")
    waiting = [row for row in rows if row.consent == Consent.INVITED]
    context = {"rows": [*waiting, *(row for row in rows if row.consent != Consent.INVITED)], **share_words()}
    return render(request, "deals/participants/list.html", context)


@login_required
def participation(request: ActorRequest, public_id: str) -> HttpResponse:
    """An invitation with what the lead discloses; after consent also where the deal stands."""
    at = timezone.now()
    page = queries.participation_page(request.actor, public_id, at=at)
    if request.method == "POST":
        agrees = "agree" in request.POST
        if not agrees and "decline" not in request.POST:
            raise NotFound("answer")
        try:
            actions.answer_invitation(public_id, agrees=agrees, by=request.actor, at=at)
        except Refused as refused:
            for text in sentences(refused.reasons):
                messages.error(request, text)
        else:
            messages.success(request, _("You sell together.") if agrees else _("Declined."))
        return redirect("deals:participation", public_id)
    context = {"page": page, "participant": page.participant, **share_words(), **words()}
    return render(request, "deals/participants/detail.html", context)


@login_required
def together(request: ActorRequest, public_id: str) -> HttpResponse:
    """The lead sets who sells together with it, or takes an invitation back."""
    at = timezone.now()
    deal = find_registration(request.actor, public_id)
    shown = queries.together_of(request.actor, deal, at=at)
    if not shown.may_create:
        raise NotFound("shares")
    rows = [
        {
            "role": row.role,
            "partner": row.partner.public_id if row.partner else "",
            "share": Decimal(row.share_bps) / 100,
        }
        for row in shown.rows
        if row.role != ParticipantRole.LEAD and row.consent != Consent.DECLINED
    ]
    data = request.POST if request.method == "POST" else None
    if data is not None and "add_invited" in data:
        form = SharesForm(with_another(data, "invited"), lead_partner_id=deal.partner_id)
        problems = False
    else:
        form, problems = SharesForm(data, lead_partner_id=deal.partner_id, rows=rows), data is not None
        if data is not None and (answer := _act(request, public_id, form)) is not None:
            return answer
    context = {"deal": deal, "together": shown, "form": form, **share_words()}
    return render(request, "deals/participants/together.html", context, status=422 if problems else 200)


@login_required
@require_POST
def offer(request: ActorRequest, public_id: str) -> HttpResponse:
    """Answer the vendor's offer to sell together."""
    deal = find_registration(request.actor, public_id)
    accepts = "accept" in request.POST
    try:
        answer_co_sell_offer(deal.pk, accepts=accepts, by=request.actor, at=timezone.now())
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("You sell together. The review goes on.") if accepts else _("Declined."))
    return redirect("deals:detail", public_id)


def _act(request: ActorRequest, public_id: str, form: SharesForm) -> HttpResponse | None:
    """Take an invitation back, or set the shares that were typed; None if something is wrong with them."""
    at, by = timezone.now(), request.actor
    try:
        if withdrawn := request.POST.get("withdraw"):
            actions.withdraw_invitation(withdrawn, by=by, at=at)
        elif form.is_valid():
            deal = find_registration(by, public_id)
            actions.invite_participants(deal.pk, form.shares(), by=by, at=at)
        else:
            return None
    except Refused as refused:
        form.show(refused.reasons)
        return None
    messages.success(request, _("The shares are set."))
    return redirect("deals:together", public_id)
