"""Who rises with the coming review."""

from datetime import date

from tiers.queries.rungs import Rungs
from tiers.queries.scores import rows, scores_on
from tiers.rules import ladder

MEASURED_AT_ONCE = 5000
_DECIDED = """
SELECT standing.partner_id, standing.level_id, coming.level_id
FROM tiers_standing coming
JOIN tiers_standing standing ON standing.partner_id = coming.partner_id AND standing.ends_on = coming.starts_on
WHERE coming.starts_on = %(day)s + 1
"""
# Who rises was credited something since the last review, or that review found a higher level already and could not give
# it. Credits are numbered as they are recorded, so that the new ones are found from the end of the book.
_CANDIDATES = """
WITH held AS (
    SELECT standing.partner_id, standing.level_id, place.rank
    FROM tiers_standing standing
    JOIN unnest(%(levels)s::bigint[], %(ranks)s::int[]) AS place(level_id, rank) ON place.level_id = standing.level_id
    WHERE standing.starts_on <= %(day)s AND standing.ends_on IS NULL AND NOT EXISTS (
        SELECT FROM tiers_freeze frozen WHERE frozen.partner_id = standing.partner_id
        AND frozen.starts_on <= %(day)s AND frozen.ends_on > %(day)s)
), last_review AS (SELECT max(business_date) - 1 AS day FROM tiers_review)
SELECT held.partner_id, held.level_id FROM held WHERE held.partner_id IN (
    SELECT credit.partner_id FROM tiers_scorecredit credit WHERE credit.id > coalesce((
        SELECT known.id FROM tiers_scorecredit known, last_review WHERE known.recorded_at < last_review.day
        ORDER BY known.id DESC LIMIT 1), 0))
UNION
SELECT held.partner_id, held.level_id FROM held
JOIN LATERAL (SELECT level_id FROM tiers_review review WHERE review.partner_id = held.partner_id
              ORDER BY business_date DESC LIMIT 1) review ON TRUE
JOIN unnest(%(levels)s::bigint[], %(ranks)s::int[]) AS place(level_id, rank) ON place.level_id = review.level_id
WHERE place.rank > held.rank
"""


def rising_partner_ids(rungs: Rungs, *, day: date, is_today: bool) -> set[int]:
    """Partners whose level is a higher one from the next day on: decided already or, today, reached by now.

    Two statements, and one for each few thousand partners that may.
    """
    decided = {
        partner_id
        for partner_id, before, after in rows(_DECIDED, day=day)
        if before in rungs.level_by_id
        and after in rungs.level_by_id
        and rungs.level_by_id[after].rank > rungs.level_by_id[before].rank
    }
    if not is_today:
        return decided
    held = dict(rows(_CANDIDATES, day=day, levels=rungs.level_ids, ranks=rungs.ranks))
    ids = sorted(held)
    for start in range(0, len(ids), MEASURED_AT_ONCE):
        some = ids[start : start + MEASURED_AT_ONCE]
        scores = scores_on(some, day=day, measures=rungs.measures)
        decided |= {each for each in some if _reaches_more(scores.get(each, {}), held[each], rungs)}
    return decided


def _reaches_more(scores: ladder.Scores, level_id: int, rungs: Rungs) -> bool:
    found = ladder.tier_for(scores, rungs.programme_by_level[level_id])
    return found.level.rank > rungs.level_by_id[level_id].rank
