"""The night's recalculation, tiers and three plans with explanations and postings, beside one SQL statement for each.

First everything, compared row by row with the reference; then nothing changed, one sale changed, one per cent changed.
"""

import statistics
import sys
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import harness

OPTIONS = harness.begin(__doc__, partners=2_000, lines=200_000, workers=1)

import bulk_data  # noqa: E402
import reference  # noqa: E402
from bulk_data import AT, CRM, DAY  # noqa: E402
from django.conf import settings  # noqa: E402

from crm.actions.sales import upsert_sales  # noqa: E402
from crm.rules.rows import SaleLineRow, SaleRow  # noqa: E402
from incentives.actions.accruals import recalculate_partners  # noqa: E402
from tiers.actions.standings import review_partners  # noqa: E402

STANDING_CHANGED_ON = DAY - timedelta(days=200)
LEVELS_AS_OF = DAY - timedelta(days=21)  # few partners' levels differ between then and the night
REPEATS = 5


def build() -> tuple[list[int], dict[str, int]]:
    """The world before the night: returns its partners and how much there is of everything."""
    harness.note(f"making {OPTIONS.partners:,} partners with {OPTIONS.lines:,} sale lines")
    bulk_data.catalogue()
    bulk_data.plans()
    with harness.bulk_load():
        ids = bulk_data.partners(OPTIONS.partners)
        bulk_data.customers(max(100, OPTIONS.partners))
        counts = {"partners": len(ids), "lines": bulk_data.sales(OPTIONS.lines), "credits": bulk_data.credits()}
    reference.prepare(DAY)
    with harness.bulk_load():
        hold_levels()
    reference.prepare(DAY)
    return ids, counts


def hold_levels() -> None:
    """Every partner stands where its scores of some weeks ago put it, and stood where those of a year ago did."""
    spans = (
        (STANDING_CHANGED_ON - timedelta(days=180), bulk_data.SALES_FROM, STANDING_CHANGED_ON),
        (LEVELS_AS_OF, STANDING_CHANGED_ON, None),
    )
    for measured_on, starts_on, ends_on in spans:
        query, days = reference.tiers_on(measured_on)
        harness.execute(
            f"""
            INSERT INTO tiers_standing (partner_id, level_id, starts_on, ends_on)
            SELECT measured.id, level.id, %(starts_on)s, %(ends_on)s
            FROM ({query}) measured (id, rank) JOIN tiers_level level ON level.rank = greatest(measured.rank, 1)
            """,
            **days,
            starts_on=starts_on,
            ends_on=ends_on,
        )


def night(ids: Sequence[int], key: str) -> dict[str, float]:
    """Both stages over all slices, one stage after the other, as the night does."""
    size = settings.NIGHTLY_SLICE_SIZE
    slices = [ids[start : start + size] for start in range(0, len(ids), size)]
    with harness.Watch() as whole:
        tiers = stage(slices, lambda part: {"standings_changed": review_partners(part, day=DAY, at=AT)})
        incentives = stage(slices, partial(recalculate, key=key))
    peaks = (tiers.pop("peak_mb"), incentives.pop("peak_mb"))
    seconds = {"tiers_seconds": tiers.pop("seconds"), "incentives_seconds": incentives.pop("seconds")}
    return {"seconds": whole.seconds, **seconds, **tiers, **incentives, "worker_peak_mb": max(peaks)}


def recalculate(part: Sequence[int], *, key: str) -> dict[str, int]:
    result = recalculate_partners(part, day=DAY, run_key=key, at=AT)
    return {"accruals_changed": result.accruals_changed, "journals_posted": result.journals_posted}


def stage(slices, work) -> dict[str, float]:
    """Let the workers take slices from one line until none is left; returns the seconds and the sums of the results."""
    place = harness.FORK.Value("i", 0)

    def take() -> int:
        with place.get_lock():
            place.value += 1
            return place.value - 1

    def worker() -> dict[str, float]:
        totals: dict[str, float] = {}
        while (number := take()) < len(slices):
            for name, figure in work(slices[number]).items():
                totals[name] = totals.get(name, 0) + figure
        return {**totals, "peak_mb": harness.peak_mb()}

    with harness.Watch() as watch:
        outcomes = harness.forked([worker] * OPTIONS.workers)
    names = {name for outcome in outcomes for name in outcome}
    sums = {name: sum(outcome.get(name, 0) for outcome in outcomes) for name in sorted(names)}
    return {**sums, "peak_mb": max(outcome["peak_mb"] for outcome in outcomes), "seconds": watch.seconds}


