"""The score book says what the business says, after any sequence of what can happen to it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import transaction
from django.db.models import Sum

from common.actor import SYSTEM
from common.errors import Refused
from crm.actions import scores as crm_scores
from crm.actions.customers import merge_customers
from crm.actions.rates import upsert_rates
from crm.actions.sales import upsert_sales
from crm.models import Customer, Sale, SaleLine
from crm.rules.rows import RateRow, SaleRow
from tests.crm.rows import line, sale_row
from tests.factories.crm import CustomerFactory, ExchangeRateFactory, ProductFactory
from tests.factories.partners import PartnerFactory
from tiers.models import ScoreCredit

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
FIRST_DAY = date(2026, 1, 1)
CUSTOMERS, PARTNERS, SALES, STEPS = 6, 3, 16, 60
CURRENCIES = ("EUR", "PLN", "HUF")  # only some days have a rate
PRODUCTS = ("P1", "P2", "SV", "SU")
OF_SALES = ("channel_revenue", "solution_revenue", "new_customers")

Book = Counter[tuple[int, str, date]]


def credited() -> Book:
    """By partner, metric and first day of validity: what stands in the book."""
    rows = ScoreCredit.objects.filter(metric__code__in=OF_SALES)
    found = rows.values_list("partner_id", "metric__code", "valid_from").annotate(total=Sum("amount"))
    return Counter({(partner, metric, day): total for partner, metric, day, total in found if total})


def booked() -> Book:
    """The same, by what the CRM says now, without asking how it came to that."""
    found: Book = Counter()
    counting = Sale.objects.filter(is_current=True, status="booked", waits_for_rate=False, partner__isnull=False)
    first_days: dict[tuple[int, int], date] = {}
    for sale in counting.select_related("customer"):
        lines = list(SaleLine.objects.filter(sale=sale).select_related("product"))
        kinds = {part.product.kind for part in lines}
        for part in lines:
            assert part.base_amount is not None
            found[sale.partner_id, "channel_revenue", sale.booked_on] += part.base_amount
            if part.product.kind == "service" or ("product" in kinds and len(kinds) > 1):
                found[sale.partner_id, "solution_revenue", sale.booked_on] += part.base_amount
        pair = sale.partner_id, live(sale.customer).pk
        first_days[pair] = min(sale.booked_on, first_days.get(pair, date.max))
    for (partner_id, _customer_id), day in first_days.items():
        found[partner_id, "new_customers", day] += 1
    return Counter({place: amount for place, amount in found.items() if amount})


def live(customer: Customer) -> Customer:
    return live(customer.merged_into) if customer.merged_into else customer


class Business:
    """Partners, customers and products, and what may happen to them by chance."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.partners = [PartnerFactory().public_id for _ in range(PARTNERS)]
        for number in range(CUSTOMERS):
            CustomerFactory(external_id=f"C{number}")
        for name, kind in zip(PRODUCTS, ("product", "product", "service", "subscription"), strict=True):
            ProductFactory(external_id=name, kind=kind)
        ExchangeRateFactory(currency="PLN", on=FIRST_DAY + timedelta(days=40))
        self.happened: Counter[str] = Counter()

    def step(self) -> None:
        happen: Callable[[], None] = self.rng.choices([self.report, self.rate, self.merge], weights=[12, 2, 1])[0]
        self.happened[happen.__name__] += 1
        happen()

    def report(self) -> None:
        """A batch of new sales, corrections of any kind, cancellations, and sales that say what they said before."""
        numbers = self.rng.sample(range(SALES), self.rng.randrange(1, 4))
        rows = [self._again(number) or self._sale(number) for number in numbers]
        result = upsert_sales(rows, by=SYSTEM, at=AT)
        assert not result.failed, result
        self.happened.update(outcome for outcome, count in result.counts.items() if count)
        self.happened.update("cancelled" for row in rows if row.status == "cancelled")

    def _sale(self, number: int) -> SaleRow:
        rng = self.rng
        lines = [line(rng.choice(PRODUCTS), str(rng.randrange(-500, 5000))) for _ in range(rng.randrange(1, 4))]
        return sale_row(
            number,
            *lines,
            partner=rng.choice([*self.partners, ""]),
            customer=f"C{rng.randrange(CUSTOMERS)}",
            currency=rng.choice(CURRENCIES),
            booked_on=FIRST_DAY + timedelta(days=rng.randrange(90)),
            status=rng.choice(["booked", "booked", "booked", "cancelled"]),
        )

    def _again(self, number: int) -> SaleRow | None:
        """The sale as it is, perhaps with only its partner or day corrected; None by chance and if there is none."""
        sale = Sale.objects.filter(external_id=f"S{number}", is_current=True).first()
        if sale is None or self.rng.random() < 0.5:
            return None
        day = sale.booked_on + timedelta(days=self.rng.choice([0, 0, 1]))
        lines = [line(part.product.external_id, str(part.net_amount)) for part in sale.lines.all()]
        partner = self.rng.choice([*self.partners, sale.partner.public_id if sale.partner else ""])
        facts = {"customer": sale.customer.external_id, "currency": sale.currency, "status": sale.status}
        return sale_row(number, *lines, partner=partner, booked_on=day, **facts)

    def rate(self) -> None:
        """A rate that sales may be waiting for."""
        on = FIRST_DAY + timedelta(days=self.rng.randrange(90))
        row = RateRow(currency=self.rng.choice(CURRENCIES[1:]), on=on, rate=Decimal(self.rng.randrange(1, 90)) / 100)
        assert not upsert_rates([row], by=SYSTEM, at=AT).failed

    def merge(self) -> None:
        kept, lost = self.rng.sample(list(Customer.objects.order_by("pk")), 2)
        try:
            merge_customers(kept.pk, lost.pk, by=SYSTEM, at=AT)
        except Refused:  # one of them was merged before
            self.happened["merge refused"] += 1


@pytest.mark.parametrize("seed", range(6))
def test_the_book_says_what_the_sales_say(seed):
    business = Business(seed)
    for number in range(STEPS):
        business.step()
        assert credited() == booked(), (seed, number)
    assert ScoreCredit.objects.filter(reverses__isnull=False).count() > STEPS
    wanted = {"created", "updated", "unchanged", "waiting", "cancelled", "rate", "merge"}
    assert wanted <= business.happened.keys(), business.happened


def drifts() -> bool:
    """Whether book and sales come apart in one of several runs, none of which is kept."""
    return any(_drifts(seed) for seed in range(4))


def _drifts(seed: int) -> bool:
    with transaction.atomic():
        business = Business(seed)
        found = False
        for _ in range(STEPS):
            business.step()
            found = found or credited() != booked()
        transaction.set_rollback(True)
    return found


def test_control_a_book_that_forgets_to_reverse_is_found(monkeypatch):
    monkeypatch.setattr(crm_scores, "reverse_credits", lambda *_sources, at: 0)
    assert drifts()


def test_control_a_merge_that_forgets_the_first_sales_is_found(monkeypatch):
    monkeypatch.setattr("crm.actions.customers.merge_first_sales", lambda *_customers, at: None)
    assert drifts()


def test_control_a_late_rate_that_credits_nothing_is_found(monkeypatch):
    monkeypatch.setattr("crm.actions.rates.announce", lambda *_sales, at: None)
    assert drifts()
