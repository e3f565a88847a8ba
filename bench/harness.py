"""What every benchmark has in common: a throwaway cluster, options, forked writers, a table and the line of JSON.

A script begins so, since Django must be set up before anything of the program is imported::

    import harness

    OPTIONS = harness.begin(__doc__, partners=2_000)

    from deals.actions import registrations  # noqa: E402

Commits are durable here (fsync on), unlike in the tests: what is measured is what a vendor would wait for.
"""

import argparse
import atexit
import gc
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, Self, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from prm import embedded  # noqa: E402

FORK = multiprocessing.get_context("fork")
CONFIGURED = ("DATABASE_URL", "REDIS_URL", "PRM_DATABASE_ROLE", "PRM_PRODUCTION")  # never measured on real data


def begin(description: str | None, **defaults: int | str | Sequence[int]) -> argparse.Namespace:
    """Read the options by name, start the engines and bring a new database to the newest schema.

    Each option is what its default is: a whole number, a text, or several whole numbers.

    With ``PRM_BENCH_VAR_DIR`` the engines in that folder are used, and the database that ``PRM_EMBEDDED_DATABASE``
    names, which must be at the newest schema: the smoke tests share a cluster so.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, default in defaults.items():
        kind = {"type": str} if isinstance(default, str) else {"type": int}
        several = {} if isinstance(default, int | str) else {"nargs": "+"}
        parser.add_argument(
            f"--{name.replace('_', '-')}", default=default, help=f"default {default}", **kind, **several
        )
    options = parser.parse_args()
    for name in CONFIGURED:
        os.environ.pop(name, None)
    shared = os.environ.get("PRM_BENCH_VAR_DIR")
    os.environ["PRM_VAR_DIR"] = shared or _throwaway_folder()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    note("starting a cluster")
    embedded.ensure_running()
    django.setup()
    if not shared:
        call_command("migrate", verbosity=0)
    return options


def _throwaway_folder() -> str:
    os.environ.pop("PRM_THROWAWAY", None)
    folder = Path(tempfile.mkdtemp(prefix="prm-bench-"))
    folder.chmod(0o711)
    atexit.register(_remove, folder, os.getpid())
    return str(folder)


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


# The database


def execute(sql: str, **parameters: Any) -> int:
    """Run one statement; returns how many rows it wrote or found."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return int(cursor.rowcount)


def rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())


def value(sql: str, **parameters: Any) -> Any:
    """The first column of the first row."""
    return rows(sql, **parameters)[0][0]


def copy_text(lines: Iterable[Sequence[object]]) -> StringIO:
    r"""Rows in COPY's text format; None is NULL. Values must not hold tabs, line ends or backslashes."""
    return StringIO("".join("\t".join(r"\N" if cell is None else str(cell) for cell in line) + "\n" for line in lines))


def copy(table: str, columns: Sequence[str], text: StringIO) -> None:
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)


@contextmanager
def bulk_load() -> Iterator[None]:
    """Load without triggers and foreign keys (the data is made to satisfy them), then vacuum and gather statistics."""
    execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        execute("SET session_replication_role = origin")
    execute("VACUUM ANALYZE")
    execute("CHECKPOINT")


@contextmanager
def databases(names: Sequence[str]) -> Iterator[None]:
    """Copies of the database as it is, to be used one at a time by `use`; dropped in the end."""
    original = connection.settings_dict["NAME"]
    connections.close_all()
    for name in names:
        embedded._psql(f"CREATE DATABASE {name} TEMPLATE {original}")
    try:
        yield
    finally:
        for name in names:
            use(name).close()
        use(original)
        for name in names:
            embedded._psql(f"DROP DATABASE {name} WITH (FORCE)")


def use(name: str) -> Any:
    """From now on `connection` is this database's, which stays connected while others are used."""
    kept = _connections.setdefault(connection.settings_dict["NAME"], connections["default"])
    if name not in _connections:
        _connections[name] = kept.copy()
        _connections[name].settings_dict["NAME"] = name
    connections["default"] = _connections[name]
    return _connections[name]


_connections: dict[str, Any] = {}


def rows_written() -> int:
    """Rows inserted, updated and deleted so far in this database, as the server has counted them."""
    execute("SELECT pg_stat_force_next_flush()")
    execute("SELECT pg_stat_clear_snapshot()")
    return int(value("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"))


def deadlocks() -> int:
    execute("SELECT pg_stat_clear_snapshot()")
    return int(value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


# Time and processes


class Watch:
    """``with Watch() as watch: …`` and then `watch.seconds`."""

    seconds = 0.0

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started


def forked(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do each work in a process with a connection of its own, all at once; returns their results in order."""
    connections.close_all()
    gc.collect()
    gc.freeze()  # as in a web worker: or each of many processes looks through what it has inherited, at the same time
    receivers, processes = [], []
    for work in works:
        receiver, sender = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_work, args=(work, sender))
        process.start()
        sender.close()
        receivers.append(receiver)
        processes.append(process)
    outcomes = [receiver.recv() for receiver in receivers]
    for process in processes:
        process.join()
    for error, _ in outcomes:
        if error:
            raise RuntimeError(f"a forked worker failed: {error}")
    return [result for _, result in outcomes]


def _work(work: Callable[[], T], sender: Any) -> None:
    try:
        outcome = "", work()
        if connection.connection is not None:
            execute("SELECT pg_stat_force_next_flush()")
    except BaseException as error:  # noqa: BLE001 - told to the parent, which raises
        outcome = repr(error), None
    connections.close_all()
    sender.send(outcome)


def peak_mb() -> int:
    """The largest this process has been in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# What is said


def note(text: str) -> None:
    """Tell whoever waits what is being done, beside the figures."""
    print(f"… {text}", file=sys.stderr, flush=True)


def table(title: str, lines: Sequence[tuple[str, object, str]]) -> None:
    """What was measured, for people: name, figure, unit."""
    print(f"\n{title}\n{'─' * len(title)}")
    shown = [(name, _readable(figure), unit) for name, figure, unit in lines]
    widths = [max(len(line[place]) for line in shown) for place in range(2)]
    for name, figure, unit in shown:
        print(f"{name:<{widths[0]}}  {figure:>{widths[1]}} {unit}".rstrip())
    print()


def _readable(figure: object) -> str:
    if isinstance(figure, float):
        return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.3g}"
    return f"{figure:,}" if isinstance(figure, int) else "–" if figure is None else str(figure)


def finish(name: str, *, ours: float, bound: float, failure: str = "", **figures: object) -> None:
    """The last line: JSON with every figure by name. Ends the process with 1 when something must not be so."""
    result = {"name": name, "ours": ours, "bound": bound, "ratio": ours / bound, **figures}
    if failure:
        print(f"FAILED: {failure}", file=sys.stderr, flush=True)
    print(json.dumps({key: _rounded(figure) for key, figure in result.items()}), flush=True)
    sys.exit(1 if failure else 0)


def _rounded(figure: object) -> object:
    return float(f"{figure:.4g}") if isinstance(figure, float) else figure
