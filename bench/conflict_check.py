"""The check before a registration, among ever more customers that as many registrations protect.

Each number of customers has a database of its own, and checks go round them in turn, so that what else the machine does
slows all of them alike. Asked are names that nobody has, and names of customers as somebody else writes them; those
must be among the first ten candidates. The bound is what the check asks the database, the very same statements with the
same values, run bare right after each check.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import harness

OPTIONS = harness.begin(__doc__, customers=(10_000, 100_000, 1_000_000), checks=600, rounds=3, names="")

import bulk_data  # noqa: E402
import bulk_names  # noqa: E402
from bulk_data import AT  # noqa: E402
from django.db import connection  # noqa: E402

from crm import queries as crm_queries  # noqa: E402
from crm.actions.words import recount_words  # noqa: E402
from crm.rules.matching import CustomerIdentity, keys_of  # noqa: E402
from crm.rules.search import index_words  # noqa: E402
from deals.models import Protection, Registration  # noqa: E402

NEAR_DUPLICATES = 16  # one customer in as many is another as somebody else wrote it
FIRST = 10
END = AT.replace(year=AT.year + 1)
CHUNK = 50_000
COLUMNS = (
    *("public_id", "external_id", "legal_name", "country", "domain", "tax_id", "segment", "name_key"),
    *("identity_key", "domain_key", "tax_key", "name_words", "source", "created_at", "updated_at"),
)
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname IN ('customer_by_words', 'customer_by_identity')"


def check(identity: CustomerIdentity) -> list[int]:
    """What is measured: the customers that the one asked for may be, surest first."""
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


# The data


def the_customers(count: int) -> Iterator[tuple[str, str]]:
    """Names and countries; one in sixteen is the one before it, as somebody else writes it."""
    rng = Random(3)
    before = ("", "")
    for number, name in enumerate(bulk_names.varied(bulk_names.real_names(OPTIONS.names), count)):
        if number % NEAR_DUPLICATES == NEAR_DUPLICATES - 1:
            yield bulk_names.misspelled(before[0], rng)[:300], before[1]
        else:
            before = name[:300], rng.choice(bulk_names.COUNTRIES)
            yield before


def a_row(number: int, name: str, country: str) -> tuple[object, ...]:
    keys = keys_of(CustomerIdentity(name, country))
    words = "{" + ",".join(f'"{word}"' for word in index_words(keys.name)) + "}"
    known = (f"cus_{number:016}", f"C{number}", name.replace("\\", ""), country, "", "", "")
    return (*known, keys.name, keys.identity, "", "", words, "crm", AT, AT)


def fill(count: int) -> None:
    """This many customers, each with a protected registration."""
    harness.note(f"making {count:,} customers")
    customers = the_customers(count)
    indexes = harness.rows(INDEXES)
    with harness.bulk_load():
        for name, _ in indexes:
            harness.execute(f"DROP INDEX {name}")
        for first in range(0, count, CHUNK):
            chunk = islice(customers, CHUNK)
            lines = [a_row(number, *customer) for number, customer in enumerate(chunk, start=first)]
            harness.copy("crm_customer", COLUMNS, harness.copy_text(lines))
        for _, definition in indexes:
            harness.execute(definition)
        harness.note("counting words, registering")
        recount_words()
        register()


def a_template() -> None:
    """One registration and its protection, of which the others are copies."""
    bulk_data.catalogue()
    (partner_id,) = bulk_data.partners(1)
    customer_id = harness.value("SELECT min(id) FROM crm_customer")
    registration = Registration.objects.create(
        partner_id=partner_id,
        status="approved",
        customer_name="Template",
        customer_country="DE",
        customer_id=customer_id,
        family_ids=[harness.value("SELECT min(id) FROM crm_productfamily")],
        currency="EUR",
        base_amount=5000,
        receipt_number=harness.value("SELECT nextval('deals_receipt_number')"),
        protected_until=END,
        **dict.fromkeys(("created_at", "updated_at", "submitted_at", "decided_at", "last_activity_at"), AT),
    )
    Protection.objects.create(
        registration=registration,
        partner_id=partner_id,
        customer_id=customer_id,
        family_id=registration.family_ids[0],
        starts_at=AT,
        ends_at=END,
    )


def register() -> None:
    """A registration with a protection for every customer."""
    a_template()
    copies(
        "deals_registration",
        public_id="'reg_' || lpad(customer.id::text, 16, '0')",
        customer_name="legal_name",
        receipt_number="nextval('deals_receipt_number')",
    )
    copies(
        "deals_protection",
        registration_id="(SELECT id FROM deals_registration WHERE customer_id = customer.id LIMIT 1)",
    )


def copies(table: str, **differing: str) -> None:
    """Copy the table's first row for every customer that it does not name, but for its id and what differs."""
    names = [
        row[0]
        for row in harness.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %(table)s AND column_name <> 'id'",
            table=table,
        )
    ]
    given = {**{name: f"template.{name}" for name in names}, "customer_id": "customer.id", **differing}
    harness.execute(
        f"""
        INSERT INTO {table} ({", ".join(names)}) SELECT {", ".join(given[name] for name in names)}
        FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) template, crm_customer customer
        WHERE customer.id > (SELECT max(customer_id) FROM {table}) ORDER BY customer.id
        """
    )


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


def measure(sizes: Sequence[int]) -> dict[int, Measured]:
    measured = {size: Measured() for size in sizes}
    asked: dict[int, list[Probe]] = {}
    for size in sizes:
        harness.use(name_of(size))
        asked[size] = probes()
        for probe in asked[size]:
            found = check(probe.identity)  # which also warms up
            measured[size].expected += bool(probe.expected)
            measured[size].found += probe.expected in found
    for _ in range(OPTIONS.rounds):
        for together in zip(*asked.values(), strict=False):
            for size, probe in zip(sizes, together, strict=True):
                harness.use(name_of(size))
                take(probe, measured[size])
    return measured


def take(probe: Probe, measured: Measured) -> None:
    """One check, and then its statements alone."""
    asked: list[tuple[str, Any]] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with harness.Watch() as watch, connection.execute_wrapper(listen):
        check(probe.identity)
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


def main() -> None:
    sizes = sorted(OPTIONS.customers)
    with harness.databases([name_of(size) for size in sizes]):
        for size in sizes:
            harness.use(name_of(size))
            fill(size)
        harness.note(f"{OPTIONS.checks} checks, {OPTIONS.rounds} times")
        by_size = measure(sizes)
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
