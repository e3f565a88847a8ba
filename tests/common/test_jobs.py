from datetime import date

import pytest

from common import jobs
from common.choices import RunStatus, WorkStatus
from common.models import JobRun, JobSlice
from partners.models import Partner
from tests.factories.partners import PartnerFactory
from tests.races import at_once

DAY = date(2026, 10, 13)
STAGES = [jobs.Stage("first", [[1, 2], [3]]), jobs.Stage("second", [[1, 2, 3]])]


def open_run(now):
    return jobs.open_run("test", key=f"test:{DAY}", business_date=DAY, stages=STAGES, at=now)


def leave_a_mark(part: JobSlice) -> dict[str, int]:
    PartnerFactory(name=f"{part.stage} {part.number}")
    return {"objects": len(part.object_ids)}


def fail(part: JobSlice) -> dict[str, int]:
    PartnerFactory(name="must not stay")
    raise ZeroDivisionError


@pytest.mark.django_db
def test_a_run_exists_once_per_key(now):
    run, is_new = open_run(now)
    again, is_new_again = open_run(now)
    assert (is_new, is_new_again) == (True, False)
    assert again == run
    assert JobSlice.objects.count() == 3


@pytest.mark.django_db
def test_a_stage_waits_for_the_one_before(now):
    run, _ = open_run(now)
    first, second = jobs.slices_to_do(run.pk)
    jobs.do_slice(first.pk, work=leave_a_mark, at=now)
    assert [part.stage for part in jobs.slices_to_do(run.pk)] == ["first"]
    assert not jobs.finish_run(run.pk, at=now)
    jobs.do_slice(second.pk, work=leave_a_mark, at=now)
    (third,) = jobs.slices_to_do(run.pk)
    assert third.stage == "second"
    jobs.do_slice(third.pk, work=leave_a_mark, at=now)
    assert jobs.finish_run(run.pk, at=now)
    assert JobRun.objects.get().status == RunStatus.DONE
    assert JobSlice.objects.get(pk=third.pk).result == {"objects": 3}


@pytest.mark.django_db
def test_a_slice_is_done_once(now):
    run, _ = open_run(now)
    part = jobs.slices_to_do(run.pk).first()
    assert jobs.do_slice(part.pk, work=leave_a_mark, at=now)
    assert not jobs.do_slice(part.pk, work=leave_a_mark, at=now)
    assert Partner.objects.count() == 1


@pytest.mark.django_db
def test_a_slice_that_keeps_failing_leaves_nothing_and_is_set_aside(now):
    run, _ = open_run(now)
    bad, good = jobs.slices_to_do(run.pk)
    for _ in range(jobs.MAX_ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            jobs.do_slice(bad.pk, work=fail, at=now)
    assert not jobs.do_slice(bad.pk, work=leave_a_mark, at=now)
    bad.refresh_from_db()
    assert bad.status == WorkStatus.QUARANTINED
    assert "ZeroDivisionError" in bad.last_error
    assert not Partner.objects.exists()
    jobs.do_slice(good.pk, work=leave_a_mark, at=now)
    assert jobs.finish_run(run.pk, at=now)
    assert JobRun.objects.get().status == RunStatus.FAILED


def do_the_same_slice_at_once(now, do) -> int:
    run, _ = open_run(now)
    part = jobs.slices_to_do(run.pk).first()
    at_once(lambda side: do(part), sides=6)
    return Partner.objects.count()


@pytest.mark.django_db(transaction=True)
def test_workers_that_meet_on_a_slice_do_it_once(now):
    assert do_the_same_slice_at_once(now, lambda part: jobs.do_slice(part.pk, work=leave_a_mark, at=now)) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_they_all_do_it(now):
    assert do_the_same_slice_at_once(now, leave_a_mark) == 6
