"""The light beside the form: what would be decided, asked while typing or by a button; and holds that are given up."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import Refused
from common.money import Money
from common.reasons import sentences
from common.requests import ActorRequest
from common.verdict import Reason
from crm import queries as crm_queries
from crm.rules.matching import CustomerIdentity, identity_is_complete
from deals.actions.checks import preflight
from deals.actions.pencils import hold_customer, release_hold
from deals.choices.checks import LIGHT_COLOURS, Light
from deals.forms.registrations import RegistrationForm
from deals.queries.holds import hold_of
from deals.rules.drafts import draft_is_sound
from deals.rules.preflight import PreflightQuestion

_WHO = frozenset({"customer_name", "customer_country", "customer_domain", "customer_tax_id", "site"})


@dataclass(frozen=True, slots=True)
class Shown:
    """The light as the form shows it; without one, `reasons` say why there is none, or nothing was asked yet."""

    light: str = ""
    label: Any = ""
    colour: str = ""
    reasons: tuple[Reason, ...] = ()
    held_until: datetime | None = None
    problems: tuple[Reason, ...] = field(default=())


def light_for(request: ActorRequest, form: RegistrationForm) -> Shown:
    """Ask for what is typed into the form, and hold the customer if the button says so."""
    at = timezone.now()
    form.check_shapes()
    question = _question(form, at)
    if question is None:
        return Shown()
    partner_id = form.claimant.partner_id
    try:
        if "hold" in request.POST:
            hold = hold_customer(partner_id, question, by=request.actor, at=at)
            held = (Reason("check.free"),)
            return Shown(Light.GREEN.value, Light.GREEN.label, LIGHT_COLOURS["green"], held, hold.ends_at)
        answer = preflight(partner_id, question, by=request.actor, at=at)
    except Refused as refused:
        return Shown(problems=refused.reasons)
    light = Light(answer.light)
    own = hold_of(partner_id, question.identity, question.family_ids, at=at) if light == Light.GREEN else None
    reasons = (Reason(answer.code, answer.params),)
    return Shown(light.value, light.label, LIGHT_COLOURS[light], reasons, own.ends_at if own is not None else None)


def _question(form: RegistrationForm, at: datetime) -> PreflightQuestion | None:
    """What is asked, as soon as who the customer is and what is to be sold are there and well-formed."""
    draft = form.draft()
    identity = CustomerIdentity(
        draft.customer_name.strip(), draft.customer_country, draft.customer_domain, draft.customer_tax_id
    )
    families = form.families()
    unsound = any(reason.field in _WHO for reason in draft_is_sound(draft).reasons)
    if unsound or not families or not identity_is_complete(identity):
        return None
    total = form.total()
    amount = None if total is None else _in_base_currency(total, draft.currency, at)
    return PreflightQuestion(identity, families, draft.site, amount, draft.source)


def _in_base_currency(total: Decimal, currency: str, at: datetime) -> Decimal | None:
    rate = crm_queries.rate_on(currency, timezone.localdate(at))
    return None if rate is None else Money(total * rate, settings.BASE_CURRENCY).rounded().amount


@login_required
@require_POST
def release(request: ActorRequest, public_id: str) -> HttpResponse:
    """Give a hold up."""
    try:
        release_hold(public_id, by=request.actor, at=timezone.now())
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("Released: the customer is free for others."))
    return redirect("deals:list")


def render_light(request: ActorRequest, form: RegistrationForm) -> HttpResponse:
    """The fragment alone, for htmx."""
    return render(request, "deals/preflight/_light.html", {"light": light_for(request, form)})
