"""The score book: what was credited to whom, from what; taking it back by hand."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse as address_of
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from common.downloads import csv_file
from common.errors import NotFound, Refused
from common.requests import ActorRequest
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.actions.reports import reverse_source
from tiers.choices.scores import SOURCE_KINDS, STATE_COLOURS, BookState
from tiers.forms.scores import BookForm, ReverseForm, SourceForm
from tiers.queries import score_book as queries
from tiers.queries.metrics import metric_choices
from tiers.queries.overrides import day_of
from tiers.rules.credits import may_reverse


@login_required
@require_GET
def scores(request: ActorRequest) -> HttpResponse:
    """The book, the newest first."""
    partner_queries.require(request.actor, "score.view")
    form = BookForm(request.GET)
    chosen = form.chosen()
    page = queries.book_page(request.actor, form.wish(), day=day_of(timezone.now()))
    context = {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "chosen": chosen,
        "is_narrowed": any(value for name, value in chosen.items() if name != "after"),
        "metrics": metric_choices(),
        "kinds": list(SOURCE_KINDS.items()),
        "states": BookState.choices,
        "state_colours": STATE_COLOURS,
        "may_credit": bool(partner_rules.may(request.actor, "score.credit")),
        "most_exported": queries.MOST_EXPORTED,
        "saved_views": partner_queries.saved_views_for(request.actor, "tiers.scores"),
    }
    return render(request, "tiers/scores/list.html", context)


@login_required
@require_GET
def export(request: ActorRequest) -> HttpResponseBase:
    """The book as a file for a spreadsheet, narrowed like the page."""
    partner_queries.require(request.actor, "score.view")
    book = queries.narrowed(request.actor, BookForm(request.GET).wish())
    return csv_file("score-book.csv", [queries.BOOK_COLUMNS], queries.book_cells(book))


@login_required
def reverse(request: ActorRequest) -> HttpResponse:
    """Undo all that one source was credited, and say why."""
    partner_queries.require(request.actor, "score.credit")
    named = SourceForm(request.GET)
    if not named.is_valid():
        raise NotFound("source")
    kind, key = named.cleaned_data["kind"], named.cleaned_data["key"]
    at = timezone.now()
    page = queries.source_page(request.actor, kind, key, day=day_of(at))
    form = ReverseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            count = reverse_source(kind, key, reason=form.cleaned_data["reason"], by=request.actor, at=at)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            text = ngettext("%(count)s credit was reversed.", "%(count)s credits were reversed.", count)
            messages.success(request, text % {"count": count})
            return redirect(f"{address_of('tiers:scores')}?{_selection(kind, key)}")
    context: dict[str, Any] = {
        "page": page,
        "form": form,
        "verdict": may_reverse(kind, standing_count=page.standing_count),
        "state_colours": STATE_COLOURS,
        "source_name": SOURCE_KINDS.get(kind, kind),
    }
    return render(request, "tiers/scores/reverse.html", context, status=422 if form.errors else 200)


def _selection(kind: str, key: str) -> str:
    return urlencode({"kind": kind, "key": key})
