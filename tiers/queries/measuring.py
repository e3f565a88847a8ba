"""Measuring many partners of a programme by one statement, and the level that follows, in the database.

What `rules.ladder.tier_for` decides of values at hand is said here once more as a condition over whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

from tiers.choices.programmes import Aggregation, Window
from tiers.models.scores import SCORE_SCALE
from tiers.rules import ladder


def rank_sql(programme: ladder.Programme) -> str:
    """The rank that is reached, NULL for none, as an expression over ``total0``, ``samples0``, ``latest0``, ``total1``…

    Numbered by the programme's measures in their order; totals and latest in units of the score book.
    """
    places = {measure: place for place, measure in enumerate(programme.ordered_measures)}
    cases = " ".join(f"WHEN {_level_sql(level, places)} THEN {int(level.rank)}" for level in reversed(programme.levels))
    return f"(CASE {cases} END)"


def _level_sql(level: ladder.Level, places: Mapping[ladder.Measure, int]) -> str:
    paths = [_path_sql(path, places) for path in level.paths]
    return f"({' OR '.join(paths) or 'true'})"


def _path_sql(path: ladder.Path, places: Mapping[ladder.Measure, int]) -> str:
    asked = [_requirement_sql(requirement, places[requirement.measure]) for requirement in path.requirements]
    return f"({' AND '.join(asked) or 'true'})"


def _requirement_sql(asked: ladder.Requirement, place: int) -> str:
    """Thresholds are rounded up to whole units: what lies between two of them is reached by neither or both."""
    units = _ceiling(asked.threshold * SCORE_SCALE)
    reached = {
        Aggregation.SUM: f"total{place} >= {units}",
        Aggregation.COUNT: f"samples{place} >= {_ceiling(asked.threshold)}",
        Aggregation.AVERAGE: f"samples{place} > 0 AND total{place} >= {units}::numeric * samples{place}",
        Aggregation.LATEST: f"coalesce(latest{place} >= {units}, false)",
    }[asked.aggregation]
    return f"({reached} AND samples{place} >= {int(asked.minimum_samples)})"


def _ceiling(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Measuring:
    """A statement that finds, of ``%(partners)s``, those that stand in the programme, and what they reach on a day.

    Its columns: ``partner_id``, ``standing_id``, ``starts_on``, ``level_id`` of the latest standing; ``totals``,
    ``samples``, ``latest`` as a review stores them; ``rank``; and ``is_new``: no review says so yet. Left out is whom a
    later day was decided for already.
    """

    sql: str
    parameters: dict[str, Any]


def measuring(programme: ladder.Programme, *, day: date, level_ids: list[int]) -> Measuring:
    """For the version in force on the day; `level_ids` are the levels of all versions of the programme."""
    measures = programme.ordered_measures
    parameters: dict[str, Any] = {
        "day": day,
        "tomorrow": day + ladder.ONE_DAY,
        "version": programme.version_id,
        "levels": level_ids,
    }
    parts = []
    for place, (metric, window) in enumerate(measures):
        parameters |= {f"metric{place}": metric, f"from{place}": ladder.window_starts_on(window, day)}
        parts.append(_SUMS.format(place=place, seen=_seen(place, window)))
        if (metric, window) in programme.latest_measures:
            parts.append(_LATEST.format(place=place, seen=_seen(place, window)))
        else:
            parts.append(f"CROSS JOIN (SELECT NULL::bigint AS latest{place}) newest{place}")
    columns = {
        name: ", ".join(f"{name}{place}" for place in range(len(measures))) for name in ("total", "samples", "latest")
    }
    return Measuring(_MEASURED.format(measures="\n".join(parts), rank=rank_sql(programme), **columns), parameters)


def _seen(place: int, window: str) -> str:
    seen = _SEEN.format(place=place)
    return seen + _STILL_VALID if window == Window.VALID_ON_DAY else seen


# A reversal has its original's validity, so the two always cancel.
_SEEN = """credit.partner_id = held.partner_id
          AND credit.metric_id = (SELECT id FROM tiers_metric WHERE code = %(metric{place})s)
          AND credit.valid_from >= %(from{place})s AND credit.valid_from <= %(day)s"""
_STILL_VALID = " AND (credit.valid_until IS NULL OR credit.valid_until > %(day)s)"
_SUMS = """CROSS JOIN LATERAL (
        SELECT coalesce(sum(units), 0)::bigint AS total{place},
               (count(*) - 2 * count(reverses_id))::integer AS samples{place}
        FROM tiers_scorecredit credit WHERE {seen}
    ) sums{place}"""
_LATEST = """LEFT JOIN LATERAL (
        SELECT units AS latest{place} FROM tiers_scorecredit credit WHERE {seen} AND reverses_id IS NULL
          AND NOT EXISTS (SELECT FROM tiers_scorecredit reversal WHERE reversal.reverses_id = credit.id)
        ORDER BY valid_from DESC, id DESC LIMIT 1
    ) newest{place} ON true"""
_MEASURED = """
SELECT partner_id, standing_id, starts_on, level_id, totals, samples, latest, rank,
       reviewed_version IS DISTINCT FROM %(version)s OR reviewed_totals <> totals OR reviewed_samples <> samples
       OR reviewed_latest <> latest AS is_new
FROM (
    SELECT held.*, ARRAY[{total}]::bigint[] AS totals, ARRAY[{samples}]::integer[] AS samples,
           ARRAY[{latest}]::bigint[] AS latest, {rank} AS rank
    FROM (
        SELECT standing.partner_id, standing.id AS standing_id, standing.starts_on, standing.level_id,
               reviewed.version_id AS reviewed_version, reviewed.totals AS reviewed_totals,
               reviewed.samples AS reviewed_samples, reviewed.latest AS reviewed_latest
        FROM tiers_standing standing
        LEFT JOIN LATERAL (
            SELECT * FROM tiers_review review WHERE review.partner_id = standing.partner_id
            ORDER BY business_date DESC LIMIT 1
        ) reviewed ON true
        WHERE standing.partner_id = ANY(%(partners)s) AND standing.ends_on IS NULL
          AND standing.starts_on <= %(tomorrow)s AND standing.level_id = ANY(%(levels)s)
          AND (reviewed.business_date IS NULL OR reviewed.business_date <= %(day)s)
    ) held
    {measures}
) measured
"""
