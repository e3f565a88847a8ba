"""Closing months: from then on a statement's bytes never change."""

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from common.actor import SYSTEM, Actor
from common.audit import record
from common.period import Period, month_of
from incentives.actions.ledger import stop_postings
from incentives.choices import StatementStatus
from incentives.models import ClosedMonth
from incentives.queries.ledger import earliest_open_month, months_to_close
from incentives.queries.statements import contents_of_month
from incentives.rules.statements import combined_hash, content_hash, may_close

_CLOSE = """
UPDATE incentives_statement statement
SET status = %(closed)s, closed_at = %(at)s, updated_at = %(at)s, content_hash = given.hash
FROM unnest(%(ids)s::bigint[], %(hashes)s::text[]) AS given(id, hash)
WHERE given.id = statement.id AND statement.status = %(open)s
"""


def close_statements(month: date, *, at: datetime, by: Actor = SYSTEM) -> int:
    """Close all statements of the month that the day lies in; returns how many. Closing it again does nothing.

    Refuses a month that is not over and one whose predecessor has open statements.
    """
    today = at.astimezone(timezone.get_default_timezone()).date()
    return _close(month_of(month), today=today, by=by, at=at)


def close_months_before(day: date, *, at: datetime, by: Actor = SYSTEM) -> int:
    """Close every month that has ended by this day, oldest first; returns how many statements were closed."""
    return sum(_close(month, today=day, by=by, at=at) for month in months_to_close(before=day))


def _close(month: Period, *, today: date, by: Actor, at: datetime) -> int:
    with transaction.atomic():
        stop_postings()
        if ClosedMonth.objects.filter(month_starts_on=month.starts_on).exists():
            return 0
        may_close(month, today=today, earliest_open=earliest_open_month()).or_refuse()
        hashes = {pk: content_hash(content) for pk, content in contents_of_month(month.starts_on).items()}
        _freeze(hashes, at)
        closed = ClosedMonth.objects.create(
            month_starts_on=month.starts_on,
            closed_at=at,
            statement_count=len(hashes),
            content_hash=combined_hash(hashes.values()),
        )
        facts = {"statements": closed.statement_count, "content_hash": closed.content_hash}
        record("month.closed", on=closed, by=by, at=at, month=month.starts_on, **facts)
    return len(hashes)


def _freeze(hashes: dict[int, str], at: datetime) -> None:
    """Give the statements their hashes and close them; one statement however many there are."""
    values: dict[str, Any] = {"closed": StatementStatus.CLOSED, "open": StatementStatus.OPEN, "at": at}
    values.update(ids=list(hashes), hashes=list(hashes.values()))
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, values)
