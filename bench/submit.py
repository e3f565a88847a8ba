"""Submitting a registration over HTTP to one web worker, among very many customers and registrations.

Drafts are saved before. A third is about known customers that are free, a third about customers that are protected for
somebody else, a third about companies that nobody knows. The bound is an empty answer of the same worker, and the rows
that an approval writes, written bare in one transaction.
"""

import http.client
import json
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import harness

OPTIONS = harness.begin(__doc__, customers=1_000_000, submits=300, names="")

import access  # noqa: E402
import bulk_customers  # noqa: E402
import bulk_data  # noqa: E402
import bulk_names  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from common.actor import SYSTEM  # noqa: E402
from deals.actions.registrations import save_draft  # noqa: E402
from deals.actions.rulebooks import publish_default_rulebook  # noqa: E402
from deals.rules.drafts import DraftLine, RegistrationDraft  # noqa: E402

WARM = 30  # of each kind, not counted
KINDS = ("free", "protected", "unknown")
EXPECTED = {"free": "approved", "protected": "rejected"}
WRITTEN = {
    "deals_decision": "registration_id = %(pk)s",
    "deals_protection": "registration_id = %(pk)s",
    "common_auditentry": "subject_kind = 'deals.registration' AND subject_id = %(pk)s::text",
}
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@dataclass
class Measured:
    """Milliseconds by kind of customer, what was answered, and those of the bound."""

    submits: dict[str, list[float]] = field(default_factory=dict)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    empty: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        return [value for values in self.submits.values() for value in values]


def build() -> dict[str, list[str]]:
    """Public ids of drafts by kind, in the order in which they are submitted."""
    bulk_data.catalogue()
    today = timezone.localdate()
    publish_default_rulebook(effective_from=today, by=SYSTEM, at=timezone.now())
    holder, seller = bulk_data.partners(2)
    bulk_customers.fill(OPTIONS.customers, OPTIONS.names, holder)
    each = OPTIONS.submits // len(KINDS) + WARM
    product_id = harness.value("SELECT min(id) FROM crm_product")

    def draft(name: str, country: str, domain: str = "") -> str:
        typed = RegistrationDraft(
            partner_id=seller,
            customer_name=name,
            customer_country=country,
            customer_domain=domain,
            contact="Erika Mustermann",
            expected_close_on=today + timedelta(days=40),
            lines=[DraftLine(product_id, 1, Decimal(2500))],
        )
        return save_draft(typed, by=SYSTEM, at=timezone.now()).public_id

    known = with_web_addresses(2 * each)
    harness.execute(
        "DELETE FROM deals_protection WHERE customer_id = ANY(%(ids)s)", ids=[row[0] for row in known[:each]]
    )
    names = bulk_names.real_names(OPTIONS.names)
    nobody = islice(bulk_names.varied(names[::-1], len(names) + each), len(names), None)
    return {
        "free": [draft(*row[1:]) for row in known[:each]],
        "protected": [draft(*row[1:]) for row in known[each:]],
        "unknown": [draft(f"{name} {place}"[:300], "PL") for place, name in enumerate(nobody)],
    }


