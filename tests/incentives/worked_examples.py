"""The tables of docs/algorithms.md, as the tests read them."""

from decimal import Decimal
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "algorithms.md").read_text(encoding="utf-8")


def table(name: str) -> list[dict[str, str]]:
    """The rows of the table below ``<!-- table: name -->``, by column."""
    lines = iter(TEXT.split(f"<!-- table: {name} -->\n", 1)[1].splitlines())
    columns = _cells(next(lines))
    next(lines)  # the ruler
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(columns, _cells(line), strict=True)))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def number(text: str) -> Decimal:
    """``1 000.00`` as a number; ``none`` counts as 0."""
    return Decimal(0) if text == "none" else Decimal(text.replace(" ", ""))


def numbers(text: str) -> list[Decimal]:
    """``1 000.00 + 2 800.00`` as numbers."""
    return [number(part) for part in text.split(" + ")]
