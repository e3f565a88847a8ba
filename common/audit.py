"""The audit chain: every change of state, permission or money leaves one entry that cannot be altered unnoticed."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import QuerySet

from common.actor import Actor
from common.models import AuditEntry, AuditHead


def record(event: str, *, on: models.Model, by: Actor, at: datetime, **facts: Any) -> None:
    """Write what happened, in the caller's transaction. Facts must be JSON values, dates or decimals."""
    record_all([entry_of(event, on=on, by=by, at=at, **facts)])


def entry_of(event: str, *, on: models.Model, by: Actor, at: datetime, **facts: Any) -> AuditEntry:
    """What happened, not written yet: for `record_all`."""
    return AuditEntry(
        event=event,
        subject_kind=on._meta.label_lower,
        subject_id=str(on.pk),
        actor_key=by.key,
        actor_label=by.label,
        at=at,
        facts=facts,
    )


# Written out: whatever happens is written here, and putting the ORM's statement together took longer than running it.
_RECORD = """
    INSERT INTO common_auditentry
        (event, subject_kind, subject_id, actor_key, actor_label, at, facts, previous_hash, hash)
    VALUES """
_GIVEN = ("event", "subject_kind", "subject_id", "actor_key", "actor_label", "at")
_ROW = "(%s, %s, %s, %s, %s, %s, %s, '', '')"


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Write several things that happened, in their order, in one statement."""
    rows = [
        (*(getattr(entry, name) for name in _GIVEN), json.dumps(entry.facts, cls=DjangoJSONEncoder))
        for entry in entries
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_RECORD + ", ".join([_ROW] * len(rows)), [value for row in rows for value in row])


def entries_about(subject: models.Model) -> QuerySet[AuditEntry]:
    """The history of one object, oldest first. Facts may name rivals: pages for partners must redact."""
    return AuditEntry.objects.filter(subject_kind=subject._meta.label_lower, subject_id=str(subject.pk)).order_by("id")


def was_recorded(event: str) -> bool:
    """Whether this ever happened."""
    return AuditEntry.objects.filter(event=event).exists()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """`broken_at` is the position of the first entry that is not as it was written, None if all are."""

    entries: int
    broken_at: int | None
    problem: str = ""


_CHECK = """
WITH checked AS (
    SELECT position, previous_hash, hash,
           lag(position, 1, 0::bigint) OVER (ORDER BY position) AS expected_position,
           lag(hash, 1, '') OVER (ORDER BY position) AS expected_previous,
           encode(sha256(convert_to(previous_hash || common_audit_text(entry), 'UTF8')), 'hex') AS expected_hash
    FROM common_auditentry entry WHERE position IS NOT NULL
)
SELECT position, CASE WHEN position <> expected_position + 1 THEN 'entries are missing before it'
                      WHEN previous_hash <> expected_previous THEN 'it does not follow the entry before it'
                      ELSE 'its content was changed' END
FROM checked
WHERE position <> expected_position + 1 OR previous_hash <> expected_previous OR hash <> expected_hash
ORDER BY position LIMIT 1
"""


def verify_chain() -> AuditReport:
    """Recompute the whole chain in the database. Finds edits, deletions, insertions, reordering and a cut-off tail."""
    count = AuditEntry.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(_CHECK)
        found = cursor.fetchone()
    if found:
        return AuditReport(count, found[0], found[1])
    if AuditEntry.objects.filter(position=None).exists():
        return AuditReport(count, 0, "there are entries outside the chain")
    last = AuditEntry.objects.order_by("-position").values_list("position", "hash").first() or (0, "")
    head = AuditHead.objects.values_list("position", "hash").first() or (0, "")
    if last != head:
        return AuditReport(count, (last[0] or 0) + 1, "the end of the chain is missing")
    return AuditReport(count, None)
