"""More time for a protection: who may ask for it, with which evidence, and what is answered at once."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from common.verdict import Reason, Verdict, objections
from deals.choices.registrations import RegistrationStatus
from deals.rules.terms import Terms
from deals.rules.words import words_are_sound

ENOUGH_WORDS = 20  # characters that stand for themselves, where no file is given


@dataclass(frozen=True, slots=True)
class ExtensionStep:
    """One line of how the new end comes about: ``ends_before``, ``days`` (with their number) or ``ends_after``."""

    code: str
    at: datetime | None = None
    days: int = 0


@dataclass(frozen=True, slots=True)
class Extensions:
    """What was asked for before: how many were granted, and whether one waits for its answer."""

    granted_count: int
    is_pending: bool


def may_extend(before: Extensions, *, protected_until: datetime | None, at: datetime, terms: Terms) -> Verdict:
    """Whether more time may be asked for: of a live protection (half-open), so many times, one after the other."""
    is_live = protected_until is not None and at < protected_until
    return objections(
        [
            None if is_live else Reason("extension.not_live"),
            Reason("extension.pending") if before.is_pending else None,
            None
            if before.granted_count < terms.extension_count
            else Reason("extension.used_up", {"limit": terms.extension_count}),
        ]
    )


def evidence_is_given(words: str, *, evidence_on: date | None, has_file: bool, day: date, terms: Terms) -> Verdict:
    """Whether the words, their day and perhaps a file are evidence: not of tomorrow, at most `evidence_days` old.

    Words are always needed; without a file at least `ENOUGH_WORDS` characters of them.
    """
    oldest = day - timedelta(days=terms.evidence_days)
    said = " ".join(words.split())
    return words_are_sound(words, field="words") & objections(
        [
            Reason("extension.evidence_missing", {"count": ENOUGH_WORDS}, "words")
            if said and not has_file and len(said) < ENOUGH_WORDS
            else None,
            None if evidence_on is not None else Reason("extension.day_missing", field="evidence_on"),
            Reason("extension.evidence_in_future", field="evidence_on") if evidence_on and evidence_on > day else None,
            Reason("extension.evidence_too_old", {"days": terms.evidence_days}, "evidence_on")
            if evidence_on and evidence_on < oldest
            else None,
        ]
    )


def may_grant(status: str, *, ends_before: datetime, days: int, at: datetime) -> Verdict:
    """Whether what was asked for in time can still be given, of a registration's stored status.

    The answer may come after the end: it counts from there. Half-open: at the instant at which the time that was asked
    for would be over, too, nothing is left to give.
    """
    return objections(
        [
            None if status == RegistrationStatus.APPROVED else Reason("extension.not_live"),
            None if at < end_after(ends_before, days) else Reason("extension.over"),
        ]
    )


def is_granted_by_rule(before: Extensions) -> bool:
    """The first is granted at once; for any later one a manager looks at the evidence."""
    return before.granted_count == 0


def end_after(ends_before: datetime, days: int) -> datetime:
    """Whole days of 24 hours are put onto the end, not onto the instant of asking."""
    return ends_before + timedelta(days=days)


def steps_of(ends_before: datetime, days: int, ends_after: datetime | None) -> tuple[ExtensionStep, ...]:
    """How the end moved, line by line; without the last one as long as it is not granted."""
    steps = (ExtensionStep("ends_before", at=ends_before), ExtensionStep("days", days=days))
    return steps if ends_after is None else (*steps, ExtensionStep("ends_after", at=ends_after))
