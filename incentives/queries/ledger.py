"""Balances. All of them derive from the ledger's entries; nothing is kept beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from common.money import Money
from common.period import Period, add_months
from incentives.choices import AccountCode, JournalKind, StatementStatus
from incentives.models import ClosedMonth, Entry, Statement
from incentives.rules.earnings import ZERO


@dataclass(frozen=True, slots=True)
class AccruedAndPaid:
    """Of a period, in the base currency: what partners earned, what was paid to them; and what was owed at its end."""

    accrued: Decimal
    paid: Decimal
    owed: Decimal


def _payable_entries() -> QuerySet[Entry]:
    return Entry.objects.filter(account__code=AccountCode.PARTNER_PAYABLE)


def balance_of(partner_id: int, *, currency: str = "") -> Money:
    """What we owe the partner now (negative: the partner owes us), in the base currency unless another is named."""
    currency = currency or settings.BASE_CURRENCY
    owed = _payable_entries().filter(account__partner_id=partner_id, account__currency=currency)
    return Money(-(owed.aggregate(sum=Sum("amount"))["sum"] or ZERO), currency)


def balances_of(partner_ids: Iterable[int]) -> dict[int, Decimal]:
    """What we owe each of these partners, in the base currency; partners without entries are absent."""
    owed = _payable_entries().filter(account__partner_id__in=set(partner_ids), account__currency=settings.BASE_CURRENCY)
    sums = owed.order_by().values_list("account__partner_id").annotate(Sum("amount"))
    return {partner_id: -amount for partner_id, amount in sums}


def accrued_and_paid(since: date, until: date) -> AccruedAndPaid:
    """Over all partners, postings of the half-open time from `since` to `until`; one statement."""
    period = Q(journal__posted_on__gte=since, journal__posted_on__lt=until)
    paid = Q(journal__kind=JournalKind.PAYOUT)
    sums = (
        _payable_entries()
        .filter(account__currency=settings.BASE_CURRENCY, journal__posted_on__lt=until)
        .aggregate(
            accrued=Sum("amount", filter=period & ~paid),
            paid=Sum("amount", filter=period & paid),
            owed=Sum("amount"),
        )
    )
    return AccruedAndPaid(-(sums["accrued"] or ZERO), sums["paid"] or ZERO, -(sums["owed"] or ZERO))


@dataclass(frozen=True, slots=True)
class MonthAccruedAndPaid:
    """What was posted in a calendar month, in the base currency."""

    month_starts_on: date
    accrued: Decimal
    paid: Decimal


def accrued_and_paid_by_month(since: date, until: date) -> list[MonthAccruedAndPaid]:
    """Over all partners, by month of posting; months without postings are absent; one statement."""
    paid = Q(journal__kind=JournalKind.PAYOUT)
    posted = _payable_entries().filter(
        account__currency=settings.BASE_CURRENCY, journal__posted_on__gte=since, journal__posted_on__lt=until
    )
    months = posted.annotate(month=TruncMonth("journal__posted_on")).order_by().values_list("month")
    sums = months.annotate(accrued=Sum("amount", filter=~paid), paid=Sum("amount", filter=paid)).order_by("month")
    return [MonthAccruedAndPaid(month, -(accrued or ZERO), out or ZERO) for month, accrued, out in sums]


def first_open_day() -> date | None:
    """The day after the last closed month; None if no month was closed yet."""
    last = ClosedMonth.objects.order_by("-month_starts_on").values_list("month_starts_on", flat=True).first()
    return add_months(last, 1) if last else None


def earliest_open_month() -> date | None:
    """The oldest month that has an open statement."""
    open_statements = Statement.objects.filter(status=StatementStatus.OPEN).order_by("month_starts_on")
    return open_statements.values_list("month_starts_on", flat=True).first()


def months_to_close(*, before: date) -> list[Period]:
    """The months that ended by this day and are not closed, oldest first, from the first that has a statement."""
    opened = earliest_open_month()
    closed_until = first_open_day()
    starts = [day for day in (opened, closed_until) if day is not None]
    this_month = before.replace(day=1)
    if not starts or min(starts) >= this_month:
        return []
    return list(Period(min(starts), this_month).months())
