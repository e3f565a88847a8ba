"""What a partner may be asked while its registration is under review, and what it may answer."""

from collections.abc import Collection, Mapping
from typing import Any

from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.reviews import CO_SELL, EDITABLE_FIELDS

MAX_WORDS = 1000
_NOT_JUDGED = frozenset({"contact", "expected_close_on", "stage", "why_now"})


def words_are_given(words: str, *, field: str) -> Verdict:
    """A reason or question that the other side reads: neither empty nor endless."""
    if not words.strip():
        return refusal("registration.words_missing", field=field)
    if len(words) > MAX_WORDS:
        return refusal("registration.text_too_long", field=field, limit=MAX_WORDS)
    return ALLOWED


def may_ask(fields: Collection[str], words: str) -> Verdict:
    """Whether these fields can be opened to the partner, with this question."""
    unknown = [
        Reason("inquiry.field_unknown", {"name": name}, "fields") for name in fields if name not in EDITABLE_FIELDS
    ]
    missing = None if fields else Reason("inquiry.fields_missing", field="fields")
    return objections([missing, *unknown]) & words_are_given(words, field="words")


def may_answer(asked: Collection[str], typed: Mapping[str, Any], *, words: str, has_changed: bool) -> Verdict:
    """Whether this answers what was asked: nothing else is touched, and something is said or changed."""
    foreign = [Reason("inquiry.field_not_asked", {"name": name}, name) for name in typed if name not in asked]
    silent = not has_changed and not words.strip()
    long = Reason("registration.text_too_long", {"limit": MAX_WORDS}, "words") if len(words) > MAX_WORDS else None
    return objections([*foreign, Reason("inquiry.nothing_answered", field="words") if silent else None, long])


def concerns(verdict: Verdict, asked: Collection[str]) -> Verdict:
    """What of the objections the partner can do something about: those to fields that were asked for."""
    return Verdict(tuple(reason for reason in verdict.reasons if reason.field.partition(".")[0] in asked))


def is_judged_again(changed: Collection[str]) -> bool:
    """Whether any of the changed fields is something that matching or a rule of engagement looks at."""
    return bool(set(changed) - _NOT_JUDGED)


def editable_of(asked: Collection[str]) -> list[str]:
    """The asked fields in the order of the form; an offer to sell together is answered elsewhere."""
    return [name for name in EDITABLE_FIELDS if name in asked and name != CO_SELL]
