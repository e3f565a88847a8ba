"""A partner's answer to what it was asked."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import NotFound, Refused
from common.requests import ActorRequest
from crm import queries as crm_queries
from deals.actions.answers import answer_inquiry, draft_of
from deals.actions.inquiries import open_inquiry_of
from deals.choices.registrations import RegistrationStatus
from deals.forms.answers import AnswerForm
from deals.queries.registrations import find_registration
from deals.rules.inquiries import editable_of
from deals.rules.permissions import may_act


@login_required
def answer(request: ActorRequest, public_id: str) -> HttpResponse:
    """What was asked, and just the fields that may be changed; kept as typed if something is wrong."""
    deal = find_registration(request.actor, public_id)
    may_answer = may_act(request.actor, "registration.create", deal.partner_id)
    if not may_answer or deal.status != RegistrationStatus.ACTION_REQUIRED:
        raise NotFound("inquiry")
    inquiry = open_inquiry_of(deal)
    form = AnswerForm(
        request.POST or None,
        asked=editable_of(inquiry.fields),
        draft=draft_of(deal),
        products=crm_queries.product_choices(),
    )
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["words"]
        try:
            answer_inquiry(deal.pk, typed=form.typed(), words=words, by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Thank you. The review goes on."))
            return redirect("deals:detail", public_id)
    context = {"deal": deal, "inquiry": inquiry, "form": form}
    return render(request, "deals/reviews/answer.html", context, status=422 if form.is_bound else 200)
