"""Who rises with the coming review."""

from collections.abc import Collection
from datetime import date

from common import jobs
from tiers.queries.due import partners_due
from tiers.queries.nights import NIGHTLY
from tiers.queries.rungs import Rungs
from tiers.queries.scores import rows, scores_on
from tiers.rules import ladder
from tiers.rules.ladder import ONE_DAY

MEASURED_AT_ONCE = 5000
_DECIDED = """
SELECT coming.partner_id, standing.level_id, coming.level_id
FROM tiers_standing coming
JOIN tiers_standing standing ON standing.partner_id = coming.partner_id AND standing.ends_on = coming.starts_on
WHERE coming.starts_on = %(tomorrow)s
"""
_HELD = """
SELECT standing.partner_id, standing.level_id FROM tiers_standing standing
WHERE standing.partner_id = ANY(%(partners)s) AND standing.starts_on <= %(day)s AND standing.ends_on IS NULL
  AND NOT EXISTS (SELECT FROM tiers_freeze frozen WHERE frozen.partner_id = standing.partner_id
                  AND frozen.starts_on <= %(day)s AND frozen.ends_on > %(day)s)
"""


def rising_partner_ids(rungs: Rungs, *, day: date, is_today: bool) -> set[int]:
    """Partners whose level is a higher one from the next day on: decided already or, today, reached by now.

    Only those are measured for whom something changed since the last night.
    """
    decided = {
        partner_id
        for partner_id, before, after in rows(_DECIDED, tomorrow=day + ONE_DAY)
        if before in rungs.level_by_id
        and after in rungs.level_by_id
        and rungs.level_by_id[after].rank > rungs.level_by_id[before].rank
    }
    return decided | _reaching(rungs, day) if is_today else decided


def _reaching(rungs: Rungs, day: date) -> set[int]:
    since = jobs.last_business_date(NIGHTLY) or day - ONE_DAY
    due = partners_due(min(since, day), day, [programme.version_id for programme in rungs.programmes.values()])
    held = dict(rows(_HELD, partners=list(due), day=day))
    known = [partner_id for partner_id in held if held[partner_id] in rungs.level_by_id]
    found: set[int] = set()
    for start in range(0, len(known), MEASURED_AT_ONCE):
        found |= _risen(known[start : start + MEASURED_AT_ONCE], held, rungs, day)
    return found


def _risen(partner_ids: Collection[int], held: dict[int, int], rungs: Rungs, day: date) -> set[int]:
    scores = scores_on(partner_ids, day=day, measures=rungs.measures)
    return {
        each
        for each in partner_ids
        if ladder.tier_for(scores.get(each, {}), rungs.programme_by_level[held[each]]).level.rank
        > rungs.level_by_id[held[each]].rank
    }
