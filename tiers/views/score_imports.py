"""Credits from one file: look first, then the good rows or nothing; what became of each."""

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from common.choices import RowOutcome
from common.downloads import csv_file
from common.errors import Refused
from common.reasons import sentence
from common.requests import ActorRequest
from common.sheets import MOST_BYTES, MOST_ROWS
from common.verdict import Reason
from partners import queries as partner_queries
from tiers.actions.reports import import_reported, preview_reported
from tiers.choices.scores import COLUMN_TEXTS, OUTCOME_COLOURS
from tiers.forms.scores import CreditsFileForm
from tiers.rules.credits import COLUMNS, PROBLEMS, REQUIRED, Judged

SHOWN_ROWS = 500
_EXAMPLE = {
    "partner": "ptn_0123456789abcdef",
    "partner_name": "Example AG",
    "metric": "training",
    "amount": "1",
    "source_key": "course-2027-03/anna.kovacs",
    "label": "Platform basics",
    "holder": "Anna Kovács",
}


@login_required
def import_file(request: ActorRequest) -> HttpResponse:
    """Look at a file, then credit its good rows, or nothing."""
    partner_queries.require(request.actor, "score.credit")
    form = CreditsFileForm(request.POST, request.FILES) if request.method == "POST" else CreditsFileForm()
    content: bytes | None = None
    if request.method == "POST" and "content" in request.POST:
        content = _unpacked(request.POST["content"])
        if "apply" in request.POST:
            return _apply(request, content)
    elif request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(MOST_BYTES + 1)
    if content is None:
        return _start(request, form, status=422 if form.errors else 200)
    judged, verdict = preview_reported(content, by=request.actor, at=timezone.now())
    if not verdict:
        return _start(request, form, reasons=verdict.reasons, status=422)
    return render(request, "tiers/scores/preview.html", _shown(judged, content))


def _start(
    request: ActorRequest, form: CreditsFileForm, *, reasons: Sequence[Reason] = (), status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "reasons": reasons,
        "columns": [(name, COLUMN_TEXTS[name], name in REQUIRED) for name in COLUMNS],
        "most_rows": MOST_ROWS,
        "most_kb": MOST_BYTES // 1000,
    }
    return render(request, "tiers/scores/start.html", context, status=status)


def _apply(request: ActorRequest, content: bytes) -> HttpResponse:
    """Credit the good rows. Sent again, nothing is credited twice."""
    try:
        judged = import_reported(content, by=request.actor, at=timezone.now())
    except Refused as refused:
        return _start(request, CreditsFileForm(), reasons=refused.reasons, status=422)
    return render(request, "tiers/scores/done.html", _shown(judged, content))


def _shown(judged: Sequence[Judged], content: bytes) -> dict[str, Any]:
    counts = Counter(row.outcome for row in judged)
    wrong_first = sorted(judged, key=lambda row: (row.outcome != RowOutcome.FAILED, row.number))
    return {
        "rows": wrong_first[:SHOWN_ROWS],
        "not_shown": max(0, len(judged) - SHOWN_ROWS),
        "good": counts[RowOutcome.CREATED],
        "unchanged": counts[RowOutcome.UNCHANGED],
        "wrong": counts[RowOutcome.FAILED],
        "outcome_colours": OUTCOME_COLOURS,
        "column_names": COLUMNS,
        "content": base64.b64encode(content).decode(),
    }


@login_required
@require_POST
def problems(request: ActorRequest) -> HttpResponseBase:
    """The rows that cannot be credited as a file to mend: what is wrong stands in a column of its own."""
    partner_queries.require(request.actor, "score.credit")
    content = _unpacked(request.POST.get("content", ""))
    judged, verdict = preview_reported(content, by=request.actor, at=timezone.now())
    if not verdict:
        return _start(request, CreditsFileForm(), reasons=verdict.reasons, status=422)
    wrong = (_mendable(row.cells, row.problems) for row in judged if row.problems)
    return csv_file("credits-to-mend.csv", [[*COLUMNS, PROBLEMS]], wrong)


@login_required
@require_GET
def example(request: ActorRequest) -> HttpResponseBase:
    """A file with one row that shows how."""
    partner_queries.require(request.actor, "score.credit")
    today = timezone.localdate()
    cells = _EXAMPLE | {"valid_from": today.isoformat(), "valid_until": date(today.year + 2, 1, 1).isoformat()}
    return csv_file("credits-example.csv", [COLUMNS], [[cells.get(name, "") for name in COLUMNS]])


def _mendable(cells: Mapping[str, str], found: Sequence[Reason]) -> Iterator[str]:
    yield from (cells.get(name, "") for name in COLUMNS)
    yield "; ".join(f"{reason.field}: {sentence(reason)}" if reason.field else sentence(reason) for reason in found)


def _unpacked(text: Any) -> bytes:
    """The file that a preview carried along; what is none reads as an empty file."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
