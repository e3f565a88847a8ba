"""The nightly tier review of everybody beside the bare SQL on integer columns, then of the few who changed, then none.

Every review and every move is compared with the bare SQL's before a figure is printed, and again after the changes.
"""

import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import harness

OPTIONS = harness.begin(__doc__, partners=100_000, credits=5_000_000)

import bulk_data  # noqa: E402
from bulk_data import AT, DAY  # noqa: E402
from django.conf import settings  # noqa: E402

from common.period import Period  # noqa: E402
from tiers.actions.programmes import publish_default_programme  # noqa: E402
from tiers.actions.scores import NewCredit, Source, credit_scores, reverse_credits  # noqa: E402
from tiers.actions.standings import review_partners  # noqa: E402
from tiers.queries import due  # noqa: E402
from tiers.queries.programmes import programme_on  # noqa: E402
from tiers.rules.ladder import window_starts_on  # noqa: E402

NEXT = DAY + timedelta(days=1)
LEVELS_AS_OF = DAY - timedelta(days=21)  # few partners' levels differ between then and the night
FIRST_DAY = date(2024, 7, 2)  # nothing that begins then ends, or leaves the trailing year, between the two nights
LEAVES_NEXT = window_starts_on("trailing_12_months", DAY)
MEASURES = ("certified_people", "channel_revenue", "new_customers")  # in the order in which reviews store them
EPOCH = date(2000, 1, 1)

# Four fifths are sales, the others first sales and certificates for two years; partners by Zipf, the largest has 3 %.
_CREDITS = """
INSERT INTO tiers_scorecredit (partner_id, metric_id, amount, valid_from, valid_until, source_kind, source_key, label,
                               holder, recorded_at)
SELECT partner.first + floor(power(a * (power(partner.many + 1, 0.1) - 1) + 1, 10) - 1)::bigint, metric.id,
       CASE metric.code WHEN 'channel_revenue' THEN floor(exp(5 + 5 * c) * 100) / 100 ELSE 1 END, day,
       CASE metric.code WHEN 'certified_people' THEN day + 730 END, 'bench', 'c' || place, '', '', day::timestamptz
FROM (SELECT place, random() AS a, random() AS b, random() AS c,
             %(first_day)s::date + (place * (%(day)s::date - %(first_day)s::date) / %(count)s)::integer AS day
      FROM generate_series(1, %(count)s::bigint) place) drawn
CROSS JOIN (SELECT min(id) AS first, count(*)::double precision AS many FROM partners_partner) partner
JOIN tiers_metric metric ON metric.code = CASE WHEN b < 0.8 THEN 'channel_revenue' WHEN b < 0.92 THEN 'new_customers'
                                          ELSE 'certified_people' END
WHERE day <> %(leaves_next)s
"""
_BOUND_TABLES = """
DROP TABLE IF EXISTS bound_credit, bound_held, bound_review, bound_move;
CREATE TABLE bound_credit AS
    SELECT partner_id::integer AS partner, array_position(%(measures)s, metric.code::text) AS metric,
           valid_from - '2000-01-01'::date AS since, coalesce(valid_until - '2000-01-01'::date, 2147483647) AS until,
           units, (CASE WHEN reverses_id IS NULL THEN 1 ELSE -1 END)::smallint AS sign
    FROM tiers_scorecredit JOIN tiers_metric metric ON metric.id = metric_id;
CREATE TABLE bound_held AS
    SELECT partner_id::integer AS partner, level.rank::integer
    FROM tiers_standing JOIN tiers_level level ON level.id = level_id WHERE ends_on IS NULL;
CREATE TABLE bound_review (LIKE tiers_review INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE bound_move (partner integer, held integer, reached integer);
"""
_SUMS = """
SELECT partner, coalesce(sum(units) FILTER (WHERE metric = 1 AND until > %(day)s), 0)::bigint AS t1,
       coalesce(sum(units) FILTER (WHERE metric = 2 AND since >= %(year)s), 0)::bigint AS t2,
       coalesce(sum(units) FILTER (WHERE metric = 3 AND since >= %(year)s), 0)::bigint AS t3,
       coalesce(sum(sign) FILTER (WHERE metric = 1 AND until > %(day)s), 0)::integer AS n1,
       coalesce(sum(sign) FILTER (WHERE metric = 2 AND since >= %(year)s), 0)::integer AS n2,
       coalesce(sum(sign) FILTER (WHERE metric = 3 AND since >= %(year)s), 0)::integer AS n3
FROM bound_credit WHERE since <= %(day)s GROUP BY partner
"""
_BOUND = """
WITH measured AS MATERIALIZED (
    SELECT held.partner, held.rank AS held, ARRAY[coalesce(t1, 0), coalesce(t2, 0), coalesce(t3, 0)] AS totals,
           ARRAY[coalesce(n1, 0), coalesce(n2, 0), coalesce(n3, 0)] AS samples, {rank} AS rank
    FROM bound_held held LEFT JOIN ({sums}) score USING (partner)
), stored AS (
    INSERT INTO bound_review (partner_id, business_date, version_id, level_id, totals, samples, latest)
    SELECT partner, %(night)s, %(version)s, nullif(rank, 0), totals, samples, '{{NULL,NULL,NULL}}' FROM measured
)
INSERT INTO bound_move SELECT partner, held, greatest(rank, 1) FROM measured WHERE held <> greatest(rank, 1)
"""
_REVIEWS_APART = """
SELECT partner_id, ours.rank, bound.level_id, ours.totals, bound.totals, ours.samples, bound.samples
FROM bound_review bound FULL JOIN (
    SELECT DISTINCT ON (partner_id) partner_id, level.rank::bigint, totals, samples
    FROM tiers_review review LEFT JOIN tiers_level level ON level.id = review.level_id
    ORDER BY partner_id, business_date DESC
) ours USING (partner_id)
WHERE (ours.rank, ours.totals, ours.samples) IS DISTINCT FROM (bound.level_id, bound.totals, bound.samples)
"""
_MOVES_APART = """
SELECT partner, ours.reached, bound.reached
FROM bound_move bound FULL JOIN (
    SELECT partner_id::integer AS partner, level.rank::integer AS reached
    FROM tiers_standing standing JOIN tiers_level level ON level.id = level_id WHERE starts_on = %(tomorrow)s
    UNION ALL
    SELECT partner_id::integer, level.rank::integer
    FROM tiers_demotionnotice JOIN tiers_level level ON level.id = level_id WHERE given_on = %(day)s
) ours USING (partner)
WHERE ours.reached IS DISTINCT FROM bound.reached
"""


