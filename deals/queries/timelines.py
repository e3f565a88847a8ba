"""What happened to a registration, told from the audit entries without anybody else's facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.audit import entries_about
from common.reasons import sentence
from common.verdict import Reason
from common.writing import written_day
from deals.choices import cases, participants, protections, registrations, reviews
from deals.choices.registrations import LOST_REASONS, RegistrationStatus, SalesStage
from deals.models import Registration
from deals.queries.decisions import Receipt

_LOOKS: Mapping[str, tuple[Any, str, str]] = {
    **registrations.EVENTS,
    **reviews.EVENTS,
    **protections.EVENTS,
    **participants.EVENTS,
    **cases.EVENTS,
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    title: Any
    text: str
    actor: str
    icon: str
    colour: str


def timeline_of(registration: Registration, receipts: Iterable[Receipt], *, at: datetime) -> list[TimelineEntry]:
    """Newest first. Texts are the reader's own receipts' sentences: what a partner may not read there is not here.

    The lapse of a protection is no event that anybody recorded: it is told when its time has come.
    """
    texts = {receipt.public_id: sentence(receipt.reason) for receipt in receipts}
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


def _text(facts: dict[str, Any], texts: Mapping[str, str]) -> str:
    """What was said with it, in one sentence."""
    if "decision" in facts:
        return texts.get(facts["decision"], "")
    if "words" in facts:
        return str(facts["words"])
    if "after" in facts and facts["after"] in SalesStage.values:
        return str(SalesStage(facts["after"]).label)
    if "until" in facts:
        return _("Until %(day)s") % {"day": written_day(datetime.fromisoformat(facts["until"]))}
    if facts.get("reason", "") in protections.REASONS:
        return sentence(Reason(facts["reason"]))
    return str(LOST_REASONS.get(facts.get("reason", ""), ""))
