"""What the rebates of all partners come to: an upper app pays them and says it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.period import trailing_year
from tiers.queries.scores import rows
from tiers.rules.simulation import REVENUE

Rebates = Callable[[date, date, str], Decimal | None]
_sources: list[Rebates] = []

# Revenue of days on which a partner stood, as it counts with the multiplier of the level it held.
_WEIGHTED = """
SELECT coalesce(sum(credit.amount * level.rebate_multiplier), 0)
FROM tiers_scorecredit credit
JOIN tiers_metric metric ON metric.id = credit.metric_id AND metric.code = %(metric)s
JOIN tiers_standing standing ON standing.partner_id = credit.partner_id AND standing.starts_on <= credit.valid_from
     AND (standing.ends_on IS NULL OR standing.ends_on > credit.valid_from)
JOIN tiers_level level ON level.id = standing.level_id
JOIN tiers_programmeversion version ON version.id = level.version_id AND version.programme_id = %(programme)s
WHERE credit.valid_from >= %(since)s AND credit.valid_from < %(until)s
"""


def connect(rebates: Rebates) -> None:
    """Set who knows the rebates of all partners from a day until another in a currency; None: not in that currency."""
    _sources[:] = [rebates]


@dataclass(frozen=True, slots=True)
class Worth:
    """A year's rebates, None if nobody knows them, and its revenue times the multipliers of the levels held."""

    rebates: Decimal | None
    weighted_revenue: Decimal


def rebates_of_last_year(programme_id: int, currency: str, day: date) -> Worth:
    """The twelve months that end with the day."""
    year = trailing_year(day)
    assert year.ends_on is not None
    known = [rebates(year.starts_on, year.ends_on, currency) for rebates in _sources]
    since, until = year.starts_on, year.ends_on
    found = rows(_WEIGHTED, metric=REVENUE, programme=programme_id, since=since, until=until)
    return Worth(known[0] if known else None, found[0][0])
