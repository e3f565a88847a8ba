"""One effect per idempotency key, whatever is retried: the key is written in the transaction of the effect."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from common.errors import KeyReused
from common.models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the HTTP status and the JSON body."""

    status_code: int
    body: Any


# Whoever inserts the row has the key; whoever does not waits for the insert to commit, and reads what was answered.
_CLAIM = """
    INSERT INTO common_idempotencykey (owner, key, fingerprint, status_code, body, created_at)
    VALUES (%s, %s, %s, 0, '{}', now()) ON CONFLICT DO NOTHING RETURNING id
"""
_KEEP = "UPDATE common_idempotencykey SET status_code = %s, body = %s WHERE id = %s"


def once(*, owner: str, key: str, fingerprint: str, effect: Callable[[], Answer]) -> Answer:
    """Run `effect` unless this owner's key already had one; then repeat the first answer.

    Simultaneous callers wait for the first: the unique row is inserted before the effect. If the effect raises,
    nothing is stored and the key stays free. Refuses (`KeyReused`) the same key with another fingerprint.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [owner, key, fingerprint])
            claimed = cursor.fetchone()
        if claimed is None:
            stored = IdempotencyKey.objects.get(owner=owner, key=key)
            if stored.fingerprint != fingerprint:
                raise KeyReused(key)
            return Answer(stored.status_code, stored.body)
        answer = effect()
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [answer.status_code, json.dumps(answer.body), claimed[0]])
    return answer
