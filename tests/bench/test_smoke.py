"""Each benchmark runs at a tiny size and says what it promises. How fast it is, is not a test's business."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prm import embedded

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ALWAYS = {"name", "ours", "bound", "ratio"}
NIGHTLY = {
    *("idle_share", "idle_rows_written", "incremental_share", "lines_per_second", "worker_peak_mb"),
    *("one_row_ms", "one_row_largest_ms"),
}
CLAIMS = {"doubles", "similar_doubles", "deadlocks", "slowest_seconds", "claims_per_second"}
CONFLICT_CHECK = {"p95_ms", "p95_growth", "recall", "mean_ratio", "most_statements"}
MATCHING = {"recall", "flagged", "recall_jaro_winkler", "flagged_jaro_winkler", "recall_halves"}
SUBMIT = {"p50_ms", "p95_ms", "statements", "answers"}
TIER_REVIEW = {"incremental_share", "idle_rows_written", "again_rows_written", "worker_peak_mb"}
INGEST = {"unchanged_ratio", "action_ratio", "rows_rewritten"}


@pytest.fixture(scope="module")
def migrated():
    """A database at the newest schema that nobody is connected to, so that it can be copied."""
    name = f"migrated_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    embedded._psql(f"CREATE DATABASE {name}")
    environment = {**os.environ, "PRM_EMBEDDED_DATABASE": name}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=environment, check=True)
    yield name
    embedded._psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(migrated):
    name = f"bench_{migrated}"
    embedded._psql(f"CREATE DATABASE {name} TEMPLATE {migrated}")
    yield name
    embedded._psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("name", "options", "promised"),
    [
        pytest.param("nightly", ["--partners", "12", "--lines", "200"], NIGHTLY, id="nightly"),
        pytest.param(
            "claims",
            ["--partners", "3", "--writers", "2", "--rounds", "1", "--claims", "2", "--customers", "20"],
            CLAIMS,
            id="claims",
        ),
        pytest.param(
            "conflict_check",
            ["--customers", "40", "80", "--checks", "10", "--rounds", "1"],
            CONFLICT_CHECK,
            id="conflict_check",
        ),
        pytest.param("tier_review", ["--partners", "200", "--credits", "3000"], TIER_REVIEW, id="tier_review"),
        pytest.param("submit", ["--customers", "300", "--submits", "15"], SUBMIT, id="submit"),
        pytest.param("matching", ["tests/bench/companies.csv"], MATCHING, id="matching"),
        pytest.param(
            "ingest",
            ["--batches", "1", "--rows", "10", "--partners", "5", "--customers", "20"],
            INGEST,
            id="ingest",
        ),
    ],
)
def test_it_runs_and_says_what_it_promises(database, name, options, promised):
    done = subprocess.run(
        [sys.executable, f"bench/{name}.py", *options],
        cwd=ROOT,
        env={**os.environ, "PRM_BENCH_VAR_DIR": str(embedded.var_dir()), "PRM_EMBEDDED_DATABASE": database},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["name"] == name
    assert figures.keys() >= ALWAYS | promised
