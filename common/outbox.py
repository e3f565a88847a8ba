"""The queue of record: what must follow an effect is written with it, and is done exactly once.

A message is *claimed* in a transaction of its own (which counts the attempt, so that a message that kills its worker is
set aside like any other failure), then handled and marked done in a second one. A claim that went stale is
noticed by its token: only the newest claimant can mark the message done.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from common.choices import WorkStatus
from common.models import OutboxMessage

MAX_ATTEMPTS = 5
LEASE = timedelta(seconds=30)

Handler = Callable[..., None]
_handlers: dict[str, Handler] = {}
_hint: list[Callable[[], None]] = []
log = structlog.get_logger(__name__)


def connect(handlers: Mapping[str, Handler], *, hint: Callable[[], None]) -> None:
    """Set who handles which topic, and how to hurry a worker along after a commit. Called once, by `prm.wiring`."""
    _handlers.clear()
    _handlers.update(handlers)
    _hint[:] = [hint]


# Written out: nearly every effect asks, and putting the ORM's statement together took longer than running it.
_ASK = """
    INSERT INTO common_outboxmessage (topic, payload, status, created_at, available_at, attempts, last_error)
    VALUES (%s, %s, 'waiting', now(), %s, 0, '')
"""


def after_commit(topic: str, *, at: datetime, **payload: Any) -> None:
    """Ask for work that happens once this transaction is committed, and not at all if it is not."""
    if topic not in _handlers:
        raise KeyError(f"nobody handles {topic}: see prm/wiring.py")
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [topic, json.dumps(payload, cls=DjangoJSONEncoder), at])
    for hint in _hint:
        transaction.on_commit(hint, robust=True)


def discard_waiting() -> int:
    """Drop what waits, for whoever loads a history of which nothing is news any more; returns how many."""
    return OutboxMessage.objects.filter(status=WorkStatus.WAITING).delete()[0]


def relay(*, at: datetime, limit: int = 100) -> int:
    """Handle up to `limit` waiting messages; returns how many were done. Any number of relays may run at once."""
    done = 0
    for message in _claim(at, limit):
        done += _handle(message, at)
    return done


def _claim(at: datetime, limit: int) -> list[OutboxMessage]:
    with transaction.atomic():
        waiting = OutboxMessage.objects.select_for_update(skip_locked=True).filter(
            status=WorkStatus.WAITING, available_at__lte=at
        )
        messages = list(waiting.order_by("available_at", "id")[:limit])
        for message in messages:
            message.attempts += 1
            message.claim = uuid.uuid4()
            message.available_at = at + LEASE * 2**message.attempts
            if message.attempts > MAX_ATTEMPTS:
                message.status = WorkStatus.QUARANTINED
        OutboxMessage.objects.bulk_update(messages, ["attempts", "claim", "available_at", "status"])
    return [message for message in messages if message.status == WorkStatus.WAITING]


def _handle(message: OutboxMessage, at: datetime) -> bool:
    try:
        with transaction.atomic():
            mine = OutboxMessage.objects.select_for_update().filter(
                pk=message.pk, claim=message.claim, status=WorkStatus.WAITING
            )
            if not mine.exists():
                return False
            _handlers[message.topic](**message.payload)
            mine.update(status=WorkStatus.DONE, done_at=at, last_error="")
    except Exception as error:
        log.exception("outbox message failed", topic=message.topic, message=message.pk, attempt=message.attempts)
        status = WorkStatus.QUARANTINED if message.attempts >= MAX_ATTEMPTS else WorkStatus.WAITING
        OutboxMessage.objects.filter(pk=message.pk, claim=message.claim).update(status=status, last_error=repr(error))
        return False
    return True
