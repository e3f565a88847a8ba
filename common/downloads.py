"""Rows as a file for a spreadsheet."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

from common.cells import guarded
from common.sheets import BYTE_ORDER_MARK, line_of


def csv_file(name: str, *parts: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """Rows as a download that a spreadsheet opens as text, never as formulas."""

    def lines() -> Iterator[str]:
        yield BYTE_ORDER_MARK
        for part in parts:
            for row in part:
                yield line_of(guarded(str(cell)) for cell in row)

    return download(name, lines())


def download(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
