"""Sales from the CRM in batches, through the action and over HTTP, beside COPY into the very same tables.

A row is a sale with its lines. Every batch is written three times under ids of its own: by COPY (two tables, one
commit, foreign keys checked), by the action, and by the API's batch endpoint; then the last two are sent again
unchanged, which must rewrite nothing. COPY credits no scores and tells nobody; the others do.
"""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from random import Random

import harness

OPTIONS = harness.begin(__doc__, batches=10, rows=1000, lines=2, partners=200, customers=2_000)

import access  # noqa: E402
import bulk_data  # noqa: E402
from bulk_data import AT, CRM  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from common.ids import public_id  # noqa: E402
from crm.actions.sales import upsert_sales  # noqa: E402
from crm.rules.rows import SaleLineRow, SaleRow  # noqa: E402

SALE_COLUMNS = (
    *("id", "public_id", "external_id", "revision", "is_current", "waits_for_rate", "status", "partner_id"),
    *("customer_id", "booked_on", "currency", "registration_public_id", "created_at"),
)
LINE_COLUMNS = ("sale_id", "number", "product_id", "quantity", "net_amount", "base_amount", "recurring_months")


@dataclass
class Ids:
    """Keys by the names that the CRM uses."""

    partners: dict[str, int]
    customers: dict[str, int]
    products: dict[str, int]


