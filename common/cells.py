"""Cells of files that spreadsheets open: what one would take for a formula leaves with an apostrophe before it."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return "'" + text if text.lstrip("'").startswith(FORMULA) else text


def unguarded(text: str) -> str:
    """The text of a cell as it was before `guarded`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text
