"""Runs of long work: unique by key, cut into slices, each slice one transaction.

Stages run one after the other, the slices of a stage in any order and at once. A worker holds its slice's row lock
while it works and commits the effect together with `done`: killed in the middle, it leaves the slice waiting and
nothing else. The attempt is counted beforehand in a transaction of its own, so that a slice that kills its
worker is set aside after `MAX_ATTEMPTS` and the others go on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from django.db import connection, transaction
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


def add_slices(run_id: int, stage: Stage, *, stage_number: int) -> int:
    """Cut a stage, of which the run has no slice yet, in the transaction of the slice before it that found its objects.

    Returns how many slices it has.
    """
    made = JobSlice.objects.bulk_create(
        JobSlice(run_id=run_id, stage_number=stage_number, stage=stage.name, number=number, object_ids=list(ids))
        for number, ids in enumerate(stage.slices, start=1)
    )
    return len(made)


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


def work_alone(
    kind: str, *, lock: int, work: SliceWork, finish: Callable[[int, datetime], None], now: Callable[[], datetime]
) -> int:
    """Do what waits of all runs of a kind, oldest first; returns how many slices were done.

    Nothing if another worker is at it: `lock` is an advisory lock of the session. `finish` is told each run of which
    something was tried. A slice that fails is left for the next call.
    """
    done = 0
    with _alone(lock) as is_alone:
        tried: set[int] = set()
        while is_alone and (part := _next_slice(kind, tried)) is not None:
            tried.add(part.pk)
            try:
                done += do_slice(part.pk, work=work, at=now())
            except Exception:  # noqa: BLE001, S112 - logged and counted by do_slice, which sets a bad slice aside
                continue
            finally:
                finish(part.run_id, now())
    return done


def _next_slice(kind: str, tried: set[int]) -> JobSlice | None:
    for run in unfinished_runs(kind):
        found = slices_to_do(run.pk).exclude(pk__in=tried).first()
        if found is not None:
            return found
    return None


@contextmanager
def _alone(lock: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