def with_web_addresses(count: int) -> list[tuple[Any, ...]]:
    """Customers spread over all of them, now known by a domain too: id, name, country, domain."""
    return harness.rows(
        """
        UPDATE crm_customer SET domain = 'c' || id || '.de', domain_key = 'c' || id || '.de'
        WHERE id IN (SELECT id FROM crm_customer WHERE id %% %(step)s = 0 ORDER BY id LIMIT %(count)s)
        RETURNING id, legal_name, country, domain
        """,
        step=max(1, OPTIONS.customers // (2 * count)),
        count=count,
    )


@contextmanager
def a_web_worker() -> Iterator[http.client.HTTPConnection]:
    port = free_port()
    command = (
        f"gunicorn prm.wsgi --no-control-socket --workers 1 --threads 4 --log-level warning --bind 127.0.0.1:{port}"
    )
    process = subprocess.Popen([sys.executable, "-m", *command.split()])
    try:
        yield connected(port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def connected(port: int) -> http.client.HTTPConnection:
    for _ in range(300):
        worker = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            one_empty_answer(worker)
        except ConnectionError:
            time.sleep(0.1)
        else:
            return worker
    raise RuntimeError("the web worker does not answer")


def submit_all(drafts: dict[str, list[str]], token: str) -> Measured:
    """Each kind in turn, so that what else the machine does slows all of them alike."""
    measured = Measured()
    headers = {"Authorization": f"Bearer {token}"}
    with a_web_worker() as worker:
        for number, together in enumerate(zip(*(drafts[kind] for kind in KINDS), strict=True)):
            for kind, public_id in zip(KINDS, together, strict=True):
                milliseconds, status = one_submit(worker, public_id, headers)
                measured.said[kind, status] += 1
                if number >= WARM:
                    measured.submits.setdefault(kind, []).append(milliseconds)
            if number >= WARM:
                measured.empty.append(one_empty_answer(worker))
                measured.bare.append(one_bare_write(together[0]))
    return measured


def one_submit(worker: http.client.HTTPConnection, public_id: str, headers: dict[str, str]) -> tuple[float, str]:
    with harness.Watch() as watch:
        worker.request(
            "POST", f"/api/v1/registrations/{public_id}/submit", headers={**headers, "Idempotency-Key": public_id}
        )
        body = worker.getresponse().read()
    return watch.seconds * 1000, str(json.loads(body)["status"])


def one_empty_answer(worker: http.client.HTTPConnection) -> float:
    with harness.Watch() as watch:
        worker.request("GET", "/healthz/live")
        worker.getresponse().read()
    return watch.seconds * 1000


def one_bare_write(public_id: str) -> float:
    """The rows of one approval once more, into equal tables."""
    pk = harness.value("SELECT id FROM deals_registration WHERE public_id = %(id)s", id=public_id)
    with harness.Watch() as watch, transaction.atomic():
        for table, condition in WRITTEN.items():
            harness.execute(f"INSERT INTO bound_{table} SELECT * FROM {table} WHERE {condition}", pk=pk)
        harness.execute("UPDATE deals_registration SET updated_at = updated_at WHERE id = %(pk)s", pk=pk)
    return watch.seconds * 1000


def statements_of(public_id: str, token: str) -> int:
    """How many statements one submit takes in this process, apart from transaction control."""
    said: list[str] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        Client().post(
            f"/api/v1/registrations/{public_id}/submit",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": public_id},
        )
    return sum(not sql.lstrip().startswith(CONTROL) for sql in said)


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    drafts = build()
    token = access.token("deals.read", "deals.write")
    for table in WRITTEN:
        harness.execute(f"CREATE TABLE bound_{table} (LIKE {table} INCLUDING ALL)")
    statements_of(drafts["free"].pop(), token)  # reads what a process reads once
    statements = {kind: statements_of(drafts[kind].pop(), token) for kind in KINDS}
    shortest = min(map(len, drafts.values()))
    harness.note(f"submitting {shortest * len(KINDS)} drafts")
    tell(submit_all({kind: ids[:shortest] for kind, ids in drafts.items()}, token), statements)


def tell(measured: Measured, statements: dict[str, int]) -> None:
    ours = statistics.median(measured.all)
    bound = statistics.median(measured.empty) + statistics.median(measured.bare)
    odd = [(kind, said) for kind, said in measured.said if EXPECTED.get(kind, said) != said]
    unexplained = harness.value(
        "SELECT count(*) FROM deals_decision WHERE jsonb_array_length(outcomes) = 0 OR inputs = '{}'"
    )
    harness.table(
        f"{len(measured.all)} submits over HTTP, {OPTIONS.customers:,} customers and registrations",
        [
            ("median", ours, "ms"),
            ("p95", p95(measured.all), "ms"),
            *((f"  {kind}: median", statistics.median(times), "ms") for kind, times in measured.submits.items()),
            *((f"  {kind}: p95", p95(times), "ms") for kind, times in measured.submits.items()),
            *((f"  {kind}: statements", count, "") for kind, count in statements.items()),
            ("an empty answer, median", statistics.median(measured.empty), "ms"),
            ("the rows written bare, median", statistics.median(measured.bare), "ms"),
        ],
    )
    harness.finish(
        "submit",
        ours=ours,
        bound=bound,
        failure=f"unexpected answers {odd}, decisions without explanation {unexplained}" if odd or unexplained else "",
        p50_ms=ours,
        p95_ms=p95(measured.all),
        p50_by_kind={kind: round(statistics.median(times), 2) for kind, times in measured.submits.items()},
        p95_by_kind={kind: round(p95(times), 2) for kind, times in measured.submits.items()},
        statements=max(statements.values()),
        statements_by_kind=statements,
        answers={f"{kind} {said}": count for (kind, said), count in measured.said.items()},
        customers=OPTIONS.customers,
    )


if __name__ == "__main__":
    main()
