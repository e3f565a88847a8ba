"""The lists as files: export, and import after a look at what would become of each row."""

import base64
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.downloads import download
from common.errors import Refused
from common.requests import ActorRequest
from common.sheets import MOST_BYTES, MOST_ROWS
from deals.actions.policies import import_entries, preview_import
from deals.choices.policies import COLUMN_TEXTS, OUTCOME_COLOURS, PolicyKind, RowOutcome
from deals.forms.policies import SheetForm
from deals.queries import policies as queries
from deals.rules.policies import (
    AnyEntry,
    AuthorisationEntry,
    BlockedCustomerEntry,
    ExclusiveGrantEntry,
    HolidayEntry,
    NamedAccountEntry,
)
from deals.rules.policy_rows import COLUMNS, REQUIRED, Planned, Written, write_sheet
from deals.views.policies import frame_of, require_kind

SHOWN_ROWS = 500


@login_required
def export(request: ActorRequest, kind: str) -> HttpResponseBase:
    """The whole list, ended entries too, as a file that can be imported again."""
    which = require_kind(request, kind)
    rows = queries.policies_visible_to(request.actor, which).order_by("pk")
    return download(f"{which}.csv", write_sheet(which, queries.written_rows(which, rows)))


@login_required
def example(request: ActorRequest, kind: str) -> HttpResponseBase:
    """A file with one row that shows how."""
    which = require_kind(request, kind, to_edit=True)
    return download(f"{which}-example.csv", write_sheet(which, [_example(which, timezone.localdate())]))


@login_required
def import_sheet(request: ActorRequest, kind: str) -> HttpResponse:
    """Look at a file first; import its good rows, or nothing, once that was chosen."""
    which = require_kind(request, kind, to_edit=True)
    form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
    content: bytes | None = None
    if request.method == "POST" and "content" in request.POST:
        content = _unpacked(request.POST["content"])
        if "apply" in request.POST:
            return _apply(request, which, content)
    elif request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(MOST_BYTES + 1)
    context = {
        **frame_of(request, which),
        "form": form,
        "columns": [(name, COLUMN_TEXTS[name], name in REQUIRED) for name in COLUMNS[which]],
        "most_kb": MOST_BYTES // 1000,
        "most_rows": MOST_ROWS,
    }
    if content is None:
        return render(request, "deals/policies/import.html", context, status=422 if form.errors else 200)
    planned, verdict = preview_import(which, content, by=request.actor, at=timezone.now())
    if not verdict:
        return render(request, "deals/policies/import.html", context | {"reasons": verdict.reasons}, status=422)
    return render(request, "deals/policies/preview.html", context | _preview(which, planned, content))


def _apply(request: ActorRequest, kind: PolicyKind, content: bytes) -> HttpResponse:
    try:
        planned = import_entries(kind, content, by=request.actor, at=timezone.now())
    except Refused as refused:
        context: dict[str, Any] = {**frame_of(request, kind), "form": SheetForm(), "reasons": refused.reasons}
        return render(request, "deals/policies/import.html", context, status=422)
    counts = _counts(planned)
    text = _("%(new)s added, %(changed)s changed, %(unchanged)s as they were, %(wrong)s left out.")
    messages.success(request, text % counts)
    return redirect("deals:policy-list", kind)


def _preview(kind: PolicyKind, planned: list[Planned], content: bytes) -> dict[str, Any]:
    counts = _counts(planned)
    wrong_first = sorted(planned, key=lambda row: (row.outcome != RowOutcome.WRONG, row.number))
    return {
        "shown": [
            {"row": row, "cells": _texts(kind, row), "problems": row.problems} for row in wrong_first[:SHOWN_ROWS]
        ],
        "left_out": max(0, len(planned) - SHOWN_ROWS),
        "counts": counts,
        "good": counts["new"] + counts["changed"],
        "total": len(planned),
        "outcome_colours": OUTCOME_COLOURS,
        "content": base64.b64encode(content).decode(),
        "column_names": COLUMNS[kind],
    }


def _texts(kind: PolicyKind, row: Planned) -> list[tuple[str, str]]:
    return [(name, row.cells.get(name, "")) for name in COLUMNS[kind]]


def _counts(planned: Iterable[Planned]) -> dict[str, int]:
    found = Counter(row.outcome for row in planned)
    return {outcome.value: found[outcome] for outcome in RowOutcome}


def _unpacked(text: str) -> bytes:
    """The file that a preview carried along; what is none reads as an empty file."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _example(kind: PolicyKind, today: date) -> Written:
    """Made up: its ids name nobody."""
    starts_on = date(today.year + 1, 1, 1)
    ends_on = date(today.year + 2, 1, 1)
    scope: dict[str, Any] = {"partner_id": 0, "countries": ("DE", "AT"), "segment": "Public sector"}
    entries: dict[PolicyKind, AnyEntry] = {
        PolicyKind.NAMED_ACCOUNTS: NamedAccountEntry(customer_id=0, starts_on=starts_on, note="Strategic account"),
        PolicyKind.BLOCKED_CUSTOMERS: BlockedCustomerEntry(customer_id=0, reason="sanctioned", starts_on=starts_on),
        PolicyKind.EXCLUSIVE_GRANTS: ExclusiveGrantEntry(starts_on=starts_on, ends_on=ends_on, **scope),
        PolicyKind.AUTHORISATIONS: AuthorisationEntry(
            starts_on=starts_on, ends_on=ends_on, certificate="Certified specialist", **scope
        ),
        PolicyKind.HOLIDAYS: HolidayEntry(on=starts_on + timedelta(days=358), name="Christmas Day"),
    }
    of_customer = kind in queries.OF_CUSTOMERS
    subject = "" if kind == PolicyKind.HOLIDAYS else "C-1001" if of_customer else "ptn_0123456789abcdef"
    return Written(
        entries[kind], subject, "Example AG" if subject else "", "" if of_customer or not subject else "platform"
    )
