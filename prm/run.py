"""``make run``: everything on one machine under one supervisor.

Starts the engines, migrates, loads demo data into an empty database, then runs web, worker and beat until Ctrl-C.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from honcho.manager import Manager

from prm import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
APP_ROLE = "prm_app"
READY_SECONDS = 60
INTERRUPTED_BY_USER = 130
DEMO_INTERRUPTED = 3  # exit code of demo_data: a demo was begun in this database and not finished


def main() -> None:
    options = _options()
    if not options.reset and _is_taken(options.port):
        sys.exit(f"Port {options.port} is in use by another program. Choose another one: make run PORT=8001")
    embedded.ensure_running()
    if options.reset:
        _reset()
    _must("migrate", "--verbosity", "0")
    _load_demo()
    if options.reset:
        print("Fresh demo data is loaded. Start with: make run")
        return
    sys.exit(_supervise(options.port))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    parser.add_argument("--reset", action="store_true", help="delete all data, load fresh demo data, and stop")
    return parser.parse_args()


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _reset() -> None:
    if not embedded.needs_postgres():
        sys.exit("make reset deletes all data and works on the embedded database only; DATABASE_URL is set.")
    embedded.recreate_database()
    shutil.rmtree(embedded.var_dir() / "media", ignore_errors=True)


def _load_demo() -> None:
    """Demo data into an empty database; what an interrupted first start left behind is thrown away before."""
    if _manage("demo_data", "--if-empty") == DEMO_INTERRUPTED:
        print("The demo data was not loaded to its end the last time: starting afresh.")
        _reset()
        _must("migrate", "--verbosity", "0")
        _must("demo_data", "--if-empty")


def _must(*arguments: str) -> None:
    if code := _manage(*arguments):
        sys.exit(code)


def _manage(*arguments: str) -> int:
    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=BASE_DIR, check=False).returncode


def _supervise(port: int) -> int:
    """Run the three processes until one ends or Ctrl-C; then none is left. Returns the exit code, 0 for Ctrl-C."""
    role = {"PRM_DATABASE_ROLE": os.environ.get("PRM_DATABASE_ROLE", APP_ROLE)}
    address = {"PRM_BASE_URL": os.environ.get("PRM_BASE_URL", f"http://localhost:{port}")}
    env = {**os.environ, **role, **address, "PYTHONUNBUFFERED": "1"}
    python = f"{sys.executable} -m"
    web = "gunicorn prm.wsgi --no-control-socket --workers 2 --threads 4 --timeout 60 --log-level warning"
    commands = {
        "web": f"{python} {web} --bind 127.0.0.1:{port}",
        "worker": f"{python} celery --quiet -A prm.worker worker --pool threads --concurrency 2 --loglevel WARNING",
        "beat": f"{python} celery --quiet -A prm.worker beat --loglevel WARNING",
    }
    manager = Manager()
    for name, command in commands.items():
        manager.add_process(name, command, cwd=str(BASE_DIR), env=env)
    threading.Thread(target=_greet, args=(port,), daemon=True).start()
    manager.loop()
    return 0 if manager.returncode == INTERRUPTED_BY_USER else manager.returncode or 0


def _greet(port: int) -> None:
    """Print the address once the login page answers."""
    address = f"http://localhost:{port}/"
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}account/login/", timeout=5)
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    lines = [f"PRM is running at {address}", f"Data: {embedded.var_dir()}", *_logins(), "Ctrl-C stops everything."]
    print("\n".join(["", *(f"  {line}" for line in lines), ""]), flush=True)


def _logins() -> list[str]:
    path = embedded.var_dir() / "demo-logins.txt"
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    main()
