"""From reason codes to sentences in the reader's language."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise

from common.verdict import Reason

_sentences: dict[str, "str | Promise"] = {}


def register(catalogue: Mapping[str, "str | Promise"]) -> None:
    """Add an app's ``choices.REASONS``. Refuses (ValueError) a code that another app already explains."""
    doubled = {code for code in _sentences.keys() & catalogue.keys() if _sentences[code] is not catalogue[code]}
    if doubled:
        raise ValueError(f"reason codes explained twice: {sorted(doubled)}")
    _sentences.update(catalogue)


def is_known(code: str) -> bool:
    return code in _sentences


def sentence(reason: Reason) -> str:
    """The sentence for people. An unknown code is a programming error and raises KeyError."""
    return str(_sentences[reason.code]) % dict(reason.params)


def sentences(reasons: Iterable[Reason]) -> list[str]:
    return [sentence(reason) for reason in reasons]
