"""Runs of long work: unique by key, cut into slices, each slice one transaction.

Stages run one after the other, the slices of a stage in any order and at once. A worker holds its slice's row lock
while it works and commits the effect together with `done`: killed in the middle, it leaves the slice waiting and
nothing else. The attempt is counted beforehand in a transaction of its own, so that a slice that kills its
worker is set aside after `MAX_ATTEMPTS` and the others go on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from common.choices import RunStatus, WorkStatus
from common.models import JobRun, JobSlice

MAX_ATTEMPTS = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """A named step of a run and the object ids that each of its slices works on."""

    name: str
    slices: Sequence[Sequence[int]]


SliceWork = Callable[[JobSlice], dict[str, Any]]


def open_run(kind: str, *, key: str, business_date: date, stages: Sequence[Stage], at: datetime) -> tuple[JobRun, bool]:
    """The run of this key, made with its slices if it is new. Returns it and whether it was made now."""
    with transaction.atomic():
        run = JobRun(kind=kind, key=key, business_date=business_date, started_at=at)
        JobRun.objects.bulk_create([run], ignore_conflicts=True)
        stored = JobRun.objects.select_for_update().get(key=key)
        if stored.slices.exists() or stored.status != RunStatus.RUNNING:
            return stored, False
        JobSlice.objects.bulk_create(
            JobSlice(run=stored, stage_number=place, stage=stage.name, number=number, object_ids=list(ids))
            for place, stage in enumerate(stages, start=1)
            for number, ids in enumerate(stage.slices, start=1)
        )
    return stored, True


def slices_to_do(run_id: int) -> QuerySet[JobSlice]:
    """Waiting slices of the first stage that is not finished; a slice that was set aside holds the next stages back."""
    open_slices = JobSlice.objects.filter(run_id=run_id).exclude(status=WorkStatus.DONE)
    first = open_slices.order_by("stage_number").values("stage_number")[:1]
    return open_slices.filter(stage_number=first, status=WorkStatus.WAITING).order_by("number")


def unfinished_runs(kind: str) -> QuerySet[JobRun]:
    return JobRun.objects.filter(kind=kind, status=RunStatus.RUNNING).order_by("business_date", "id")


def last_business_date(kind: str) -> date | None:
    """The latest business date that has a run of this kind, whatever became of it."""
    return JobRun.objects.filter(kind=kind).order_by("-business_date").values_list("business_date", flat=True).first()


def do_slice(slice_id: int, *, work: SliceWork, at: datetime) -> bool:
    """Do one slice if it waits and nobody else is doing it. Returns whether it was done now."""
    if not _count_attempt(slice_id):
        return False
    try:
        with transaction.atomic():
            mine = JobSlice.objects.select_for_update(skip_locked=True).filter(pk=slice_id, status=WorkStatus.WAITING)
            part = mine.first()
            if part is None:
                return False
            part.result = work(part)
            part.status = WorkStatus.DONE
            part.finished_at = at
            part.save(update_fields=["result", "status", "finished_at"])
    except Exception as error:
        log.exception("slice failed", slice=slice_id)
        JobSlice.objects.filter(pk=slice_id, status=WorkStatus.WAITING).update(last_error=repr(error))
        raise
    return True


def _count_attempt(slice_id: int) -> bool:
    """Count before working, in a commit of its own; set the slice aside when it has failed too often."""
    with transaction.atomic():
        waiting = JobSlice.objects.select_for_update(skip_locked=True).filter(pk=slice_id, status=WorkStatus.WAITING)
        part = waiting.first()
        if part is None:
            return False
        if part.attempts >= MAX_ATTEMPTS:
            part.status = WorkStatus.QUARANTINED
            part.save(update_fields=["status"])
            return False
        JobSlice.objects.filter(pk=slice_id).update(attempts=F("attempts") + 1)
    return True


def finish_run(run_id: int, *, at: datetime) -> bool:
    """Close the run if nothing of it waits: done, or failed if a slice was set aside. True if it was closed now."""
    with transaction.atomic():
        run = JobRun.objects.select_for_update().get(pk=run_id)
        if run.status != RunStatus.RUNNING or slices_to_do(run_id).exists():
            return False
        failed = run.slices.filter(status=WorkStatus.QUARANTINED).exists()
        run.status = RunStatus.FAILED if failed else RunStatus.DONE
        run.finished_at = at
        run.save(update_fields=["status", "finished_at"])
    return True
