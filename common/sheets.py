"""Files of rows as spreadsheets write and read them: a CSV file's bytes to records, and cells back to lines.

In UTF-8 with or without a mark (or UTF-16), with commas, semicolons or tabs.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from common.cells import unguarded
from common.verdict import Reason, Verdict, objections, refusal

MOST_BYTES = 500_000
MOST_ROWS = 2_000
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by this mark spreadsheets know UTF-8


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One record; `number` as a spreadsheet counts, the header being row 1."""

    number: int
    cells: Mapping[str, str]
    is_too_long: bool = False


def read_sheet(
    content: bytes, columns: Sequence[str], required: Collection[str]
) -> tuple[tuple[SheetRow, ...], Verdict]:
    """The records of a file, and what stands against reading it at all."""
    if len(content) > MOST_BYTES:
        return (), refusal("sheet.too_large", limit=MOST_BYTES // 1000)
    text = _decoded(content)
    if text is None:
        return (), refusal("sheet.not_text")
    header = text.lstrip("\n").partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    records: list[list[str]] = []
    try:
        records.extend(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return (), refusal("sheet.not_csv", row=len(records) + 1)
    names = [cell.strip().lower() for cell in records[0]] if records else []
    rows = tuple(
        SheetRow(number, _cells(names, cells), len(cells) > len(names) and any(cells[len(names) :]))
        for number, cells in enumerate(records[1:], start=2)
        if any(cell.strip() for cell in cells)
    )
    return rows, _header_is_sound(names, columns, required) & _count_is_sound(rows)


def _decoded(content: bytes) -> str | None:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _cells(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: unguarded(cell.strip()) for name, cell in zip(names, cells, strict=False)}


def _header_is_sound(names: Sequence[str], columns: Sequence[str], required: Collection[str]) -> Verdict:
    times = Counter(name for name in names if name)
    missing = [name for name in columns if name in required and name not in times]
    return objections(
        [
            *(Reason("sheet.column_missing", {"column": name}) for name in missing),
            *(Reason("sheet.column_unknown", {"column": name[:60]}) for name in times if name not in columns),
            *(Reason("sheet.column_twice", {"column": name[:60]}) for name, count in times.items() if count > 1),
        ]
    )


def _count_is_sound(rows: Sequence[SheetRow]) -> Verdict:
    return objections(
        [
            None if rows else Reason("sheet.empty"),
            Reason("sheet.too_many_rows", {"limit": MOST_ROWS}) if len(rows) > MOST_ROWS else None,
        ]
    )


_DAYS = (re.compile(r"(\d{4})[-.](\d{1,2})[-.](\d{1,2})\.?"), re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\.?"))


def day_of_cell(text: str) -> date | None:
    """ISO, or with dots as spreadsheets write it. None: no day; with slashes nobody knows which is the month."""
    compact = text.replace(" ", "")
    iso, dotted = (pattern.fullmatch(compact) for pattern in _DAYS)
    parts = iso.groups() if iso else dotted.groups()[::-1] if dotted else None
    try:
        return date(*map(int, parts or ()))
    except (TypeError, ValueError):
        return None


def line_of(cells: Iterable[str]) -> str:
    """One line of a file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
