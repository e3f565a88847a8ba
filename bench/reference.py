"""The reference R1: what the database alone needs for the night's figures, and whether ours are the same.

Integers throughout: cents, rates in millionths, multipliers in ten-thousandths, months and days as numbers; a band
knows what the bands below it have earned, so a volume meets exactly one. The integer tables are made beforehand and
not timed; the timed statements read every sale line and every credit and write result tables with primary keys.
R1 explains nothing and posts nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

import harness
from django.db import connection

from incentives.models import PlanVersion
from incentives.queries.plans import terms_of
from incentives.rules.earnings import PlanTerms
from incentives.rules.plans import measured_periods, tier_day
from tiers.queries.programmes import programme_on
from tiers.rules.ladder import window_starts_on

KINDS = {"product": 0, "service": 1, "subscription": 2}
MEASURES = ("channel_revenue", "new_customers", "certified_people")
EPOCH = date(2000, 1, 1)
NO_DEMAND = -(2**62)

_TABLES = """
DROP TABLE IF EXISTS r1_line, r1_credit, r1_eligible, r1_standing, r1_calendar, r1_period, r1_band, r1_path, r1_rebate,
                     r1_tier;
CREATE TABLE r1_line AS
    SELECT sale.partner_id::int AS partner, month_id(sale.booked_on) AS month,
           (CASE product.kind WHEN 'product' THEN 0 WHEN 'service' THEN 1 ELSE 2 END)::smallint AS kind,
           (line.base_amount * 100)::bigint AS cents
    FROM crm_saleline line JOIN crm_sale sale ON sale.id = line.sale_id JOIN crm_product product
         ON product.id = line.product_id
    WHERE sale.is_current AND sale.status = 'booked' AND sale.partner_id IS NOT NULL;
CREATE TABLE r1_credit AS
    SELECT partner_id::int AS partner,
           array_position('{channel_revenue,new_customers,certified_people}', metric.code::text) AS metric,
           valid_from - '2000-01-01'::date AS since,
           coalesce(valid_until - '2000-01-01'::date, 2147483647) AS until, units
    FROM tiers_scorecredit JOIN tiers_metric metric ON metric.id = metric_id;
CREATE TABLE r1_standing AS
    SELECT standing.partner_id::int AS partner, starts_on - '2000-01-01'::date AS since,
           coalesce(ends_on - '2000-01-01'::date, 2147483647) AS until,
           (level.rebate_multiplier * 10000)::bigint AS multiplier
    FROM tiers_standing standing JOIN tiers_level level ON level.id = standing.level_id;
CREATE TABLE r1_eligible AS
    SELECT partner.id::int AS partner, version.id::int AS plan
    FROM partners_partner partner JOIN incentives_planversion version
         ON version.eligible_types::text[] && partner.types::text[];
CREATE TABLE r1_calendar (plan int, kind smallint, month int, period int);
CREATE TABLE r1_period (plan int, period int, tier_day int, is_tiered boolean);
CREATE TABLE r1_band (plan int, lower_bound bigint, upper_bound bigint, counted_from bigint, rate bigint,
                      before bigint);
CREATE TABLE r1_path (rank int, revenue bigint, customers bigint, certified bigint);
CREATE TABLE r1_rebate (partner int, plan int, period int, volume bigint, earned bigint,
                        PRIMARY KEY (partner, plan, period));
CREATE TABLE r1_tier (partner int PRIMARY KEY, rank int);
"""
_MONTH_ID = """
CREATE OR REPLACE FUNCTION month_id(day date) RETURNS int LANGUAGE sql IMMUTABLE
RETURN (extract(year FROM day) * 12 + extract(month FROM day) - 1)::int
"""
_REBATES = """
INSERT INTO r1_rebate
WITH monthly AS (
    SELECT partner, month, kind, sum(cents)::bigint AS cents FROM r1_line GROUP BY partner, month, kind
), volume AS (
    SELECT monthly.partner, calendar.plan, calendar.period, sum(cents)::bigint AS cents
    FROM monthly JOIN r1_calendar calendar USING (month, kind) JOIN r1_eligible USING (partner, plan)
    GROUP BY monthly.partner, calendar.plan, calendar.period
), earned AS (
    SELECT partner, plan, period, cents,
           band.before + ((greatest(cents, 0) - band.counted_from) * band.rate + 500000) / 1000000 AS base
    FROM volume JOIN r1_band band USING (plan)
    WHERE greatest(cents, 0) >= band.lower_bound AND greatest(cents, 0) < band.upper_bound
)
SELECT earned.partner, plan, period, cents,
       CASE WHEN period.is_tiered THEN (base * coalesce(standing.multiplier, 10000) + 5000) / 10000 ELSE base END
FROM earned JOIN r1_period period USING (plan, period)
LEFT JOIN r1_standing standing ON standing.partner = earned.partner AND period.is_tiered
     AND standing.since <= period.tier_day AND standing.until > period.tier_day
"""
_TIERS = """
WITH score AS (
    SELECT partner, coalesce(sum(units) FILTER (WHERE metric = 1 AND since >= %(year)s), 0)::bigint AS revenue,
           coalesce(sum(units) FILTER (WHERE metric = 2 AND since >= %(year)s), 0)::bigint AS customers,
           coalesce(sum(units) FILTER (WHERE metric = 3 AND until > %(day)s), 0)::bigint AS certified
    FROM r1_credit WHERE since <= %(day)s GROUP BY partner
)
SELECT partner.id::int, coalesce(max(path.rank), 0)
FROM partners_partner partner LEFT JOIN score ON score.partner = partner.id
LEFT JOIN r1_path path ON coalesce(score.revenue, 0) >= path.revenue AND coalesce(score.customers, 0) >= path.customers
     AND coalesce(score.certified, 0) >= path.certified
