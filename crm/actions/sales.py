"""Sales: each correction or cancellation is a new revision; history stays."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from common import events
from common.actor import Actor
from common.batches import BatchResult
from common.choices import RowOutcome
from common.verdict import Reason
from crm import queries
from crm.actions.batches import MERGES, Batch, lock_keys, lock_space
from crm.actions.opportunities import customers_named
from crm.actions.scores import move_scores
from crm.choices import SaleStatus
from crm.models import Product, Sale, SaleLine
from crm.rules import faults, rates
from crm.rules.rows import SaleLineRow, SaleRow, trimmed
from partners import queries as partner_queries
from partners import rules as partner_rules

Rates = Mapping[tuple[str, date], Decimal]


def upsert_sales(rows: Sequence[SaleRow], *, by: Actor, at: datetime) -> BatchResult:
    """Create sales, or add a revision to those whose content differs. All or nothing; refuses without ``crm.write``.

    Amounts are also kept in the base currency, at the rate in force on the day of booking; without one the sale is
    stored and waits. Scores are credited and reversed in the same transaction, which publishes ``sale.changed``
    (`sale_ids` of the new revisions, `partner_ids` of all partners concerned, before and after, and `at`).
    """
    partner_rules.may(by, "crm.write").or_refuse()
    rows = [_trimmed(row) for row in rows]
    batch = Batch("sales", [row.external_id for row in rows])
    for index, row in enumerate(rows):
        batch.add_faults(index, faults.sale_faults(row))
    with transaction.atomic():
        lock_space("crm.rate", shared=True)  # either this sale sees a rate or that rate sees this sale
        lock_space(MERGES, shared=True)
        lock_keys("crm.sale", batch.keys)
        sales = _resolved(batch, rows, at)
        _convert(batch, sales)
        if batch.failed:
            return batch.result()
        current = {sale.external_id: sale for sale in queries.current_sales(batch.keys)}
        new = [(sale, lines) for sale, lines in sales if not _is_same(current.get(sale.external_id), sale, lines)]
        replaced = [current[sale.external_id] for sale, _ in new if sale.external_id in current]
        _write(batch, new, replaced)
        result = batch.deliver(by=by, at=at)
        if new:
            announce([sale for sale, _ in new], replaced, at=at)
    return result


def announce(sales: Sequence[Sale], replaced: Sequence[Sale], *, at: datetime) -> None:
    """Bring scores up to date and tell the listeners, in the transaction that wrote the sales."""
    move_scores(sales, replaced, at=at)
    partner_ids = {sale.partner_id for sale in (*sales, *replaced)} - {None}
    events.publish("sale.changed", sale_ids=sorted(sale.pk for sale in sales), partner_ids=sorted(partner_ids), at=at)


def _trimmed(row: SaleRow) -> SaleRow:
    return trimmed(row).with_lines([trimmed(line) for line in row.lines])


Resolved = tuple[Sale, list[SaleLine]]


def _resolved(batch: Batch, rows: Sequence[SaleRow], at: datetime) -> list[Resolved]:
    """Unsaved sales and lines with their references; unknown ones are faults of their rows."""
    customers = customers_named(row.customer for row in rows)
    partners = partner_queries.partner_ids_by_public_id(row.partner for row in rows if row.partner)
    wanted = {line.product for row in rows for line in row.lines}
    products = dict(Product.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))
    sales = []
    for index, row in enumerate(rows):
        sale = Sale(
            external_id=row.external_id,
            revision=1,
            status=row.status,
            customer_id=batch.require(index, "customer", row.customer, customers, "row.unknown_customer"),
            booked_on=row.booked_on,
            currency=row.currency,
            registration_public_id=row.registration,
            created_at=at,
        )
        if row.partner:
            sale.partner_id = batch.require(index, "partner", row.partner, partners, "row.unknown_partner")
        sales.append((sale, _lines(batch, index, row.lines, products)))
    return sales


def _lines(batch: Batch, index: int, rows: Sequence[SaleLineRow], products: Mapping[str, int]) -> list[SaleLine]:
    return [
        SaleLine(
            number=number,
            product_id=batch.require(
                index, f"lines[{number - 1}].product", line.product, products, "row.unknown_product"
            ),
            quantity=line.quantity,
            net_amount=line.net_amount,
            recurring_months=line.recurring_months,
        )
        for number, line in enumerate(rows, start=1)
    ]


def _convert(batch: Batch, sales: Sequence[Resolved]) -> None:
    """Fill in the amounts in the base currency, or let the sale wait."""
    if batch.failed:
        return
    known = queries.rates_on((sale.currency, sale.booked_on) for sale, _ in sales)
    for index, (sale, lines) in enumerate(sales):
        convert(sale, lines, known)
        if not all(is_storable(line) for line in lines):
            batch.add_faults(index, [Reason("row.amount_invalid", field="lines")])


def convert(sale: Sale, lines: Sequence[SaleLine], known: Rates) -> None:
    """Set the lines' amounts in the base currency; without a rate in force a booked sale waits."""
    rate = known.get((sale.currency, sale.booked_on))
    sale.waits_for_rate = rate is None and sale.status == SaleStatus.BOOKED
    if rate is not None:
        for line in lines:
            line.base_amount = rates.base_amount(line.net_amount, rate, settings.BASE_CURRENCY)


def is_storable(line: SaleLine) -> bool:
    """Whether the amount in the base currency is one that the score book can hold."""
    return line.base_amount is None or abs(line.base_amount) < faults.LARGEST_BASE_AMOUNT


def _is_same(current: Sale | None, sale: Sale, lines: Sequence[SaleLine]) -> bool:
    """Whether the newest revision already says this; the amounts in the base currency are ours and do not count.

    A customer that was merged since is the one that it was merged into.
    """
    if current is None:
        return False
    known = _content(current, list(current.lines.all()), current.customer.merged_into_id or current.customer_id)
    return known == _content(sale, lines, sale.customer_id)


def _content(sale: Sale, lines: Sequence[SaleLine], customer_id: int) -> tuple[object, ...]:
    head = (sale.status, sale.partner_id, customer_id, sale.booked_on, sale.currency, sale.registration_public_id)
    return (*head, *((line.product_id, line.quantity, line.net_amount, line.recurring_months) for line in lines))


def _write(batch: Batch, new: Sequence[Resolved], replaced: Sequence[Sale]) -> None:
    """Retire the revisions that are replaced, then add the new ones with their lines: three statements."""
    revisions = {sale.external_id: sale.revision for sale in replaced}
    places = {key: index for index, key in enumerate(batch.keys)}
    if replaced:
        Sale.objects.filter(pk__in=[sale.pk for sale in replaced]).update(is_current=False)
    for sale, _ in new:
        sale.revision = revisions.get(sale.external_id, 0) + 1
        outcome = RowOutcome.UPDATED if sale.external_id in revisions else RowOutcome.CREATED
        batch.outcomes[places[sale.external_id]] = RowOutcome.WAITING if sale.waits_for_rate else outcome
    Sale.objects.bulk_create([sale for sale, _ in new])
    for sale, lines in new:
        for line in lines:
            line.sale = sale
    SaleLine.objects.bulk_create([line for _, lines in new for line in lines])
