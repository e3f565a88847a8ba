"""The life of one deal as its page shows it: clocks, requests, what was said and shown, and what can be done."""

from dataclasses import dataclass
from datetime import datetime

from common.actor import Actor
from common.verdict import Verdict, refusal
from deals.choices.protections import ChangeStatus
from deals.choices.registrations import Event, RegistrationStatus
from deals.models import Attachment, Comment, Registration
from deals.queries.benefits import DealDiscount, discount_of
from deals.queries.changes import ChangeRow, changes_of
from deals.queries.conversation import attachments_of, comments_of
from deals.queries.decisions import Receipt, decisions_of, receipt_for
from deals.queries.protections import (
    ExtensionRow,
    ProtectionStanding,
    count_extensions,
    extensions_of,
    protection_standing,
)
from deals.queries.timelines import TimelineEntry, timeline_of
from deals.rules import transitions
from deals.rules.activity import OPEN_STATUSES
from deals.rules.extensions import may_extend
from deals.rules.permissions import may_act
from deals.rules.terms import Terms, terms_from


@dataclass(frozen=True, slots=True)
class Doings:
    """What this reader may do. None: it is not theirs to do, and nothing is shown; otherwise why it cannot be now.

    `decide` about a change that waits, `answer` a request for more time: that also once the protection has ended.
    """

    extend: Verdict | None
    change: Verdict | None
    move_stage: Verdict | None
    release: Verdict | None
    revoke: Verdict | None
    decide: Verdict | None
    answer: Verdict | None
    comment: Verdict | None


@dataclass(frozen=True, slots=True)
class DealLife:
    standing: ProtectionStanding | None
    terms: Terms
    receipts: list[Receipt]
    extensions: list[ExtensionRow]
    changes: list[ChangeRow]
    comments: list[Comment]
    files: list[Attachment]
    timeline: list[TimelineEntry]
    discount: DealDiscount | None
    may: Doings

    def comments_in(self, stream: str) -> list[Comment]:
        return [comment for comment in self.comments if comment.stream == stream]

    @property
    def granted_count(self) -> int:
        return count_extensions([row.extension.status for row in self.extensions]).granted_count

    @property
    def pending_extension(self) -> ExtensionRow | None:
        return next((row for row in self.extensions if row.is_pending), None)

    @property
    def pending_change(self) -> ChangeRow | None:
        return next((row for row in self.changes if row.is_pending), None)


def deal_life(actor: Actor, registration: Registration, *, at: datetime) -> DealLife:
    """Everything about the registration that this actor may read. Seven statements, three fewer before its approval."""
    decisions = list(decisions_of(registration))
    receipts = [receipt_for(actor, decision) for decision in decisions]
    terms = terms_from(decisions[0].rulebook.terms) if decisions else Terms()
    was_protected = registration.protected_until is not None
    extensions = extensions_of(registration) if was_protected else []
    changes = changes_of(registration) if was_protected else []
    return DealLife(
        standing=protection_standing(registration, terms, at),
        terms=terms,
        receipts=receipts,
        extensions=extensions,
        changes=changes,
        comments=comments_of(actor, registration),
        files=attachments_of(actor, registration),
        timeline=timeline_of(registration, receipts, at=at),
        discount=discount_of(actor, registration),
        may=_doings(
            actor, registration, at=at, extend=_extendable(registration, extensions, terms, at), changes=changes
        ),
    )


def may_extend_on(registration: Registration, terms: Terms, at: datetime) -> Verdict:
    """Whether more time can be asked for now. One statement."""
    return _extendable(registration, extensions_of(registration), terms, at)


def _extendable(registration: Registration, extensions: list[ExtensionRow], terms: Terms, at: datetime) -> Verdict:
    before = count_extensions([row.extension.status for row in extensions])
    is_approved = registration.status == RegistrationStatus.APPROVED
    until = registration.protected_until if is_approved else None
    return may_extend(before, protected_until=until, at=at, terms=terms)


def _doings(
    actor: Actor, registration: Registration, *, at: datetime, extend: Verdict, changes: list[ChangeRow]
) -> Doings:
    status = registration.status_on(at)
    not_now = refusal("registration.status", status=RegistrationStatus(status).label)
    is_live = status == RegistrationStatus.APPROVED
    live = Verdict() if is_live else not_now
    answerable = Verdict() if registration.status == RegistrationStatus.APPROVED else not_now
    waits = any(row.change.status == ChangeStatus.PENDING for row in changes)

    def theirs(capability: str, verdict: Verdict) -> Verdict | None:
        return verdict if may_act(actor, capability, registration.partner_id) else None

    return Doings(
        extend=theirs("registration.maintain", extend if is_live else not_now),
        change=theirs("registration.maintain", live & (refusal("change.pending") if waits else Verdict())),
        move_stage=theirs("registration.maintain", Verdict() if status in OPEN_STATUSES else not_now),
        release=theirs("registration.maintain", transitions.may_happen(Event.RELEASE, status)),
        revoke=theirs("registration.revoke", transitions.may_happen(Event.REVOKE, status)),
        decide=theirs("registration.review", live),
        answer=theirs("registration.review", answerable),
        comment=theirs("registration.comment", Verdict() if registration.receipt_number is not None else not_now),
    )
