"""What the vendor does about a breach: acknowledge what went wrong, make it good, or reject it with a reason.

Whoever knows what partners earn proposes the make-good (`incentives` listens to ``breach.opened``) and pays it
(``breach.settled``), both in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from common.actor import Actor
from common.audit import entries_about, record
from common.errors import NotFound
from common.events import publish
from common.outbox import after_commit
from common.verdict import refusal
from deals.choices.cases import BreachEvent, BreachStatus
from deals.models import Breach
from deals.queries.calendar import day_of
from deals.queries.facts import terms_on
from deals.rules import breaches as rules
from deals.rules.breaches import Settlement
from deals.rules.make_good import Step
from deals.rules.words import words_are_sound
from partners import rules as partner_rules


def propose_make_good(breach_id: int, *, amount: Decimal, currency: str, steps: Sequence[Step], at: datetime) -> None:
    """Keep what the partner would have earned, in place of an earlier proposal; only while the breach is open.

    Refuses (ValueError) steps that do not add up: nobody could explain such an amount.
    """
    if sum(step.amount for step in steps) != amount:
        raise ValueError(f"the steps of breach {breach_id} do not add up to {amount}")
    open_one = Breach.objects.filter(pk=breach_id, status=BreachStatus.OPEN)
    open_one.update(amount=amount, currency=currency, steps=[step.as_json() for step in steps])


def acknowledge_breach(breach_id: int, *, words: str, by: Actor, at: datetime) -> Breach:
    """Say what went wrong; the partner reads it, and the proposal stands from now on. Refuses empty words.

    After the day that the terms promise the channel chief is told.
    """
    with transaction.atomic():
        breach = _lock(breach_id, by, "breach.acknowledge")
        breach.status = rules.status_after(BreachEvent.ACKNOWLEDGE, breach.status)
        words_are_sound(words, field="words").or_refuse()
        breach.words = words.strip()
        breach.acknowledged_at, breach.acknowledged_by = at, by.label
        breach.save(update_fields=["status", "words", "acknowledged_at", "acknowledged_by"])
        record("breach.acknowledged", on=breach, by=by, at=at, late=_note_if_late(breach, at))
        _tell(breach, "acknowledged", at)
    return breach


def settle_breach(breach_id: int, *, amount: Decimal, words: str = "", by: Actor, at: datetime) -> Breach:
    """Make it good: the amount goes onto the partner's statement with its steps, in this transaction.

    Words are needed where it is not the amount proposed. Above the terms' limit it takes a second person besides the
    one who acknowledged. Publishes ``breach.settled``; proposals for the same deal are made again.
    """
    with transaction.atomic():
        breach = _lock(breach_id, by, "breach.settle")
        breach.status = rules.status_after(BreachEvent.SETTLE, breach.status)
        settlement = Settlement(
            amount=amount,
            proposed=breach.amount,
            currency=breach.currency,
            words=words,
            limit=terms_on(day_of(at)).settle_alone_amount,
            is_same_person=by.key == _who_acknowledged(breach),
        )
        (rules.may_settle(settlement) & words_are_sound(words, field="words", missing="")).or_refuse()
        breach.settled_amount, breach.closing_words = amount, words.strip()
        breach.closed_at, breach.closed_by = at, by.label
        breach.save(update_fields=["status", "settled_amount", "closing_words", "closed_at", "closed_by"])
        record("breach.settled", on=breach, by=by, at=at, amount=amount, currency=breach.currency)
        publish("breach.settled", breach_id=breach.pk, by=by, at=at)
        siblings = Breach.objects.filter(registration_id=breach.registration_id, status=BreachStatus.OPEN)
        publish("breach.changed", breach_ids=list(siblings.order_by("pk").values_list("pk", flat=True)), at=at)
        _tell(breach, "settled", at)
    return breach


def reject_breach(breach_id: int, *, reason: str, by: Actor, at: datetime) -> Breach:
    """Say why it is no breach, or nothing to make good; the partner reads it. Refuses an empty reason."""
    with transaction.atomic():
        breach = _lock(breach_id, by, "breach.acknowledge")
        breach.status = rules.status_after(BreachEvent.REJECT, breach.status)
        words_are_sound(reason, field="reason").or_refuse()
        if breach.acknowledged_at is None:
            breach.acknowledged_at, breach.acknowledged_by = at, by.label
            _note_if_late(breach, at)
        breach.closing_words = reason.strip()
        breach.closed_at, breach.closed_by = at, by.label
        breach.save(
            update_fields=["status", "acknowledged_at", "acknowledged_by", "closing_words", "closed_at", "closed_by"]
        )
        record("breach.rejected", on=breach, by=by, at=at)
        _tell(breach, "rejected", at)
    return breach


def _lock(breach_id: int, by: Actor, capability: str) -> Breach:
    """The breach's row, locked; only the vendor settles its own breaches, never a partner's client."""
    breach = Breach.objects.select_for_update().filter(pk=breach_id).first()
    if breach is None:
        raise NotFound("breach")
    partner_rules.may(by, capability).or_refuse()
    if not by.is_vendor:
        refusal("actor.not_permitted").or_refuse()
    return breach


def _who_acknowledged(breach: Breach) -> str:
    entry = entries_about(breach).filter(event="breach.acknowledged").last()
    return entry.actor_key if entry else ""


def _note_if_late(breach: Breach, at: datetime) -> bool:
    """Whether its first answer comes after the promised instant; then those in charge are told."""
    is_late = at > breach.due_at
    if is_late:
        after_commit("deals.breach_late", at=at, breach_id=breach.pk)
    return is_late


def _tell(breach: Breach, event: str, at: datetime) -> None:
    after_commit("deals.breaches_told", at=at, breach_ids=[breach.pk], event=event)
