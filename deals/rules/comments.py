"""What can be said about a registration, and in which stream."""

from common.texts import is_readable
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.conversation import Stream

MAX_LENGTH = 4000


def may_write(stream: str, *, is_vendor: bool) -> Verdict:
    """The vendor's people write in every stream; for a partner there is one, and any other is one that there is not."""
    known = Stream.values if is_vendor else [Stream.SHARED.value]
    return ALLOWED if stream in known else refusal("registration.choice_invalid", field="stream")


def comment_is_sound(text: str) -> Verdict:
    """Some words, no longer than `MAX_LENGTH`, without control and direction characters."""
    return objections(
        [
            None if text.strip() else Reason("comment.empty", field="text"),
            Reason("registration.text_too_long", {"limit": MAX_LENGTH}, "text") if len(text) > MAX_LENGTH else None,
            None if is_readable(text, several_lines=True) else Reason("registration.text_characters", field="text"),
        ]
    )