def sell(ids: Sequence[int], mark: str) -> None:
    """One more sale on the business date for each of these partners, reported by the CRM."""
    public_ids = dict(harness.rows("SELECT id, public_id FROM partners_partner WHERE id = ANY(%(ids)s)", ids=list(ids)))
    line = SaleLineRow(product="P1", quantity=Decimal(1), net_amount=Decimal("1234.56"))
    for start in range(0, len(ids), 1000):
        rows = [
            SaleRow(
                external_id=f"{mark}-{partner_id}",
                customer="C1",
                booked_on=DAY,
                currency="EUR",
                lines=[line],
                partner=public_ids[partner_id],
            )
            for partner_id in ids[start : start + 1000]
        ]
        if upsert_sales(rows, by=CRM, at=AT).failed:
            raise RuntimeError("the benchmark's own sales were refused")


def one_row_ms(partner_id: int, name: str) -> float:
    """Bring one partner up to date after one sale; the median of some sales."""
    spent = []
    for number in range(REPEATS):
        sell([partner_id], f"one-{name}-{number}")
        with harness.Watch() as watch:
            review_partners([partner_id], day=DAY, at=AT)
            recalculate([partner_id], key=f"one-{name}-{number}")
        spent.append(watch.seconds)
    return statistics.median(spent) * 1000


def must_agree(what: str) -> None:
    apart = reference.differences()
    if apart:
        print("\n".join(apart[:20]), file=sys.stderr)
        sys.exit(f"FAILED: {what}, {len(apart)} rows are not what the reference has")
    harness.note(f"{what}: every row as the reference has it")


def main() -> None:
    ids, counts = build()
    harness.note("the reference")
    references = [reference.run(DAY)]
    harness.note("the full night")
    full = night(ids, "full")
    references += [reference.run(DAY), reference.run(DAY)]
    bound = statistics.median(references)
    must_agree("after the full night")
    before = harness.rows_written()
    idle = night(ids, "idle")
    idle_rows = harness.rows_written() - before
    by_lines = "SELECT partner_id FROM crm_sale GROUP BY 1 ORDER BY count(*) DESC, 1"
    largest = [row[0] for row in harness.rows(by_lines)]
    one_row = {
        "one_row_ms": one_row_ms(largest[len(largest) // 2], "median"),
        "one_row_largest_ms": one_row_ms(largest[0], "largest"),
    }
    few = ids[:: max(1, min(100, len(ids)))]
    sell(few, "few")
    changed = night(few, "few")
    reference.prepare(DAY)
    reference.run(DAY)
    must_agree("after the changes")
    tell(counts, full, bound, {"idle": idle["seconds"], "changed": changed["seconds"]}, one_row, idle_rows)


def tell(counts, full, bound: float, seconds, one_row, idle_rows: int) -> None:
    ours = full["seconds"]
    rate = counts["lines"] / ours
    harness.table(
        f"The night over {counts['partners']:,} partners, {counts['lines']:,} lines, {counts['credits']:,} credits",
        [
            ("full night", ours, "s"),
            ("  tiers", full["tiers_seconds"], "s"),
            ("  incentives", full["incentives_seconds"], "s"),
            ("reference R1", bound, "s"),
            ("full / R1", ours / bound, "×"),
            ("lines per second", rate, ""),
            ("nothing changed", seconds["idle"], "s"),
            ("nothing changed / R1", seconds["idle"] / bound, "×"),
            ("rows written when nothing changed", idle_rows, ""),
            ("1 % of partners changed: these alone", seconds["changed"], "s"),
            ("one sale, median partner", one_row["one_row_ms"], "ms"),
            ("one sale, largest partner", one_row["one_row_largest_ms"], "ms"),
            ("memory of a worker, at most", full["worker_peak_mb"], "MB"),
        ],
    )
    harness.finish(
        "nightly",
        ours=ours,
        bound=bound,
        failure=f"{idle_rows} rows were written though nothing had changed" if idle_rows else "",
        **counts,
        **{name: figure for name, figure in full.items() if name != "seconds"},
        workers=OPTIONS.workers,
        lines_per_second=rate,
        idle_seconds=seconds["idle"],
        idle_share=seconds["idle"] / bound,
        idle_rows_written=idle_rows,
        incremental_share=None,  # the night has no list of changed partners yet: it looks at all of them
        changed_alone_seconds=seconds["changed"],
        **one_row,
    )


if __name__ == "__main__":
    main()
