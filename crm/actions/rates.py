"""Exchange rates, and the sales that waited for them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from common.actor import Actor
from common.batches import BatchResult
from crm import queries
from crm.actions.batches import MERGES, Batch, lock_space, overwrite, write_differences
from crm.actions.sales import announce, convert, is_storable
from crm.models import ExchangeRate, Sale, SaleLine
from crm.rules import faults
from crm.rules.rows import RateRow, trimmed
from partners import rules as partner_rules

SLICE = 1000  # sales completed at a time


def upsert_rates(rows: Sequence[RateRow], *, by: Actor, at: datetime) -> BatchResult:
    """Set rates by currency and day. All or nothing; refuses anyone without ``crm.write``.

    Current sales that waited for a rate and now have one are completed in the same transaction: their amounts are
    converted, scores credited, ``sale.changed`` published. Amounts once converted stay, whatever rate comes later.
    """
    partner_rules.may(by, "crm.write").or_refuse()
    rows = [trimmed(row) for row in rows]
    batch = Batch("rates", [f"{row.currency} {row.on}" for row in rows])
    for index, row in enumerate(rows):
        batch.add_faults(index, faults.rate_faults(row, settings.BASE_CURRENCY))
    if batch.failed:
        return batch.result()
    with transaction.atomic():
        lock_space("crm.rate", shared=False)
        lock_space(MERGES, shared=True)
        known = ExchangeRate.objects.filter(
            currency__in={row.currency for row in rows}, on__in={row.on for row in rows}
        )
        existing = {f"{rate.currency} {rate.on}": rate for rate in known}
        values = [{"currency": row.currency, "on": row.on, "rate": row.rate} for row in rows]
        written = write_differences(batch, ExchangeRate, values, existing)
        result = batch.deliver(by=by, at=at)
        for sales in _waiting({rate.currency for rate in written}):
            _complete(sales, at=at)
    return result


def _waiting(currencies: set[str]) -> Iterator[list[Sale]]:
    """Sales that wait for a rate in these currencies, in slices, by external id."""
    waiting = Sale.objects.filter(is_current=True, waits_for_rate=True, currency__in=currencies)
    ids = list(waiting.order_by("external_id").values_list("pk", flat=True))
    for start in range(0, len(ids), SLICE):
        yield list(waiting.filter(pk__in=ids[start : start + SLICE]).prefetch_related("lines").order_by("external_id"))


def _complete(sales: Sequence[Sale], *, at: datetime) -> None:
    """Convert those whose rate is there, unless an amount is beyond what can be kept: that sale goes on waiting."""
    rates = queries.rates_on((sale.currency, sale.booked_on) for sale in sales)
    lines: list[SaleLine] = []
    completed: list[Sale] = []
    for sale in sales:
        own = list(sale.lines.all())
        convert(sale, own, rates)
        if not sale.waits_for_rate and all(is_storable(line) for line in own):
            completed.append(sale)
            lines += own
    if completed:
        overwrite(lines, ["base_amount"])
        Sale.objects.filter(pk__in=[sale.pk for sale in completed]).update(waits_for_rate=False)
        announce(completed, (), at=at)
