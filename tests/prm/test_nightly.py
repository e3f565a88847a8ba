from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.db import connection

from common.choices import RunStatus, WorkStatus
from common.models import JobRun, JobSlice
from prm import nightly, tasks
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import default_programme

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 14, 0, 0, tzinfo=UTC)


def days() -> list[date]:
    return list(JobRun.objects.order_by("business_date").values_list("business_date", flat=True))


def test_the_first_night_is_that_of_yesterday():
    nightly.open_due_nights(date(2026, 10, 14), at=NOW)
    assert days() == [date(2026, 10, 13)]


def test_missed_nights_are_caught_up_in_order():
    nightly.open_night(date(2026, 10, 9), at=NOW)
    nightly.open_due_nights(date(2026, 10, 14), at=NOW)
    assert days() == [date(2026, 10, day) for day in range(9, 14)]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_night_exists_once_however_often_it_is_started(times):
    for _ in range(times):
        nightly.open_due_nights(date(2026, 10, 14), at=NOW)
    assert days() == [date(2026, 10, 13)]


def test_a_very_long_gap_is_not_filled_without_being_asked():
    nightly.open_night(date(2026, 1, 1), at=NOW)
    nightly.open_due_nights(date(2026, 10, 14), at=NOW)
    assert len(days()) == 1 + nightly.MAX_CATCH_UP


def test_nights_are_worked_in_order_and_cut_by_partner(settings):
    settings.NIGHTLY_SLICE_SIZE = settings.TIER_SLICE_SIZE = 2
    default_programme(starts_on=date(2026, 1, 1))
    PartnerFactory.create_batch(5)
    nightly.open_night(date(2026, 10, 12), at=NOW)
    nightly.open_night(date(2026, 10, 13), at=NOW)
    assert nightly.work() == (1 + 3 + 3 + 1) + (1 + 0 + 3 + 1)  # in the second nobody was due for review
    assert set(JobRun.objects.values_list("status", flat=True)) == {RunStatus.DONE}
    finished = JobSlice.objects.order_by("finished_at").values_list("run__business_date", "stage_number")
    assert list(finished) == sorted(finished)


def test_a_slice_that_fails_does_not_stop_the_others_and_is_shown(settings):
    """The database refuses one partner's review: its slice is set aside, and no later stage is begun."""
    settings.NIGHTLY_SLICE_SIZE = settings.TIER_SLICE_SIZE = 1
    default_programme(starts_on=date(2026, 1, 1))
    unlucky, *_ = PartnerFactory.create_batch(3)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE tiers_review ADD CHECK (partner_id <> {unlucky.pk})")
    nightly.open_night(date(2026, 10, 13), at=NOW)
    assert nightly.work() == 1 + 2
    assert JobRun.objects.get().status == RunStatus.RUNNING
    for _ in range(5):
        nightly.work()
    assert JobRun.objects.get().status == RunStatus.FAILED
    failed = JobSlice.objects.get(status=WorkStatus.QUARANTINED)
    assert failed.object_ids == [unlucky.pk]
    assert "violates check constraint" in failed.last_error
    assert set(JobSlice.objects.filter(stage__in=["incentives", "statements"]).values_list("status", flat=True)) == {
        WorkStatus.WAITING
    }
    with pytest.raises(Exception, match="not finished"):
        call_command("nightly", "--date", "2026-10-13")


def test_the_command_says_that_a_night_was_done(capsys):
    default_programme(starts_on=date(2026, 1, 1))
    for _ in range(2):
        call_command("nightly", "--date", "2026-10-13")
    assert "nothing to do" in capsys.readouterr().out


def test_the_sweeper_finds_what_a_lost_message_left():
    default_programme(starts_on=date(2026, 1, 1))
    PartnerFactory()
    nightly.open_night(date(2026, 10, 13), at=NOW)
    tasks.sweep()
    assert JobRun.objects.get().status == RunStatus.DONE