GROUP BY partner.id
"""
_REBATES_APART = """
SELECT partner, plan, period, ours.volume, ours.amount, r1.volume / 100.0, r1.earned / 100.0
FROM r1_rebate r1 FULL JOIN (
    SELECT partner_id::int AS partner, plan_version_id::int AS plan, month_id(period_starts_on) AS period, volume,
           amount
    FROM incentives_accrual
) ours USING (partner, plan, period)
WHERE ours.amount IS NULL OR r1.earned IS NULL OR ours.volume * 100 <> r1.volume OR ours.amount * 100 <> r1.earned
"""
_TIERS_APART = """
SELECT partner, ours.rank, r1.rank
FROM r1_tier r1 FULL JOIN (
    SELECT DISTINCT ON (partner_id) partner_id::int AS partner, coalesce(level.rank, 0) AS rank
    FROM tiers_review review LEFT JOIN tiers_level level ON level.id = review.level_id
    ORDER BY partner_id, business_date DESC
) ours USING (partner)
WHERE ours.rank IS DISTINCT FROM r1.rank
"""


def prepare(day: date) -> None:
    """Make the integer tables of the present data."""
    harness.execute(_MONTH_ID)
    harness.execute(_TABLES)
    for version in PlanVersion.objects.filter(published_at__isnull=False):
        terms = terms_of(version)
        _fill("r1_calendar", ((version.pk, *row) for row in _calendar(terms, day)))
        _fill("r1_period", ((version.pk, *row) for row in _periods(terms, day)))
        _fill("r1_band", ((version.pk, *row) for row in _bands(terms)))
    _fill("r1_path", _paths(day))
    for table in ("r1_line", "r1_credit", "r1_standing", "r1_eligible", "r1_calendar", "r1_period", "r1_band"):
        harness.execute(f"VACUUM ANALYZE {table}")


def run(day: date) -> float:
    """Rebates and tiers as of the day into the result tables; returns the seconds."""
    harness.execute("TRUNCATE r1_rebate, r1_tier")
    with harness.Watch() as watch:
        harness.execute(_REBATES)
        harness.execute(f"INSERT INTO r1_tier {_TIERS}", **_days(day))
    return watch.seconds


def tiers_on(day: date) -> tuple[str, dict[str, int]]:
    """A query for every partner's rank by its scores on the day (0: not even the entry level), with its parameters."""
    return _TIERS, _days(day)


def differences() -> list[str]:
    """Every accrual and every partner's level in which we and R1 differ, in words."""
    names = "partner {}, plan {}, month {}: volume {}, amount {}; R1 has {}, {}"
    found = [names.format(*row) for row in harness.rows(_REBATES_APART)]
    return found + ["partner {}: level {}; R1 has {}".format(*row) for row in harness.rows(_TIERS_APART)]


def _fill(table: str, lines: Iterable[tuple[object, ...]]) -> None:
    for line in lines:
        places = ", ".join(["%s"] * len(line))
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} VALUES ({places})", line)


def _month_id(day: date) -> int:
    return day.year * 12 + day.month - 1


def _calendar(terms: PlanTerms, day: date) -> Iterator[tuple[int, int, int]]:
    """Which month of which product kind counts for which period."""
    for period in measured_periods(terms, day=day):
        for month in period.months():
            for kind in terms.product_kinds or KINDS:
                yield KINDS[kind], _month_id(month.starts_on), _month_id(period.starts_on)


def _periods(terms: PlanTerms, day: date) -> Iterator[tuple[int, int, bool]]:
    for period in measured_periods(terms, day=day):
        yield _month_id(period.starts_on), (tier_day(period, day=day) - EPOCH).days, terms.uses_tier_multiplier


def _bands(terms: PlanTerms) -> Iterator[tuple[int, int, int, int, int]]:
    """Bounds in cents, the bound from which the rate counts, the rate in millionths, and what lower bands earned."""
    before = 0
    bounds = [int(band.lower_bound * 100) for band in terms.bands] + [2**62]
    for band, (lower, upper) in zip(terms.bands, pairwise(bounds), strict=True):
        rate = int(band.rate * 1_000_000)
        if terms.calculation == "whole_volume":
            yield lower, upper, 0, rate, 0
        else:
            yield lower, upper, lower, rate, before
            before += ((upper - lower) * rate + 500_000) // 1_000_000


def _paths(day: date) -> Iterator[tuple[int, ...]]:
    """Each way to a level with its thresholds in units of the score book."""
    programme = programme_on(day)
    assert programme is not None
    for level in programme.levels:
        for path in level.paths:
            asked = {requirement.metric: requirement.threshold for requirement in path.requirements}
            yield level.rank, *(int(asked[name] * 10_000) if name in asked else NO_DEMAND for name in MEASURES)


def _days(day: date) -> dict[str, int]:
    since = window_starts_on("trailing_12_months", day)
    return {"day": (day - EPOCH).days, "year": (since - EPOCH).days}
