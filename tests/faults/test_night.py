"""The night with real Celery workers that are killed in the middle of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from prm import embedded

pytestmark = pytest.mark.slow
ROOT = Path(embedded.__file__).resolve().parent.parent
DAY, NEXT_DAY = "2026-09-30", "2026-10-01"
BALANCES = """
    SELECT account.partner_id, account.code, sum(entry.amount), count(*)
    FROM incentives_entry entry JOIN incentives_account account ON account.id = entry.account_id
    GROUP BY 1, 2 ORDER BY 1, 2
"""
STANDINGS = "SELECT partner_id, level_id, starts_on, ends_on FROM tiers_standing ORDER BY 1, 3"
JOURNALS = "SELECT partner_id, kind, posted_on, count(*) FROM incentives_journal GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
UNBALANCED = "SELECT journal_id FROM incentives_entry GROUP BY 1 HAVING sum(amount) <> 0"


def database(name: str):
    connection = psycopg2.connect(host=str(embedded.socket_dir()), user="postgres", dbname=name)
    connection.autocommit = True
    return connection


def rows(name: str, sql: str) -> list[tuple]:
    connection = database(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
    finally:
        connection.close()


def execute(sql: str) -> None:
    connection = database("postgres")
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


def environment(name: str) -> dict[str, str]:
    return {**os.environ, "PRM_EMBEDDED_DATABASE": name, "PRM_NIGHTLY_SLICE_SIZE": "2", "PRM_SWEEP_SECONDS": "1"}


def run(name: str, *command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, env=environment(name), check=True, capture_output=True)


def start_worker(name: str, queue: str) -> subprocess.Popen[bytes]:
    command = ["-m", "celery", "-A", "prm.worker", "worker", "--beat", "--concurrency", "2"]
    schedule = ["--schedule", str(embedded.var_dir() / f"schedule-{name}"), "--loglevel", "ERROR"]
    return subprocess.Popen(
        [sys.executable, *command, *schedule],
        cwd=ROOT,
        env={**environment(name), "PRM_CELERY_QUEUE": queue},
        start_new_session=True,
    )


def kill(worker: subprocess.Popen[bytes]) -> None:
    """The whole worker with its children, at once, with no chance to clean up."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def progress(name: str) -> tuple[int, int]:
    """Slices done and slices in all."""
    return rows(name, "SELECT count(*) FILTER (WHERE status = 'done'), count(*) FROM common_jobslice")[0]


def wait_until(condition, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def worlds():
    """Two databases with the same world; in the first the night has run undisturbed."""
    mark = os.environ.get("PYTEST_XDIST_WORKER", "main")
    calm, storm = f"calm_{mark}", f"storm_{mark}"
    execute(f"CREATE DATABASE {calm}")
    run(calm, "manage.py", "migrate", "-v", "0")
    run(calm, "-m", "tests.faults.world")
    execute(f"CREATE DATABASE {storm} TEMPLATE {calm}")
    run(calm, "manage.py", "nightly", "--date", DAY)
    yield calm, storm
    for name in (calm, storm):
        execute(f"DROP DATABASE {name} WITH (FORCE)")


def books(name: str) -> list[list[tuple]]:
    return [rows(name, sql) for sql in (BALANCES, STANDINGS, JOURNALS)]


def test_the_night_run_again_posts_nothing(worlds):
    calm, _ = worlds
    before = books(calm)
    assert all(before), "the night must have done something"
    for day in (DAY, NEXT_DAY):
        run(calm, "manage.py", "nightly", "--date", day)
    assert books(calm) == before


def test_workers_killed_in_the_middle_of_the_night_leave_the_same_books(worlds):
    calm, storm = worlds
    run(storm, "manage.py", "nightly", "--date", DAY, "--queue")
    for share in (0.15, 0.5, 0.8):
        worker = start_worker(storm, storm)
        wait_until(
            lambda share=share: progress(storm)[0] >= share * progress(storm)[1], 60, f"{share:.0%} of the night"
        )
        kill(worker)
        done, total = progress(storm)
        assert done < total, "the night was over before the worker was killed"
        assert rows(storm, UNBALANCED) == []
    worker = start_worker(storm, storm)
    try:
        finished = "SELECT status FROM common_jobrun"
        wait_until(lambda: rows(storm, finished) == [("done",)], 90, "the end of the night")
    finally:
        kill(worker)
    assert books(storm) == books(calm)
    assert rows(storm, "SELECT count(*) FROM common_jobslice WHERE attempts > 1")[0][0] >= 1, "a kill must hit a slice"
