"""Lists and pages of deals, what can be done with one, and the published rules."""

from collections.abc import Mapping

from django.conf import settings
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
from deals.actions import outcomes, registrations
from deals.choices.cases import BREACH_STATUS_COLOURS
from deals.choices.engagement import (
    COMPARED_FIELDS,
    MATCH_KINDS,
    VERDICT_COLOURS,
    WORD_AGREEMENTS,
    RuleVerdict,
)
from deals.choices.participants import CONSENT_COLOURS
from deals.choices.protections import CHANGE_COLOURS, CHANGED_FIELDS, EXTENSION_COLOURS, STEP_LABELS, Dimension
from deals.choices.registrations import STATUS_COLOURS, RegistrationStatus
from deals.forms.conversation import CommentForm
from deals.forms.life import AnswerRequestForm, StageForm
from deals.forms.registrations import DealFilterForm, LostForm
from deals.queries import registrations as deal_queries
from deals.queries.cases import deal_cases
from deals.queries.conversation import streams_visible_to
from deals.queries.decisions import receipts_of
from deals.queries.holds import live_holds
from deals.queries.life import deal_life
from deals.queries.participants import together_of
from deals.queries.protections import free_instants
from partners import queries as partner_queries


def words() -> dict[str, object]:
    """Names and colours of states, verdicts and what is compared, for templates."""
    return {
        "status_names": dict(RegistrationStatus.choices),
        "status_colours": STATUS_COLOURS,
        "verdict_names": dict(RuleVerdict.choices),
        "verdict_colours": VERDICT_COLOURS,
        "match_kinds": MATCH_KINDS,
        "field_names": COMPARED_FIELDS,
        "word_agreements": WORD_AGREEMENTS,
        "base_currency": settings.BASE_CURRENCY,
    }


@login_required
def deal_list(request: ActorRequest) -> HttpResponse:
    """A partner's deals, for its people; everybody's, for the vendor's channel."""
    partner_queries.require(request.actor, "registration.view")
    at = timezone.now()
    chosen = DealFilterForm(request.GET).chosen()
    page = deal_queries.registration_list(
        request.actor,
        at=at,
        narrowing=deal_queries.Narrowing(
            chosen["q"], chosen["status"], chosen["sort"], chosen["after"], for_others=bool(chosen["others"])
        ),
    )
    context = {
        "page": page,
        "free_at": free_instants(page.rows, at),
        "chosen": chosen,
        "holds": live_holds(request.actor.partner_ids, at=at) if request.actor.partner_ids else [],
        "is_narrowed": bool(chosen["q"] or chosen["status"]),
        "statuses": RegistrationStatus.choices,
        "default_sort": deal_queries.DEFAULT_SORT,
        "saved_views": partner_queries.saved_views_for(request.actor, "deals.list"),
        **words(),
    }
    return render(request, "deals/list.html", context)


@login_required
def detail(request: ActorRequest, public_id: str) -> HttpResponse:
    """One deal: where it stands, what to do now, what it is about, what was said and happened."""
    return show_deal(request, public_id)


def show_deal(
    request: ActorRequest, public_id: str, *, comment_forms: Mapping[str, CommentForm] | None = None, status: int = 200
) -> HttpResponse:
    """The deal's page, perhaps with a comment that could not be taken as it was typed."""
    at = timezone.now()
    page = deal_queries.registration_page(request.actor, public_id, at=at)
    deal, life = page.registration, deal_life(request.actor, page.registration, at=at)
    streams = [
        (stream, life.comments_in(stream), (comment_forms or {}).get(stream) or CommentForm(stream=stream))
        for stream in streams_visible_to(request.actor)
    ]
    context = {
        "page": page,
        "deal": deal,
        "life": life,
        "cases": deal_cases(request.actor, deal, at=at),
        "breach_colours": BREACH_STATUS_COLOURS,
        "streams": streams,
        "together": together_of(request.actor, deal, at=at),
        "consent_colours": CONSENT_COLOURS,
        "lost_form": LostForm(),
        "stage_form": StageForm(initial={"stage": deal.stage}),
        "answer_form": AnswerRequestForm(),
        **words(),
        **life_words(),
    }
    return render(request, "deals/detail.html", context, status=status)


def life_words() -> dict[str, object]:
    """Names and colours of requests for more time and of changes, for templates."""
    return {
        "extension_colours": EXTENSION_COLOURS,
        "change_colours": CHANGE_COLOURS,
        "changed_fields": CHANGED_FIELDS,
        "dimension_names": dict(Dimension.choices),
        "step_labels": STEP_LABELS,
    }


@login_required
def receipt(request: ActorRequest, public_id: str) -> HttpResponse:
    """Why it was decided so: every rule's verdict, as far as this reader may see it."""
    registration = deal_queries.find_registration(request.actor, public_id)
    receipts = receipts_of(request.actor, registration)
    if not receipts:
        raise NotFound("receipt")
    context = {"deal": registration, "receipts": receipts[::-1], **words()}
    return render(request, "deals/receipt.html", context)


@login_required
@require_POST
def happen(request: ActorRequest, public_id: str, event: str) -> HttpResponse:
    """Submit a draft, withdraw, win or lose a deal."""
    deal = deal_queries.find_registration(request.actor, public_id)
    at = timezone.now()
    try:
        if event == "submit":
            registrations.submit_registration(deal.pk, by=request.actor, at=at)
        elif event == "withdraw":
            registrations.withdraw_registration(deal.pk, by=request.actor, at=at)
        elif event == "win":
            outcomes.win_registration(deal.pk, by=request.actor, at=at)
        elif event == "lose":
            reason = request.POST.get("reason", "")
            outcomes.lose_registration(deal.pk, reason=reason, by=request.actor, at=at)
        else:
            raise NotFound(event)
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("Done."))
    return redirect("deals:detail", public_id)
