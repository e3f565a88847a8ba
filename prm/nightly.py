"""The night: tier review, then recalculation, then closing of months that ended; cut by partner.

The review looks at partners for whom something can differ from the last night that is done; at all of them when there
is none, when another version of a programme is in force, or when an older night was made up for since.

A run belongs to a *business date*, the day that has just ended, and exists at most once. Nights that were missed are
caught up one by one, in order, so that the books are the same as if the program had never been off.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from common import jobs
from common.choices import RunStatus
from common.models import JobRun, JobSlice
from incentives.actions.accruals import recalculate_partners
from incentives.actions.statements import close_months_before
from partners import queries as partner_queries
from tiers.actions.standings import keep_due, review_partners
from tiers.queries import due

KIND = "nightly"
DUE_STAGE, REVIEW_STAGE = "tiers_due", "tiers"
MAX_CATCH_UP = 62  # days; a longer gap is a decision for people: `manage.py nightly --date`


def open_night(day: date, *, at: datetime) -> tuple[JobRun, bool]:
    """The night's run of a business date, made if there is none yet. Returns it and whether it was made now."""
    slices = _cut(partner_queries.active_partner_ids(), settings.NIGHTLY_SLICE_SIZE)
    stages = [
        jobs.Stage(DUE_STAGE, [[]]),
        jobs.Stage(REVIEW_STAGE, []),  # cut when the nights before are done: what they decide may be due in this one
        jobs.Stage("incentives", slices),
        jobs.Stage("statements", [[]]),
    ]
    return jobs.open_run(KIND, key=f"{KIND}:{day}", business_date=day, stages=stages, at=at)


def _cut(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


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


def _find_due(part: JobSlice) -> Iterator[tuple[str, Any]]:
    """Cut the review. Told besides: whom it leaves out though it is due, being terminated; they stay due."""
    day = part.run.business_date
    versions = due.versions_in_force(day)
    active = partner_queries.active_partner_ids()
    since = _reviewed_until(part.run, versions)
    wanted = set(partner_queries.partner_profiles()) if since is None else due.partners_due(since, day, versions)
    left_out = sorted(wanted.difference(active))
    keep_due(left_out)
    slices = _cut([partner_id for partner_id in active if partner_id in wanted], settings.TIER_SLICE_SIZE)
    jobs.add_slices(part.run_id, jobs.Stage(REVIEW_STAGE, slices), stage_number=part.stage_number + 1)
    yield "partners_due", sum(len(ids) for ids in slices)
    yield "everybody", since is None
    yield "left_out", left_out
    yield "versions", versions


def _reviewed_until(run: JobRun, versions: Sequence[int]) -> date | None:
    """The business date of the last night, by the same versions, that this one only has to add to."""
    others = JobRun.objects.filter(kind=KIND).exclude(pk=run.pk)
    last = others.filter(status=RunStatus.DONE).order_by("-business_date").first()
    if last is None or last.business_date >= run.business_date:
        return None
    if others.filter(pk__gt=last.pk, business_date__lt=last.business_date).exists():
        return None
    found = last.slices.filter(stage=DUE_STAGE).values_list("result", flat=True).first()
    return last.business_date if found and found["versions"] == list(versions) else None


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


_STAGES = {DUE_STAGE: _find_due, REVIEW_STAGE: _review_tiers, "incentives": _recalculate, "statements": _close_months}
