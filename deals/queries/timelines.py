"""What happened to a registration, told from the audit entries without anybody else's facts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.actor import Actor
from common.audit import entries_about
from common.reasons import sentence
from deals.choices import participants
from deals.choices.registrations import EVENTS, LOST_REASONS, RegistrationStatus
from deals.models import Registration
from deals.queries.decisions import receipts_of

_LOOKS = {**EVENTS, **participants.EVENTS}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    title: Any
    text: str
    actor: str
    icon: str
    colour: str


def timeline_of(actor: Actor, registration: Registration, *, at: datetime) -> list[TimelineEntry]:
    """Newest first. Texts are the actor's own receipts' sentences: what a partner may not read there is not here.

    The lapse of a protection is no event that anybody recorded: it is told when its time has come.
    """
    texts = {receipt.public_id: sentence(receipt.reason) for receipt in receipts_of(actor, registration)}
    entries = [
        _entry(entry.event, entry.at, actor=entry.actor_label, text=_text(entry.facts, texts))
        for entry in entries_about(registration)
        if entry.event in _LOOKS
    ]
    if registration.status_on(at) == RegistrationStatus.EXPIRED and registration.protected_until is not None:
        entries.append(_entry("registration.lapsed", registration.protected_until))
    return entries[::-1]


def _entry(event: str, at: datetime, *, actor: str = "", text: str = "") -> TimelineEntry:
    title, icon, colour = _LOOKS[event]
    return TimelineEntry(at, title, text, actor, icon, colour)


def _text(facts: dict[str, Any], texts: dict[str, str]) -> str:
    if "decision" in facts:
        return texts.get(facts["decision"], "")
    return str(LOST_REASONS.get(facts.get("reason", ""), ""))