@dataclass
class Measured:
    """Seconds for each batch, and the rows that a batch without news rewrote."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    rewritten: int = 0

    def take(self, name: str, work: Callable[[], None]) -> None:
        with harness.Watch() as watch:
            work()
        self.seconds.setdefault(name, []).append(watch.seconds)

    def take_unchanged(self, name: str, work: Callable[[], None]) -> None:
        before = harness.rows_written()
        self.take(name, work)
        self.rewritten += harness.rows_written() - before

    def per_second(self, name: str) -> float:
        return OPTIONS.rows / statistics.median(self.seconds[name])


def build() -> Ids:
    harness.note(f"making {OPTIONS.partners:,} partners and {OPTIONS.customers:,} customers")
    bulk_data.catalogue()
    with harness.bulk_load():
        bulk_data.partners(OPTIONS.partners)
        bulk_data.customers(OPTIONS.customers)
    return Ids(
        partners=dict(harness.rows("SELECT public_id, id FROM partners_partner")),
        customers=dict(harness.rows("SELECT external_id, id FROM crm_customer")),
        products=dict(harness.rows("SELECT external_id, id FROM crm_product")),
    )


def a_batch(number: int, ids: Ids) -> list[SaleRow]:
    rng = Random(number)
    names = [sorted(known) for known in (ids.partners, ids.customers, ids.products)]
    return [
        SaleRow(
            external_id=f"B{number}-{place}",
            customer=rng.choice(names[1]),
            partner=rng.choice(names[0]),
            booked_on=bulk_data.DAY - timedelta(days=rng.randrange(365)),
            currency="EUR",
            lines=[
                SaleLineRow(
                    product=rng.choice(names[2]),
                    quantity=Decimal(rng.randrange(1, 10)),
                    net_amount=Decimal(rng.randrange(1000, 5_000_000)) / 100,
                )
                for _ in range(OPTIONS.lines)
            ],
        )
        for place in range(OPTIONS.rows)
    ]


def under(mark: str, rows: Sequence[SaleRow]) -> list[SaleRow]:
    """The same sales under ids of their own."""
    return [
        SaleRow(
            external_id=f"{mark}{row.external_id}",
            customer=row.customer,
            partner=row.partner,
            booked_on=row.booked_on,
            currency=row.currency,
            lines=row.lines,
        )
        for row in rows
    ]


def as_text(rows: Sequence[SaleRow], ids: Ids) -> tuple[StringIO, StringIO]:
    """The batch as COPY takes it, for both tables."""
    keys = harness.rows(
        "SELECT nextval(pg_get_serial_sequence('crm_sale', 'id')) FROM generate_series(1, %(count)s)", count=len(rows)
    )
    sales, lines = [], []
    for (key,), row in zip(keys, rows, strict=True):
        known = (key, public_id("sal"), row.external_id, 1, True, False, row.status, ids.partners[row.partner])
        sales.append((*known, ids.customers[row.customer], row.booked_on, row.currency, "", AT))
        lines += [
            (key, number, ids.products[line.product], line.quantity, line.net_amount, line.net_amount, 0)
            for number, line in enumerate(row.lines, start=1)
        ]
    return harness.copy_text(sales), harness.copy_text(lines)


def by_copy(texts: tuple[StringIO, StringIO]) -> None:
    with transaction.atomic():
        harness.copy("crm_sale", SALE_COLUMNS, texts[0])
        harness.copy("crm_saleline", LINE_COLUMNS, texts[1])


def by_action(rows: Sequence[SaleRow], outcome: str) -> None:
    result = upsert_sales(rows, by=CRM, at=AT)
    if result.counts[outcome] != len(rows):
        raise RuntimeError(f"expected all to be {outcome}: {result.counts}")


@dataclass
class Api:
    """The API with all that a request passes through, in this process: no network and no second worker."""

    token: str
    http: Client = field(default_factory=Client)

    def send(self, body: str, outcome: str) -> None:
        answer = self.http.post(
            "/api/v1/sales/batch",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        if answer.status_code != 200 or answer.json()["counts"][outcome] != OPTIONS.rows:
            raise RuntimeError(f"expected all to be {outcome}: {answer.status_code} {answer.content[:300]!r}")


def as_json(rows: Sequence[SaleRow]) -> str:
    return json.dumps(
        {
            "rows": [
                {
                    "external_id": row.external_id,
                    "customer": row.customer,
                    "partner": row.partner,
                    "booked_on": row.booked_on.isoformat(),
                    "currency": row.currency,
                    "lines": [
                        {"product": line.product, "quantity": str(line.quantity), "net_amount": str(line.net_amount)}
                        for line in row.lines
                    ],
                }
                for row in rows
            ]
        }
    )


def main() -> None:
    ids = build()
    api = Api(access.token("crm.write"))
    measured = Measured()
    harness.note(f"{OPTIONS.batches} batches of {OPTIONS.rows:,} sales with {OPTIONS.lines} lines each")
    for number in range(OPTIONS.batches + 1):
        if number == 1:  # the first batch warms up
            measured.seconds.clear()
        rows = a_batch(number, ids)
        texts, action_rows, body = (
            as_text(under("copy-", rows), ids),
            under("action-", rows),
            as_json(under("http-", rows)),
        )
        measured.take("copy", lambda texts=texts: by_copy(texts))
        measured.take("action_new", lambda rows=action_rows: by_action(rows, "created"))
        measured.take("http_new", lambda body=body: api.send(body, "created"))
        measured.take_unchanged("action_unchanged", lambda rows=action_rows: by_action(rows, "unchanged"))
        measured.take_unchanged("http_unchanged", lambda body=body: api.send(body, "unchanged"))
    tell(measured)


def tell(measured: Measured) -> None:
    rates = {name: measured.per_second(name) for name in measured.seconds}
    bound = rates["copy"]
    harness.table(
        f"{OPTIONS.batches} batches of {OPTIONS.rows:,} sales with {OPTIONS.lines} lines each (medians)",
        [
            ("COPY into the same tables", bound, "sales/s"),
            ("new, over HTTP", rates["http_new"], "sales/s"),
            ("  share of COPY", rates["http_new"] / bound, "×"),
            ("new, by the action", rates["action_new"], "sales/s"),
            ("  share of COPY", rates["action_new"] / bound, "×"),
            ("unchanged, over HTTP", rates["http_unchanged"], "sales/s"),
            ("  share of COPY", rates["http_unchanged"] / bound, "×"),
            ("unchanged, by the action", rates["action_unchanged"], "sales/s"),
            ("  share of COPY", rates["action_unchanged"] / bound, "×"),
            ("rows rewritten by unchanged batches", measured.rewritten, ""),
        ],
    )
    harness.finish(
        "ingest",
        ours=rates["http_new"],
        bound=bound,
        failure=f"unchanged batches rewrote {measured.rewritten} rows" if measured.rewritten else "",
        unchanged_ratio=rates["http_unchanged"] / bound,
        action_ratio=rates["action_new"] / bound,
        action_unchanged_ratio=rates["action_unchanged"] / bound,
        rows_rewritten=measured.rewritten,
        **{f"{name}_per_second": rate for name, rate in rates.items()},
        batches=OPTIONS.batches,
        rows=OPTIONS.rows,
        lines_per_row=OPTIONS.lines,
    )


if __name__ == "__main__":
    main()
