"""What sales add to the score book, credited and reversed with them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from common.period import Period
from crm.actions.batches import overwrite
from crm.choices import SaleStatus
from crm.models import Customer, FirstSale, Sale, SaleLine
from crm.rules.sales import ScoredLine, scores_of
from tiers.actions.scores import NewCredit, Source, credit_scores, reverse_credits

LINE_SOURCE = "sale_line"
FIRST_SALE_SOURCE = "first_sale"
LONGEST_LABEL = 200
Pair = tuple[int, int]  # partner, customer


def move_scores(sales: Sequence[Sale], replaced: Sequence[Sale], *, at: datetime) -> None:
    """Reverse what replaced revisions had credited, credit what the new ones earn, and move first sales."""
    _reverse_lines(replaced, at)
    _credit_lines(sales, at)
    pairs = {(sale.partner_id, sale.customer_id) for sale in (*sales, *replaced) if sale.partner_id is not None}
    if pairs:
        merged = _merged({customer_id for _, customer_id in pairs})
        _move_first_sales({(partner_id, merged.get(customer_id, customer_id)) for partner_id, customer_id in pairs}, at)


def merge_first_sales(keep_id: int, lose_id: int, *, at: datetime) -> None:
    """Let the two be new to each partner once, by the earliest sale to either; `merged_into` says so already."""
    partner_ids = FirstSale.objects.filter(customer=lose_id).values_list("partner_id", flat=True)
    pairs = {(partner_id, customer_id) for partner_id in partner_ids for customer_id in (keep_id, lose_id)}
    if pairs:
        _share_counts(_locked_first_sales(pairs))
        _move_first_sales(pairs, at)


def _share_counts(rows: Sequence[FirstSale]) -> None:
    """Go on counting credits from the higher of a partner's counts: a sale may come back that the other one had."""
    highest: dict[int, int] = {}
    for row in rows:
        highest[row.partner_id] = max(row.credit_count, highest.get(row.partner_id, 0))
    for row in rows:
        row.credit_count = highest[row.partner_id]
    overwrite(rows, ["credit_count"])


def _merged(customer_ids: set[int]) -> dict[int, int]:
    """Of the merged ones among these customers, what they were merged into."""
    rows = Customer.objects.filter(pk__in=customer_ids, merged_into__isnull=False)
    return {pk: merged_into for pk, merged_into in rows.values_list("pk", "merged_into_id") if merged_into}


def _counts(sale: Sale) -> bool:
    return sale.partner_id is not None and sale.status == SaleStatus.BOOKED and not sale.waits_for_rate


def _reverse_lines(sales: Sequence[Sale], at: datetime) -> None:
    counted = {sale.pk: sale.public_id for sale in sales if _counts(sale)}
    if counted:
        numbers = SaleLine.objects.filter(sale_id__in=counted).values_list("sale_id", "number")
        keys = sorted(f"{counted[sale_id]}/{number}" for sale_id, number in numbers)
        reverse_credits(LINE_SOURCE, keys, at=at)


def _credit_lines(sales: Sequence[Sale], at: datetime) -> None:
    counted = {sale.pk: sale for sale in sales if _counts(sale)}
    lines: dict[int, list[ScoredLine]] = {pk: [] for pk in counted}
    labels: dict[tuple[int, int], str] = {}
    rows = SaleLine.objects.filter(sale_id__in=counted).order_by("sale_id", "number")
    columns = ("sale_id", "number", "product__kind", "base_amount", "sale__customer__legal_name", "product__name")
    for sale_id, number, kind, amount, customer, product in rows.values_list(*columns):
        lines[sale_id].append(ScoredLine(number, kind, amount))
        labels[sale_id, number] = f"{customer} · {product}"[:LONGEST_LABEL]
    credits = [
        NewCredit(
            partner_id=sale.partner_id or 0,
            metric=score.metric,
            amount=score.amount,
            period=Period(sale.booked_on),
            source=Source(LINE_SOURCE, f"{sale.public_id}/{score.line_number}", labels[pk, score.line_number]),
        )
        for pk, sale in counted.items()
        for score in scores_of(lines[pk])
    ]
    if credits:
        credit_scores(credits, at=at)


def _move_first_sales(pairs: set[Pair], at: datetime) -> None:
    """Let each customer count as new by the earliest sale that counts; a credit moves when that is another day's.

    Sales to customers that were merged count for the one that was kept; a merged one has no first sale.
    """
    partner_ids = {partner_id for partner_id, _ in pairs}
    customer_ids = {customer_id for _, customer_id in pairs}
    rows = _locked_first_sales(pairs)
    earliest = (
        Sale.objects.filter(is_current=True, status=SaleStatus.BOOKED, waits_for_rate=False)
        .filter(Q(customer_id__in=customer_ids) | Q(customer__merged_into_id__in=customer_ids))
        .filter(partner_id__in=partner_ids)
        .annotate(live_customer_id=Sale.LIVE_CUSTOMER)
        .order_by("partner_id", "live_customer_id", "booked_on", "external_id")
        .distinct("partner_id", "live_customer_id")
    )
    firsts = {(sale.partner_id, sale.live_customer_id): sale for sale in earliest}
    reversed_keys: list[str] = []
    credits: list[NewCredit] = []
    moved: list[FirstSale] = []
    for row in rows:
        first = firsts.get((row.partner_id, row.customer_id))
        if (row.sale and row.sale.pk) == (first and first.pk):
            continue
        moved.append(row)
        if row.sale is not None and first is not None and row.sale.booked_on == first.booked_on:
            row.sale = first
            continue
        if row.sale is not None:
            reversed_keys.append(row.credit_key)
        row.sale, row.credit_key = first, ""
        if first is not None:
            row.credit_count += 1
            row.credit_key = f"{first.public_id}/{row.credit_count}"
            credits.append(_credit_for(row, first))
    if reversed_keys:
        reverse_credits(FIRST_SALE_SOURCE, sorted(reversed_keys), at=at)
    if credits:
        credit_scores(credits, at=at)
    if moved:
        overwrite(moved, ["sale", "credit_key", "credit_count"])


def _credit_for(row: FirstSale, first: Sale) -> NewCredit:
    return NewCredit(
        partner_id=row.partner_id,
        metric="new_customers",
        amount=Decimal(1),
        period=Period(first.booked_on),
        source=Source(FIRST_SALE_SOURCE, row.credit_key, row.customer.legal_name[:LONGEST_LABEL]),
    )


def _locked_first_sales(pairs: set[Pair]) -> list[FirstSale]:
    """The rows of these pairs, made where missing, locked in the order of partner and customer."""
    ordered = sorted(pairs)
    FirstSale.objects.bulk_create(
        [FirstSale(partner_id=partner_id, customer_id=customer_id) for partner_id, customer_id in ordered],
        ignore_conflicts=True,
    )
    rows = FirstSale.objects.select_for_update(of=("self",)).select_related("sale", "customer")
    rows = rows.filter(partner_id__in={pair[0] for pair in ordered}, customer_id__in={pair[1] for pair in ordered})
    return [row for row in rows.order_by("partner_id", "customer_id") if (row.partner_id, row.customer_id) in pairs]