def build() -> list[int]:
    """The world before the night; everybody stands where its scores of some weeks ago put it."""
    harness.note(f"making {OPTIONS.partners:,} partners with {OPTIONS.credits:,} credits")
    publish_default_programme(at=AT, starts_on=date(2024, 1, 1))
    with harness.bulk_load():
        ids = bulk_data.partners(OPTIONS.partners)
        harness.execute("SELECT setseed(0.42)")
        with without_indexes("tiers_scorecredit"):
            days = {"first_day": FIRST_DAY, "day": DAY, "leaves_next": LEAVES_NEXT}
            harness.execute(_CREDITS, count=OPTIONS.credits, **days)
    prepare()
    levels = "SELECT partner.id, (SELECT id FROM tiers_level WHERE rank = greatest(coalesce({rank}, 0), 1)), %(since)s"
    query = f"{levels} FROM partners_partner partner LEFT JOIN ({_SUMS}) score ON score.partner = partner.id"
    with harness.bulk_load():
        harness.execute(
            f"INSERT INTO tiers_standing (partner_id, level_id, starts_on) {query.format(rank=rank_by_hand())}",
            since=LEVELS_AS_OF,
            **numbers(LEVELS_AS_OF),
        )
    prepare()
    return ids


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """Made again in the end, which is faster than keeping them up row by row."""
    made = harness.rows(
        """
        SELECT indexname, indexdef FROM pg_indexes
        WHERE tablename = %(table)s AND indexname NOT IN (SELECT conname FROM pg_constraint)
        """,
        table=table,
    )
    for name, _ in made:
        harness.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in made:
        harness.execute(definition)


def numbers(day: date) -> dict[str, int]:
    since = window_starts_on("trailing_12_months", day)
    return {"day": (day - EPOCH).days, "year": (since - EPOCH).days}


def rank_by_hand() -> str:
    """The default programme's levels as a person would write them: sums only."""
    programme = programme_on(DAY)
    assert programme is not None
    cases = []
    for level in reversed(programme.levels):
        paths = [
            " AND ".join(
                f"coalesce(t{MEASURES.index(asked.metric) + 1}, 0) >= {int(asked.threshold * 10_000)}"
                for asked in path.requirements
            )
            for path in level.paths
        ]
        cases.append(f"WHEN {' OR '.join(paths)} THEN {level.rank}")
    return f"CASE {' '.join(cases)} ELSE 0 END"


def prepare() -> None:
    """The bare SQL's integer tables, of the present data; not timed."""
    harness.execute(_BOUND_TABLES, measures=list(MEASURES))
    for table in ("bound_credit", "bound_held"):
        harness.execute(f"VACUUM ANALYZE {table}")


def bare(day: date) -> float:
    """Measure, store and find who moves in one statement on integer columns; returns the seconds."""
    harness.execute("TRUNCATE bound_review, bound_move")
    sql = _BOUND.format(rank=rank_by_hand(), sums=_SUMS)
    programme = programme_on(day)
    with harness.Watch() as watch:
        harness.execute(sql, night=day, version=programme.version_id, **numbers(day))
    return watch.seconds


