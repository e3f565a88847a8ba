"""Many registrations from one file: look first, then the good rows or nothing; what became of each."""

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from common.cells import guarded
from common.errors import Refused
from common.reasons import sentence
from common.requests import ActorRequest
from common.sheets import BYTE_ORDER_MARK, MOST_BYTES, line_of
from common.verdict import Reason
from deals.actions.imports import import_rows, preview_rows
from deals.choices.checks import LIGHT_COLOURS, Light
from deals.choices.imports import COLUMN_TEXTS
from deals.forms.policies import SheetForm
from deals.rules.import_rows import COLUMNS, MOST_ROWS, REQUIRED, ReadRow
from deals.views.pages import words
from deals.views.register import claimants_of

_EXAMPLE = {
    "customer_name": "Zwack Unicum Nyrt.",
    "country": "HU",
    "web_or_tax_id": "zwack-example.hu",
    "contact": "Anna Kovács",
    "product": "SKU-1",
    "quantity": "3",
    "value": "5000.00",
    "currency": "EUR",
    "expected_close": "2027-03-31",
    "stage": "qualified",
    "source": "own",
    "why_now": "The licence ends in spring.",
}


@login_required
def import_file(request: ActorRequest) -> HttpResponse:
    """Look at a file, then import its good rows, or nothing."""
    claimants_of(request)
    form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
    content: bytes | None = None
    if request.method == "POST" and "content" in request.POST:
        content = _unpacked(request.POST["content"])
        if "apply" in request.POST:
            return _apply(request, content)
    elif request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(MOST_BYTES + 1)
    if content is None:
        return _start(request, form, status=422 if form.errors else 200)
    rows, verdict = preview_rows(content, by=request.actor, at=timezone.now())
    if not verdict:
        return _start(request, form, reasons=verdict.reasons, status=422)
    good = sum(row.is_good for row in rows)
    context = {
        "rows": [{"row": row, "problems": _problems(row)} for row in _wrong_first(rows)],
        "good": good,
        "wrong": len(rows) - good,
        "column_names": COLUMNS,
        "content": base64.b64encode(content).decode(),
    }
    return render(request, "deals/imports/preview.html", context)


def _start(
    request: ActorRequest, form: SheetForm, *, reasons: Sequence[Reason] = (), status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "reasons": reasons,
        "columns": [(name, COLUMN_TEXTS[name], name in REQUIRED) for name in COLUMNS],
        "most_rows": MOST_ROWS,
        "most_kb": MOST_BYTES // 1000,
    }
    return render(request, "deals/imports/start.html", context, status=status)


def _apply(request: ActorRequest, content: bytes) -> HttpResponse:
    """Register the good rows. Sent again, it shows the same: nothing is registered twice."""
    try:
        done = import_rows(content, by=request.actor, at=timezone.now())
    except Refused as refused:
        return _start(request, SheetForm(), reasons=refused.reasons, status=422)
    lights = Counter(row.light for row in done)
    context = {
        "done": done,
        "counts": [(light.label, LIGHT_COLOURS[light], lights[light.value]) for light in Light],
        "left_out": lights[""],
        "light_names": dict(Light.choices),
        "light_colours": LIGHT_COLOURS,
        "content": base64.b64encode(content).decode(),
        **words(),
    }
    return render(request, "deals/imports/done.html", context)


@login_required
@require_POST
def problems(request: ActorRequest) -> HttpResponse:
    """The rows that cannot be imported as a file to mend: what is wrong stands in a column of its own."""
    claimants_of(request)
    rows, verdict = preview_rows(_unpacked(request.POST.get("content", "")), by=request.actor, at=timezone.now())
    if not verdict:
        return _start(request, SheetForm(), reasons=verdict.reasons, status=422)
    wrong = [(row.cells, _problems(row)) for row in rows if not row.is_good]
    return _download("registrations-to-mend.csv", wrong)


@login_required
def example(request: ActorRequest) -> HttpResponse:
    """A file with one row that shows how."""
    claimants_of(request)
    return _download("registrations-example.csv", [(_EXAMPLE, ())])


def _download(name: str, rows: Sequence[tuple[Mapping[str, str], Sequence[Reason]]]) -> HttpResponse:
    answer = HttpResponse("".join(_sheet(rows)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _sheet(rows: Sequence[tuple[Mapping[str, str], Sequence[Reason]]]) -> Iterator[str]:
    """A file that can be imported again, safe to open in a spreadsheet."""
    has_problems = any(found for _, found in rows)
    yield BYTE_ORDER_MARK + line_of([*COLUMNS, *(["problems"] if has_problems else [])])
    for cells, found in rows:
        texts = [f"{reason.field}: {sentence(reason)}" if reason.field else sentence(reason) for reason in found]
        shown = [cells.get(name, "") for name in COLUMNS] + (["; ".join(texts)] if has_problems else [])
        yield line_of(guarded(cell) for cell in shown)


def _problems(row: ReadRow) -> tuple[Reason, ...]:
    return row.problems or ((Reason("import.is_live", field="customer_name"),) if row.is_live else ())


def _wrong_first(rows: Sequence[ReadRow]) -> list[ReadRow]:
    return sorted(rows, key=lambda row: (row.is_good, row.number))


def _unpacked(text: Any) -> bytes:
    """The file that a preview carried along; what is none reads as an empty file."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
