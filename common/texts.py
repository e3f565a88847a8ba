"""Texts that people type."""

import unicodedata

_LINE_BREAKS = frozenset("\n\r\t")
_UNREADABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def is_readable(text: str, *, several_lines: bool) -> bool:
    """No control, direction, private or unassigned characters; line breaks only in longer texts."""
    allowed = _LINE_BREAKS if several_lines else frozenset()
    return all(c in allowed or unicodedata.category(c) not in _UNREADABLE for c in text)
