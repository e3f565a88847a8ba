"""The embedded engines, with real processes and a data folder of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import redis

from prm import embedded

NOBODY = 65534
ROOT = Path(embedded.__file__).resolve().parent.parent
HOLD = """
import sys, time
from prm import embedded
embedded.ensure_running()
print(embedded._psql("SELECT 40 + 2").strip(), embedded._valkey().ping(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="prm-engines-"))
    path.chmod(0o755)
    yield path
    subprocess.run([sys.executable, "-c", STOP], env=environment(path), cwd=ROOT, check=True)
    shutil.rmtree(path)


STOP = "from prm import embedded; embedded.var_dir().exists() and embedded.stop_if_unused()"


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    packages = str(Path(redis.__file__).parent.parent)  # for a Python outside the virtual environment
    return {**kept, "PRM_VAR_DIR": str(folder), "PRM_THROWAWAY": "1", "PYTHONPATH": packages, **more}


def can_run(python: str) -> bool:
    """Whether an ordinary user can run this Python with the program's dependencies."""
    command = [python, "-c", "import redis; from prm import embedded; embedded._bin_dir().stat()"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(ROOT), user=NOBODY, group=NOBODY, capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


def hold(folder: Path, python: str = sys.executable, throwaway: str = "1", **options) -> subprocess.Popen[str]:
    """A process that uses the engines until its input is closed."""
    return subprocess.Popen(
        [python, "-c", HOLD],
        cwd=ROOT,
        env=environment(folder, PRM_THROWAWAY=throwaway),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def answer(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()


def engine_pids(folder: Path) -> list[int]:
    found = [folder / "postgres" / "postmaster.pid", folder / "valkey" / "valkey.pid"]
    pids = [int(path.read_text().split()[0]) for path in found if path.exists()]
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_processes_that_start_at_once_share_the_engines_and_the_last_one_stops_them(folder):
    users = [hold(folder) for _ in range(5)]
    assert [answer(user) for user in users] == ["42 True"] * 5
    pids = engine_pids(folder)
    assert len(pids) == 2
    for user in users[:-1]:
        let_go(user)
    assert engine_pids(folder) == pids
    let_go(users[-1])
    assert engine_pids(folder) == []


def test_a_killed_process_does_not_keep_the_engines_for_ever(folder):
    killed = hold(folder)
    assert answer(killed) == "42 True"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    following = hold(folder)
    assert answer(following) == "42 True"
    let_go(following)
    assert engine_pids(folder) == []


def test_killed_engines_come_back_with_what_was_committed(folder):
    first = hold(folder, throwaway="")
    assert answer(first) == "42 True"
    write = "from prm import embedded; print(embedded._psql('CREATE TABLE IF NOT EXISTS kept (n int)'))"
    subprocess.run([sys.executable, "-c", write], cwd=ROOT, env=environment(folder), check=True)
    for pid in engine_pids(folder):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    second = hold(folder, throwaway="")
    assert answer(second) == "42 True"
    read = "from prm import embedded; print(embedded._psql('SELECT count(*) FROM kept').strip())"
    done = subprocess.run(
        [sys.executable, "-c", read], cwd=ROOT, env=environment(folder), check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "0"
    first.kill()
    first.wait()
    let_go(second)


def test_a_stale_pid_file_whose_number_was_given_to_another_process_is_ignored(folder):
    first = hold(folder)
    assert answer(first) == "42 True"
    pid_file = folder / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    for pid in engine_pids(folder):
        os.kill(pid, signal.SIGKILL)
    first.kill()
    first.wait()
    time.sleep(0.3)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    second = hold(folder)
    assert answer(second) == "42 True"
    let_go(second)


def test_taken_ports_do_not_matter(folder):
    with socket.socket() as postgres, socket.socket() as redis:
        for taken, port in ((postgres, 5432), (redis, 6379)):
            try:
                taken.bind(("127.0.0.1", port))
                taken.listen()
            except OSError:
                pass  # something else has it already, which is the same
        user = hold(folder)
        assert answer(user) == "42 True"
        let_go(user)


def test_a_long_path_is_no_obstacle(folder):
    deep = folder / ("long" * 20) / ("path" * 20)
    deep.mkdir(parents=True)
    user = hold(deep)
    assert answer(user) == "42 True"
    let_go(user)
    assert engine_pids(deep) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite already runs as an ordinary user")
def test_an_ordinary_user_can_run_them(folder):
    python = next((path for path in (sys.executable, "/usr/bin/python3") if can_run(path)), None)
    if python is None:
        pytest.skip("an ordinary user cannot read this checkout or its Python")
    os.chown(folder, NOBODY, NOBODY)
    user = hold(folder, python, user=NOBODY, group=NOBODY)
    assert answer(user) == "42 True"
    let_go(user)
    assert engine_pids(folder) == []


def test_configured_servers_are_used_and_nothing_is_started(folder):
    code = "from prm import embedded; embedded.ensure_running(); print(embedded.is_needed())"
    servers = {"DATABASE_URL": "postgres://u@localhost/x", "REDIS_URL": "redis://localhost"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(folder, **servers),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
    assert list(folder.iterdir()) == []
