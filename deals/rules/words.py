"""What somebody writes for the other side to read: neither empty nor endless, and without hidden characters."""

from common.texts import is_readable
from common.verdict import Reason, Verdict, objections

MAX_WORDS = 2000


def words_are_sound(words: str, *, field: str, missing: str = "registration.words_missing") -> Verdict:
    """Refuses with ``missing`` if there are none; empty `missing`: there need not be any."""
    return objections(
        [
            Reason(missing, field=field) if missing and not words.strip() else None,
            Reason("registration.text_too_long", {"limit": MAX_WORDS}, field) if len(words) > MAX_WORDS else None,
            None if is_readable(words, several_lines=True) else Reason("registration.text_characters", field=field),
        ]
    )
