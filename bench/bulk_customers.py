"""Very many customers with names like real ones, near-duplicates among them, each registered and protected."""

from collections.abc import Iterator
from itertools import islice
from random import Random

import bulk_names
import harness
from bulk_data import AT

from crm.actions.words import recount_words
from crm.rules.matching import CustomerIdentity, keys_of
from crm.rules.search import index_words
from deals.models import Protection, Registration

NEAR_DUPLICATES = 16  # one customer in as many is another as somebody else wrote it
END = AT.replace(year=AT.year + 1)
CHUNK = 50_000
COLUMNS = (
    *("public_id", "external_id", "legal_name", "country", "domain", "tax_id", "segment", "name_key"),
    *("identity_key", "domain_key", "tax_key", "name_words", "source", "created_at", "updated_at"),
)
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname IN ('customer_by_words', 'customer_by_identity')"


def the_customers(count: int, names: str) -> Iterator[tuple[str, str]]:
    """Names and countries; one in sixteen is the one before it, as somebody else writes it."""
    rng = Random(3)
    before = ("", "")
    for number, name in enumerate(bulk_names.varied(bulk_names.real_names(names), count)):
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


def fill(count: int, names: str, partner_id: int) -> None:
    """This many customers, named like those of the file `names`, each protected for the partner."""
    harness.note(f"making {count:,} customers")
    customers = the_customers(count, names)
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
        register(partner_id)


def a_template(partner_id: int) -> None:
    """One registration and its protection, of which the others are copies."""
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


def register(partner_id: int) -> None:
    """A registration with a protection for every customer."""
    a_template(partner_id)
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
