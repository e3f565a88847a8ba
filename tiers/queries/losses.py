"""Which partners no longer meet their level within the next days if nothing happens: all of them in one statement."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from tiers.choices.programmes import Aggregation, Window
from tiers.models.scores import SCORE_SCALE
from tiers.queries.rungs import Rungs
from tiers.queries.scores import rows
from tiers.rules.board import RISK_DAYS, Loss, departures
from tiers.rules.ladder import ONE_DAY, Level, window_starts_on

# Days are sets: of each requirement those on which it is met, of a path those of all its requirements, of a level those
# of any of its paths. What the days to come lack first is the day of the loss. A credit counts from the day it is valid
# until it expires or leaves the window (`gone`); a reversal does so on the same days as its original.
_DAYS = """
asked AS (
    SELECT given.*, metric.id AS metric_id
    FROM unnest(%(asked_rungs)s::int[], %(asked_paths)s::int[], %(asked_metrics)s::text[], %(asked_windows)s::text[],
                %(asked_starts)s::date[], %(asked_aggregations)s::text[], %(asked_units)s::bigint[],
                %(asked_samples)s::int[])
         WITH ORDINALITY AS given(rung, path, metric, seen_through, starts_on, aggregation, threshold, least, number)
    JOIN tiers_metric metric ON metric.code = given.metric
), held AS (
    SELECT standing.partner_id, place.rung
    FROM unnest(%(rung_levels)s::bigint[], %(rungs)s::int[]) AS place(level_id, rung)
    JOIN tiers_standing standing ON standing.level_id = place.level_id
    WHERE standing.starts_on <= %(day)s AND (standing.ends_on IS NULL OR standing.ends_on > %(day)s)
      AND (%(among)s::bigint[] IS NULL OR standing.partner_id = ANY(%(among)s))
), gone AS (
    SELECT * FROM unnest(%(gone_windows)s::text[], %(gone_firsts)s::date[], %(gone_days)s::date[])
        AS gone(seen_through, valid_from, leaves_on)
), measure AS (
    SELECT DISTINCT held.partner_id, asked.metric_id, asked.seen_through, asked.starts_on
    FROM held JOIN asked ON asked.rung = held.rung
), change AS (
    SELECT measure.partner_id, measure.metric_id, measure.seen_through,
           greatest(credit.valid_from, %(day)s) AS enters_on,
           CASE measure.seen_through WHEN 'valid_on_day' THEN CASE WHEN credit.valid_until < %(until)s
               THEN credit.valid_until END ELSE gone.leaves_on END AS leaves_on,
           sum(credit.units) AS units, sum(CASE WHEN credit.reverses_id IS NULL THEN 1 ELSE -1 END) AS samples
    FROM measure
    JOIN tiers_scorecredit credit ON credit.partner_id = measure.partner_id AND credit.metric_id = measure.metric_id
         AND credit.valid_from >= measure.starts_on AND credit.valid_from < %(until)s
    LEFT JOIN gone ON gone.seen_through = measure.seen_through AND gone.valid_from = credit.valid_from
    WHERE (measure.seen_through <> 'valid_on_day' OR credit.valid_until IS NULL OR credit.valid_until > %(day)s)
      AND (%(known_at)s::timestamptz IS NULL OR credit.recorded_at <= %(known_at)s)
    GROUP BY 1, 2, 3, 4, 5
), tally AS (
    SELECT partner_id, metric_id, seen_through, daterange(on_day, lead(on_day, 1, %(until)s) OVER days) AS days,
           sum(units) OVER days AS units, sum(samples) OVER days AS samples
    FROM (
        SELECT partner_id, metric_id, seen_through, on_day, sum(event.units) AS units, sum(event.samples) AS samples
        FROM change, LATERAL (VALUES (enters_on, change.units, change.samples),
                                     (leaves_on, -change.units, -change.samples)) AS event(on_day, units, samples)
        WHERE on_day IS NOT NULL GROUP BY 1, 2, 3, 4
    ) event
    WINDOW days AS (PARTITION BY partner_id, metric_id, seen_through ORDER BY on_day)
), newest AS (
    SELECT partner_id, metric_id, seen_through, units,
           datemultirange(days) - coalesce(range_agg(days) OVER (
               PARTITION BY partner_id, metric_id, seen_through ORDER BY valid_from DESC, id DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '{}') AS days
    FROM (
        SELECT measure.*, credit.id, credit.units, credit.valid_from,
               daterange(greatest(credit.valid_from, %(day)s), coalesce(
                   CASE measure.seen_through WHEN 'valid_on_day' THEN credit.valid_until ELSE gone.leaves_on END,
                   %(until)s)) AS days
        FROM measure
        JOIN (SELECT DISTINCT metric_id, seen_through FROM asked WHERE aggregation = 'latest') wanted
             ON wanted.metric_id = measure.metric_id AND wanted.seen_through = measure.seen_through
        JOIN tiers_scorecredit credit ON credit.partner_id = measure.partner_id AND credit.metric_id = measure.metric_id
             AND credit.valid_from >= measure.starts_on AND credit.valid_from < %(until)s
        LEFT JOIN gone ON gone.seen_through = measure.seen_through AND gone.valid_from = credit.valid_from
        WHERE (measure.seen_through <> 'valid_on_day' OR credit.valid_until IS NULL OR credit.valid_until > %(day)s)
          AND (%(known_at)s::timestamptz IS NULL OR credit.recorded_at <= %(known_at)s)
          AND credit.reverses_id IS NULL AND NOT EXISTS (
              SELECT FROM tiers_scorecredit reversal WHERE reversal.reverses_id = credit.id
              AND (%(known_at)s::timestamptz IS NULL OR reversal.recorded_at <= %(known_at)s))
    ) credit
), met AS (
    SELECT held.partner_id, asked.number, asked.path, asked.metric, asked.seen_through,
           coalesce(range_agg(tally.days) FILTER (WHERE tally.samples >= asked.least AND CASE asked.aggregation
               WHEN 'count' THEN tally.samples * %(scale)s >= asked.threshold
               WHEN 'average' THEN tally.samples > 0 AND tally.units >= asked.threshold * tally.samples
               WHEN 'latest' THEN tally.samples > 0
               ELSE tally.units >= asked.threshold END), '{}')
           * CASE asked.aggregation WHEN 'latest' THEN coalesce((
               SELECT range_agg(newest.days) FROM newest
               WHERE newest.partner_id = held.partner_id AND newest.metric_id = asked.metric_id
                 AND newest.seen_through = asked.seen_through AND newest.units >= asked.threshold), '{}')
             ELSE datemultirange(daterange(%(day)s, %(until)s)) END AS days
    FROM held JOIN asked ON asked.rung = held.rung
    LEFT JOIN tally ON tally.partner_id = held.partner_id AND tally.metric_id = asked.metric_id
         AND tally.seen_through = asked.seen_through
    GROUP BY held.partner_id, asked.number, asked.path, asked.metric, asked.metric_id, asked.seen_through,
             asked.aggregation, asked.threshold
), loss AS (
    SELECT partner_id, lower(datemultirange(daterange(%(day)s, %(until)s)) - range_agg(days)) AS lost_on
    FROM (SELECT partner_id, range_intersect_agg(days) AS days FROM met GROUP BY partner_id, path) way
    GROUP BY partner_id
)
"""
_LOSING = f"WITH {_DAYS} SELECT partner_id, lost_on FROM loss WHERE lost_on IS NOT NULL"  # noqa: S608 - ours
_LOSSES = f"""
WITH {_DAYS}
SELECT loss.partner_id, loss.lost_on,
       coalesce(array_agg(DISTINCT met.metric) FILTER (WHERE met.seen_through <> 'valid_on_day'), '{{}}'),
       coalesce(array_agg(DISTINCT met.metric) FILTER (WHERE met.seen_through = 'valid_on_day'), '{{}}')
FROM loss
LEFT JOIN met ON met.partner_id = loss.partner_id AND met.days @> loss.lost_on - 1 AND NOT met.days @> loss.lost_on
WHERE loss.lost_on IS NOT NULL GROUP BY 1, 2
"""  # noqa: S608 - both parts are ours


def losing_partners(rungs: Rungs, *, day: date, known_at: datetime | None = None) -> dict[int, date]:
    """Everybody who no longer meets its level within `RISK_DAYS`, with the day of that. One statement.

    It reads what counts of all partners above the entry level: seconds where credits are counted by the million.
    """
    return dict(rows(_LOSING, **_parameters(rungs, day=day), known_at=known_at))


def losses_of(
    partner_ids: Iterable[int], rungs: Rungs, *, day: date, known_at: datetime | None = None
) -> dict[int, Loss]:
    """The loss that comes within `RISK_DAYS` of each of these partners that has one, with names of metrics. One
    statement."""
    found = rows(_LOSSES, **_parameters(rungs, day=day, among=list(partner_ids)), known_at=known_at)
    names = {
        requirement.metric: requirement.name
        for programme in rungs.programmes.values()
        for requirement in programme.requirement_by_measure.values()
    }
    return {
        partner_id: Loss(lost_on, *(tuple(names[code] for code in codes) for codes in (leaving, expiring)))
        for partner_id, lost_on, leaving, expiring in found
    }


def _parameters(rungs: Rungs, *, day: date, among: list[int] | None = None) -> dict[str, Any]:
    """What `_DAYS` needs, for everybody unless some are named.

    Entry levels cannot be lost, nor those that a path without requirements leads to.
    """
    until = day + RISK_DAYS + ONE_DAY
    climbed = [
        level
        for programme in rungs.programmes.values()
        for level in programme.levels[1:]
        if level.paths and all(path.requirements for path in level.paths)
    ]
    numbers = {level.level_id: number for number, level in enumerate(climbed)}
    held = [level_id for level_id in rungs.level_ids if rungs.level_by_id[level_id].level_id in numbers]
    windows = sorted({window for _metric, window in rungs.measures if window != Window.VALID_ON_DAY})
    gone = [(window, first, leaves_on) for window in windows for first, leaves_on in departures(window, day, until)]
    return {
        "day": day,
        "until": until,
        "scale": SCORE_SCALE,
        "among": among,
        "rung_levels": held,
        "rungs": [numbers[rungs.level_by_id[level_id].level_id] for level_id in held],
        "gone_windows": [row[0] for row in gone],
        "gone_firsts": [row[1] for row in gone],
        "gone_days": [row[2] for row in gone],
        **_asked(climbed, day),
    }


def _asked(climbed: list[Level], day: date) -> dict[str, list[Any]]:
    asked = [
        (number, path.number, requirement)
        for number, level in enumerate(climbed)
        for path in level.paths
        for requirement in path.requirements
    ]
    return {
        "asked_rungs": [row[0] for row in asked],
        "asked_paths": [row[1] for row in asked],
        "asked_metrics": [row[2].metric for row in asked],
        "asked_windows": [str(row[2].window) for row in asked],
        "asked_starts": [window_starts_on(row[2].window, day) for row in asked],
        "asked_aggregations": [str(Aggregation(row[2].aggregation)) for row in asked],
        "asked_units": [int(row[2].threshold * SCORE_SCALE) for row in asked],
        "asked_samples": [row[2].minimum_samples for row in asked],
    }
