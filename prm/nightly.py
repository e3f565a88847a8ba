"""The night: tier review, then recalculation, then closing of months that ended; cut by partner.

A run belongs to a *business date*, the day that has just ended, and exists at most once. Nights that were missed are
caught up one by one, in order, so that the books are the same as if the program had never been off.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from common import jobs
from common.models import JobRun, JobSlice
from incentives.actions.accruals import recalculate_partners
from incentives.actions.statements import close_months_before
from partners import queries as partner_queries
from tiers.actions.standings import review_partners

KIND = "nightly"
MAX_CATCH_UP = 62  # days; a longer gap is a decision for people: `manage.py nightly --date`


def open_night(day: date, *, at: datetime) -> tuple[JobRun, bool]:
    """The night's run of a business date, made if there is none yet. Returns it and whether it was made now."""
    ids = partner_queries.active_partner_ids()
    size = settings.NIGHTLY_SLICE_SIZE
    slices = [ids[start : start + size] for start in range(0, len(ids), size)]
    stages = [jobs.Stage("tiers", slices), jobs.Stage("incentives", slices), jobs.Stage("statements", [[]])]
    return jobs.open_run(KIND, key=f"{KIND}:{day}", business_date=day, stages=stages, at=at)


def open_due_nights(today: date, *, at: datetime) -> list[JobRun]:
    """Runs for every business date since the last one up to yesterday; only yesterday when there was none before."""
    yesterday = today - timedelta(days=1)
    last = jobs.last_business_date(KIND)
    first = yesterday if last is None else max(last + timedelta(days=1), today - timedelta(days=MAX_CATCH_UP))
    days = [first + timedelta(days=offset) for offset in range((yesterday - first).days + 1)]
    return [open_night(day, at=at)[0] for day in days]


def work() -> int:
    """Do waiting slices of the earliest unfinished night, then of the next one, until none is free.

    Returns how many were done. Several workers may run this at once; a slice that fails is left for a later call.
    """
    done = 0
    tried: set[int] = set()
    while (part := _next_slice(tried)) is not None:
        tried.add(part.pk)
        try:
            done += jobs.do_slice(part.pk, work=_do, at=timezone.now())
        except Exception:  # noqa: BLE001, S112 - logged and counted by do_slice; the other partners must not wait for it
            continue
        jobs.finish_run(part.run_id, at=timezone.now())
    return done


def _next_slice(tried: set[int]) -> JobSlice | None:
    run = jobs.unfinished_runs(KIND).first()
    if run is None:
        return None
    return jobs.slices_to_do(run.pk).exclude(pk__in=tried).first()


def _do(part: JobSlice) -> dict[str, Any]:
    return dict(_STAGES[part.stage](part))


def _review_tiers(part: JobSlice) -> Iterator[tuple[str, Any]]:
    changed = review_partners(part.object_ids, day=part.run.business_date, at=part.run.started_at)
    yield "standings_changed", changed


def _recalculate(part: JobSlice) -> Iterator[tuple[str, Any]]:
    result = recalculate_partners(
        part.object_ids, day=part.run.business_date, run_key=part.run.key, at=part.run.started_at
    )
    yield "accruals_changed", result.accruals_changed
    yield "journals_posted", result.journals_posted
    yield "difference", result.difference


def _close_months(part: JobSlice) -> Iterator[tuple[str, Any]]:
    tomorrow = part.run.business_date + timedelta(days=1)
    yield "statements_closed", close_months_before(tomorrow, at=part.run.started_at)


_STAGES = {"tiers": _review_tiers, "incentives": _recalculate, "statements": _close_months}
