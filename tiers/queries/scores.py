"""What the score book adds up to."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from tiers.models.scores import SCORE_SCALE
from tiers.rules import ladder

# Which credits a measure sees from a day. A reversal has its original's validity, so the two always cancel.
_COUNTED = """
FROM unnest(%(metrics)s::text[], %(windows)s::text[], %(starts)s::date[]) AS wanted(metric, seen_through, starts_on)
JOIN tiers_metric metric ON metric.code = wanted.metric
JOIN tiers_scorecredit credit ON credit.metric_id = metric.id AND credit.valid_from >= wanted.starts_on
WHERE credit.partner_id = ANY(%(partners)s) AND credit.valid_from <= %(day)s
  AND (wanted.seen_through <> 'valid_on_day' OR credit.valid_until IS NULL OR credit.valid_until > %(day)s)
  AND (%(known_at)s::timestamptz IS NULL OR credit.recorded_at <= %(known_at)s)
"""
_SCORES = f"""
SELECT partner_id, metric, seen_through, total, samples, newest.units
FROM (
    SELECT credit.partner_id, credit.metric_id, wanted.metric, wanted.seen_through, wanted.starts_on,
           sum(credit.units) AS total, count(*) - 2 * count(credit.reverses_id) AS samples
    {_COUNTED} GROUP BY 1, 2, 3, 4, 5
) counted
LEFT JOIN LATERAL (
    SELECT credit.units FROM tiers_scorecredit credit
    WHERE credit.partner_id = counted.partner_id AND credit.metric_id = counted.metric_id
      AND credit.valid_from >= counted.starts_on AND credit.valid_from <= %(day)s
      AND (counted.seen_through <> 'valid_on_day' OR credit.valid_until IS NULL OR credit.valid_until > %(day)s)
      AND (%(known_at)s::timestamptz IS NULL OR credit.recorded_at <= %(known_at)s)
      AND credit.reverses_id IS NULL AND NOT EXISTS (
          SELECT FROM tiers_scorecredit reversal WHERE reversal.reverses_id = credit.id
          AND (%(known_at)s::timestamptz IS NULL OR reversal.recorded_at <= %(known_at)s))
    ORDER BY credit.valid_from DESC, credit.id DESC LIMIT 1
) newest ON true
"""  # noqa: S608 - both parts are ours
_CREDITS = f"""
SELECT metric, seen_through, row_count, title, amount, valid_from, valid_until, is_reversal FROM (
    SELECT wanted.metric, wanted.seen_through, credit.amount, credit.valid_from, credit.valid_until,
           coalesce(nullif(credit.label, ''), credit.source_kind || ' ' || credit.source_key) AS title,
           credit.reverses_id IS NOT NULL AS is_reversal,
           count(*) OVER measure AS row_count,
           row_number() OVER (measure ORDER BY credit.valid_from DESC, credit.id DESC) AS place
    {_COUNTED}
    WINDOW measure AS (PARTITION BY wanted.metric, wanted.seen_through)
) counted WHERE place <= %(limit)s ORDER BY metric, seen_through, place
"""  # noqa: S608 - both parts are ours


def scores_on(
    partner_ids: Iterable[int], *, day: date, measures: Iterable[ladder.Measure], known_at: datetime | None = None
) -> dict[int, dict[ladder.Measure, ladder.Tally]]:
    """What the score book adds up to for each partner and measure, seen from the day, in one statement.

    `known_at` leaves out what was recorded later, to see a past day as it was seen then. Measures without any
    credit, and partners without any, are absent.
    """
    found: dict[int, dict[ladder.Measure, ladder.Tally]] = {}
    counted = rows(_SCORES, **_counted(partner_ids, day, measures, known_at))
    for partner_id, metric, window, total, samples, latest in counted:
        newest = None if latest is None else Decimal(latest) / SCORE_SCALE
        tally = ladder.Tally(Decimal(total) / SCORE_SCALE, int(samples), newest)
        found.setdefault(partner_id, {})[metric, window] = tally
    return found


def _counted(
    partner_ids: Iterable[int], day: date, measures: Iterable[ladder.Measure], known_at: datetime | None
) -> dict[str, Any]:
    listed = sorted(measures)
    return {
        "partners": list(set(partner_ids)),
        "metrics": [metric for metric, _ in listed],
        "windows": [window for _, window in listed],
        "starts": [ladder.window_starts_on(window, day) for _, window in listed],
        "day": day,
        "known_at": known_at,
    }


def newest_credits(
    partner_id: int, *, day: date, measures: Iterable[ladder.Measure], limit: int, known_at: datetime | None = None
) -> list[tuple[Any, ...]]:
    """The newest credits of each measure: metric, window, how many there are of it, and the columns of a line."""
    return rows(_CREDITS, **_counted([partner_id], day, measures, known_at), limit=limit)


def rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """What a written statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