def night(ids: Sequence[int], day: date) -> dict[str, float]:
    """Review these in slices, as the night does, in a process of its own."""

    def work() -> dict[str, float]:
        size = settings.TIER_SLICE_SIZE
        with harness.Watch() as watch:
            moved = sum(
                review_partners(ids[start : start + size], day=day, at=AT) for start in range(0, len(ids), size)
            )
        return {"seconds": watch.seconds, "moved": moved, "peak_mb": harness.peak_mb()}

    return harness.forked([work])[0]


def due_night() -> dict[str, float]:
    """Find those who are due after the full night, and review them."""
    with harness.Watch() as watch:
        found = sorted(due.partners_due(DAY, NEXT, due.versions_in_force(NEXT)))
    done = night(found, NEXT)
    return {**done, "due": len(found), "seconds": watch.seconds + done["seconds"], "finding_seconds": watch.seconds}


def change(ids: Sequence[int]) -> None:
    """Something new for each of these: a sale, a certificate, or a credit that is taken back."""
    credits = []
    for place, partner_id in enumerate(ids):
        metric, amount = ("channel_revenue", Decimal("12345.67")) if place % 2 else ("certified_people", Decimal(1))
        credits.append(NewCredit(partner_id, metric, amount, Period(NEXT), Source("bench", f"new-{partner_id}")))
    credit_scores(credits, at=AT)
    reverse_credits("bench", [credit.source.key for credit in credits[::4]], at=AT)


def must_agree(what: str, day: date | None = None) -> None:
    apart = [f"partner {row[0]}: {row[1:]}" for row in harness.rows(_REVIEWS_APART)]
    if day is not None:
        moves = harness.rows(_MOVES_APART, day=day, tomorrow=day + timedelta(days=1))
        apart += [f"partner {row[0]} goes to {row[1]}; the bare SQL says {row[2]}" for row in moves]
    if apart:
        print("\n".join(apart[:20]), file=sys.stderr)
        sys.exit(f"FAILED: {what}, {len(apart)} rows are not what the bare SQL has")
    harness.note(f"{what}: every row as the bare SQL has it")


def main() -> None:
    ids = build()
    harness.note("the bare SQL, the full night, the bare SQL")
    bounds = [bare(DAY)]
    full = night(ids, DAY)
    bounds += [bare(DAY), bare(DAY)]
    must_agree("after the full night", DAY)
    harness.execute("VACUUM ANALYZE tiers_review")
    before = harness.rows_written()
    idle = due_night()
    idle_rows = harness.rows_written() - before
    change(ids[:: max(1, min(100, len(ids)))])
    changed = due_night()
    prepare()
    bare(NEXT)
    must_agree("after the changes")
    before = harness.rows_written()
    again = night(ids, NEXT)
    again_rows = harness.rows_written() - before
    tell(full, statistics.median(bounds), idle, changed, {**again, "rows": again_rows, "idle_rows": idle_rows})


def tell(full, bound: float, idle, changed, again) -> None:
    share = changed["seconds"] / full["seconds"]
    rows = again["idle_rows"]
    harness.table(
        f"Tier review of {OPTIONS.partners:,} partners, {OPTIONS.credits:,} credits",
        [
            ("everybody", full["seconds"], "s"),
            ("bare SQL", bound, "s"),
            ("everybody / bare SQL", full["seconds"] / bound, "×"),
            ("levels that changed", full["moved"], ""),
            ("1 % of partners changed", changed["seconds"], "s"),
            ("1 % changed / everybody", share, "×"),
            ("nothing changed", idle["seconds"], "s"),
            ("rows written when nothing changed", rows, ""),
            ("everybody again, nothing new", again["seconds"], "s"),
            ("memory of a worker, at most", full["peak_mb"], "MB"),
        ],
    )
    wrong = [f"{rows} rows were written though nothing had changed"] if rows else []
    if again["rows"]:
        wrong.append(f"a full review found {again['rows']} rows to write after the one of those who were due")
    harness.finish(
        "tier_review",
        ours=full["seconds"],
        bound=bound,
        failure="; ".join(wrong),
        partners=OPTIONS.partners,
        credits=OPTIONS.credits,
        moved=full["moved"],
        incremental_share=share,
        changed_partners=changed["due"],
        changed_seconds=changed["seconds"],
        finding_seconds=changed["finding_seconds"],
        idle_seconds=idle["seconds"],
        idle_rows_written=rows,
        again_seconds=again["seconds"],
        again_rows_written=again["rows"],
        worker_peak_mb=full["peak_mb"],
    )


if __name__ == "__main__":
    main()
