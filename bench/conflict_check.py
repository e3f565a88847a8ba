"""The check before a registration, among ever more customers that as many registrations protect.

Each number of customers has a database of its own, and checks go round them in turn, so that what else the machine does
slows all of them alike. Asked are names that nobody has, and names of customers as somebody else writes them; those
must be among the first ten candidates. The bound is what the check asks the database, the very same statements with the
same values, run bare right after each check.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import harness

OPTIONS = harness.begin(__doc__, customers=(10_000, 100_000, 1_000_000), checks=600, rounds=3, names="")

import bulk_customers  # noqa: E402
import bulk_data  # noqa: E402
import bulk_names  # noqa: E402
from bulk_data import AT  # noqa: E402
from django.db import connection  # noqa: E402

from common.actor import SYSTEM  # noqa: E402
from crm import queries as crm_queries  # noqa: E402
from crm.rules.matching import CustomerIdentity  # noqa: E402
from deals.actions.rulebooks import publish_default_rulebook  # noqa: E402
from deals.queries import preflight  # noqa: E402
from deals.rules.preflight import PreflightQuestion  # noqa: E402

FIRST = 10


@dataclass(frozen=True)
class Asking:
    """Who asks, and for which families: the same partner in every database."""

    partner_id: int
    family_ids: tuple[int, ...]

    def check(self, identity: CustomerIdentity) -> None:
        """What is measured: all rules of engagement, without locks and without writing."""
        preflight.check(self.partner_id, PreflightQuestion(identity, self.family_ids), at=AT)


def candidates(identity: CustomerIdentity) -> list[int]:
    """The customers that the one asked for may be, surest first."""
    return [found.customer.pk for found in crm_queries.customer_candidates(identity, FIRST)]


@dataclass(frozen=True)
class Probe:
    """What is asked, and whom it must find; 0: nobody has this name."""

    identity: CustomerIdentity
    expected: int = 0


@dataclass
class Measured:
    """Milliseconds of every check and of its statements alone, and how often the customer was found."""

    checks: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    found: int = 0
    expected: int = 0


# The checks


def probes() -> list[Probe]:
    """As many names that nobody has as names of customers, chosen at random, as somebody else writes them."""
    rng = Random(4)
    (low, high), *_ = harness.rows("SELECT min(id), max(id) FROM crm_customer")
    ids = sorted({rng.randint(low, high) for _ in range(OPTIONS.checks // 2)})
    rows = harness.rows("SELECT id, legal_name, country FROM crm_customer WHERE id = ANY(%(ids)s)", ids=ids)
    known = [Probe(CustomerIdentity(bulk_names.misspelled(name, rng), country), pk) for pk, name, country in rows]
    names = bulk_names.real_names(OPTIONS.names)
    strangers = list(islice(bulk_names.varied(names[::-1], 2 * len(names)), len(names), len(names) + len(ids)))
    nobody = [Probe(CustomerIdentity(name, rng.choice(bulk_names.COUNTRIES))) for name in strangers]
    asked = [*known, *nobody]
    rng.shuffle(asked)
    return asked


def measure(sizes: Sequence[int], asking: Asking) -> dict[int, Measured]:
    measured = {size: Measured() for size in sizes}
    asked: dict[int, list[Probe]] = {}
    for size in sizes:
        harness.use(name_of(size))
        asked[size] = probes()
        for probe in asked[size]:
            asking.check(probe.identity)  # warms up
            measured[size].expected += bool(probe.expected)
            measured[size].found += probe.expected in candidates(probe.identity)
    for _ in range(OPTIONS.rounds):
        for together in zip(*asked.values(), strict=False):
            for size, probe in zip(sizes, together, strict=True):
                harness.use(name_of(size))
                take(probe, measured[size], asking)
    return measured


def take(probe: Probe, measured: Measured, asking: Asking) -> None:
    """One check, and then its statements alone."""
    asked: list[tuple[str, Any]] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with harness.Watch() as watch, connection.execute_wrapper(listen):
        asking.check(probe.identity)
    measured.checks.append(watch.seconds * 1000)
    measured.statements.append(len(asked))
    with harness.Watch() as watch, connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(sql, params)
            cursor.fetchall()
    measured.bare.append(watch.seconds * 1000)


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def name_of(size: int) -> str:
    return f"customers_{size}"


def prepare() -> tuple[int, Asking]:
    """The rules in force, the partner that all customers are protected for, and the one that asks."""
    bulk_data.catalogue()
    publish_default_rulebook(effective_from=AT.date(), by=SYSTEM, at=AT)
    holder, asker = bulk_data.partners(2)
    return holder, Asking(asker, (harness.value("SELECT min(id) FROM crm_productfamily"),))


def main() -> None:
    sizes = sorted(OPTIONS.customers)
    holder, asking = prepare()
    with harness.databases([name_of(size) for size in sizes]):
        for size in sizes:
            harness.use(name_of(size))
            bulk_customers.fill(size, OPTIONS.names, holder)
        harness.note(f"{OPTIONS.checks} checks, {OPTIONS.rounds} times")
        by_size = measure(sizes, asking)
    tell(by_size)


def tell(by_size: dict[int, Measured]) -> None:
    sizes = list(by_size)
    largest = by_size[sizes[-1]]
    times = {size: p95(found.checks) for size, found in by_size.items()}
    ratio = sum(largest.checks) / sum(largest.bare)
    recall = {size: found.found / max(1, found.expected) for size, found in by_size.items()}
    harness.table(
        f"{OPTIONS.checks} checks of a company, {OPTIONS.rounds} times",
        [
            line
            for size, found in by_size.items()
            for line in (
                (f"{size:,} customers: p95", times[size], "ms"),
                ("  median", statistics.median(found.checks), "ms"),
                ("  statements alone, p95", p95(found.bare), "ms"),
                ("  of misspelled customers among the first ten", recall[size], ""),
            )
        ],
    )
    harness.finish(
        "conflict_check",
        ours=times[sizes[-1]],
        bound=p95(largest.bare),
        p95_ms={str(size): round(value, 3) for size, value in times.items()},
        p50_ms={str(size): round(statistics.median(found.checks), 3) for size, found in by_size.items()},
        p95_growth=times[sizes[-1]] / times[sizes[0]],
        recall=recall[sizes[-1]],
        recall_by_size={str(size): round(value, 4) for size, value in recall.items()},
        most_statements=max(largest.statements),
        mean_ratio=ratio,
    )


if __name__ == "__main__":
    main()
