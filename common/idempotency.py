"""One effect per idempotency key, whatever is retried: the key is written in the transaction of the effect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from common.errors import KeyReused
from common.models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the HTTP status and the JSON body."""

    status_code: int
    body: Any


def once(*, owner: str, key: str, fingerprint: str, effect: Callable[[], Answer]) -> Answer:
    """Run `effect` unless this owner's key already had one; then repeat the first answer.

    Simultaneous callers wait for the first: the unique row is inserted before the effect. If the effect raises,
    nothing is stored and the key stays free. Refuses (`KeyReused`) the same key with another fingerprint.
    """
    with transaction.atomic():
        claimed = IdempotencyKey(owner=owner, key=key, fingerprint=fingerprint, status_code=0, body={})
        IdempotencyKey.objects.bulk_create([claimed], ignore_conflicts=True)
        stored = IdempotencyKey.objects.select_for_update().get(owner=owner, key=key)
        if stored.fingerprint != fingerprint:
            raise KeyReused(key)
        if stored.status_code:
            return Answer(stored.status_code, stored.body)
        answer = effect()
        stored.status_code, stored.body = answer.status_code, answer.body
        stored.save(update_fields=["status_code", "body"])
    return answer
