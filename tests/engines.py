"""Pytest plugin: the whole suite runs on its own throwaway PostgreSQL and Valkey.

Loaded with ``-p`` before Django reads its settings. The first process makes the folder and starts the engines; the
workers of pytest-xdist inherit the environment and attach. Nothing outside that folder is touched; it goes in the end.
"""

import os
import shutil
import tempfile
from pathlib import Path

from prm import embedded

_made: list[Path] = []

if "PYTEST_XDIST_WORKER" not in os.environ:
    folder = Path(tempfile.mkdtemp(prefix="prm-test-"))
    folder.chmod(0o711)
    os.environ["PRM_VAR_DIR"] = str(folder)
    os.environ["PRM_THROWAWAY"] = "1"
    _made.append(folder)
# A worker that a test starts must get its own process's messages and no other's.
os.environ["PRM_CELERY_QUEUE"] = f"prm-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
embedded.ensure_running()


def pytest_unconfigure() -> None:
    if _made:
        embedded.release()
        shutil.rmtree(_made.pop(), ignore_errors=True)
