"""Keeping and forgetting views of lists. The lists themselves show them: see ``<c-saved-views>``."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.reasons import sentences
from common.requests import ActorRequest
from partners.actions import views
from partners.forms import SaveViewForm


@login_required
@require_POST
def save(request: ActorRequest) -> HttpResponse:
    """Keep the selection that the list shows, and show the list again."""
    form = SaveViewForm(request.POST)
    address = _address(form.data.get("page", ""))
    if not form.is_valid():
        raise NotFound("page")
    typed = form.cleaned_data
    query = typed["query"]
    try:
        kept = views.save_view(
            typed["page"], name=typed["name"], query=query, is_shared=typed["is_shared"], by=request.actor
        )
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": kept.name})
        query = kept.query
    return redirect(urlsplit(address)._replace(query=query).geturl())


@login_required
@require_POST
def delete(request: ActorRequest, public_id: str) -> HttpResponse:
    page = views.delete_view(public_id, by=request.actor)
    messages.success(request, _("The view is deleted."))
    return redirect(_address(page))


def _address(page: str) -> str:
    """The list that a page's name means: ``deals.list`` is the address called ``deals:list``."""
    try:
        return reverse(page.replace(".", ":", 1))
    except NoReverseMatch:
        raise NotFound("page") from None
