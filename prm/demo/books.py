"""What the demo's CRM reports: rates, direct opportunities, sales; and what follows a month: nights, payouts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from django.conf import settings
from msgspec.structs import replace

from common.actor import SYSTEM, Actor
from common.choices import RunStatus
from common.money import Money
from common.period import add_months
from crm.actions import opportunities, rates, sales
from crm.rules.rows import OpportunityRow, RateRow, SaleLineRow, SaleRow
from incentives.actions import payouts
from incentives.queries import ledger as ledger_queries
from partners import queries as partner_queries
from prm import nightly
from prm.demo import cast, market
from prm.demo.people import DemoPartner
from prm.demo.story import Story

DIRECT_SHARE = 0.27
MINIMUM_PAYOUT = Decimal(100)


@dataclass
class Books:
    """Collects sales and reports them once a day, as a CRM's nightly job would; plans everything money-related."""

    story: Story
    finance: Actor
    _unreported: list[SaleRow] = field(default_factory=list)
    _reported: list[SaleRow] = field(default_factory=list)
    lines: int = 0

    # CRM

    def plan_rates(self) -> None:
        """New rates on the first of every month, wandering by at most 2 %."""
        day = self.story.starts_on
        while day < self.story.ends_on:
            self._import_rates(day)
            day = add_months(day, 1)

    def _import_rates(self, day: date) -> None:
        known = {country.currency: country.rate for country in cast.COUNTRIES.values() if country.rate != 1}
        drift = {code: 1 + Decimal(self.story.rng.randrange(-20, 21)) / 1000 for code in known}
        rows = [RateRow(currency=code, on=day, rate=round(rate * drift[code], 6)) for code, rate in known.items()]
        self.story.at(datetime.combine(day, time(3), UTC), lambda at: done(rates.upsert_rates(rows, by=SYSTEM, at=at)))

    def plan_opportunities(self, customers: list[market.CastCustomer], count: int) -> None:
        rng = self.story.rng
        for number in range(count):
            customer, day = rng.choice(customers), self.story.some_day()
            country = cast.COUNTRIES[customer.country]
            moment = self.story.moment_on(day)
            row = OpportunityRow(
                external_id=f"O-{number + 1:05}",
                customer=customer.external_id,
                family=rng.choice(["", "platform", "security", "analytics"]),
                owner_name=rng.choice(cast.LAST_NAMES),
                stage=rng.choice(["discovery", "proposal", "negotiation"]),
                amount=round(Decimal(rng.randrange(5, 160) * 1000) / country.rate, 0),
                currency=country.currency,
                close_on=day + timedelta(days=rng.randrange(15, 150)),
                created_at=moment - timedelta(days=rng.randrange(0, 20)),
                updated_at=moment,
                stage_moved_at=moment,
            )
            self.story.at(moment, self._reporting(row))
            closed = replace(row, is_open=False, stage="closed", updated_at=moment + timedelta(days=60))
            self.story.at(moment + timedelta(days=60), self._reporting(closed))

    @staticmethod
    def _reporting(row: OpportunityRow) -> Callable[[datetime], None]:
        return lambda at: done(opportunities.upsert_opportunities([row], by=SYSTEM, at=at))

    def plan_sales(self, partners: list[DemoPartner], customers: list[market.CastCustomer], lines: int) -> None:
        """Sales that no registration announced, direct and through partners, and a report every evening."""
        rng = self.story.rng
        weights = [partner.cast.weight for partner in partners]
        for _ in range(lines // 2):
            partner = None if rng.random() < DIRECT_SHARE else rng.choices(partners, weights)[0]
            customer = rng.choice(customers)
            deed = partial(self.sell, partner, customer, "")
            self.story.at(self.story.moment_on(self.story.some_day()), deed)
        day = self.story.starts_on
        while day < self.story.ends_on:
            self.story.at(datetime.combine(day, time(20), UTC), self._report)
            day += timedelta(days=1)

    def sell(self, partner: DemoPartner | None, customer: market.CastCustomer, registration: str, at: datetime) -> None:
        """Book a sale of a few lines; it is reported in the evening."""
        rng = self.story.rng
        country = cast.COUNTRIES[customer.country]
        count = rng.choice([1, 2, 2, 3])
        self.lines += count
        self._unreported.append(
            SaleRow(
                external_id=f"S-{len(self._unreported) + len(self._reported) + 1:06}",
                customer=customer.external_id,
                partner=partner.public_id if partner else "",
                registration=registration,
                booked_on=at.date(),
                currency=country.currency,
                lines=[self._line(product, country) for product in rng.sample(cast.PRODUCTS, count)],
            )
        )

    def _line(self, product: cast.CastProduct, country: cast.Country) -> SaleLineRow:
        rng = self.story.rng
        quantity = rng.choice([1, 1, 1, 2, 2, 4, 6])
        discount = Decimal(rng.randrange(80, 101)) / 100
        return SaleLineRow(
            product=product.sku,
            quantity=Decimal(quantity),
            net_amount=round(product.price * quantity * discount / country.rate, 2),
            recurring_months=12 if product.kind == "subscription" else 0,
        )

    def _report(self, at: datetime) -> None:
        """The evening's batch: new sales, and now and then a correction or a cancellation of an earlier one."""
        rng, batch = self.story.rng, self._unreported
        if self._reported and rng.random() < 0.25:
            place = rng.randrange(max(0, len(self._reported) - 600), len(self._reported))
            self._reported[place] = _corrected(self._reported[place], cancel=rng.random() < 0.4)
            batch = [*batch, self._reported[place]]
        if batch:
            done(sales.upsert_sales(batch, by=SYSTEM, at=at))
        self._reported += self._unreported
        self._unreported = []

    # Nights and months

    def plan_nights(self) -> None:
        """The night after each month's last day and the last night of all; payouts on the tenth."""
        month = add_months(self.story.starts_on, 1)
        while month < self.story.ends_on:
            self.story.at(datetime.combine(month, time(1), UTC), self._night)
            self.story.at(datetime.combine(month + timedelta(days=9), time(9), UTC), self._pay)
            month = add_months(month, 1)
        self.story.at(datetime.combine(self.story.ends_on, time(), UTC) - timedelta(seconds=1), self._last_night)

    @staticmethod
    def _night(at: datetime) -> None:
        run_night(at.date() - timedelta(days=1), at)

    @staticmethod
    def _last_night(at: datetime) -> None:
        run_night(at.date(), at)

    def _pay(self, at: datetime) -> None:
        """Finance transfers what is owed, from a minimum on."""
        owed = ledger_queries.balances_of(partner_queries.active_partner_ids())
        for partner_id, amount in sorted(owed.items()):
            if amount >= MINIMUM_PAYOUT:
                transfer = Money(amount, settings.BASE_CURRENCY)
                reference = f"SEPA {at:%Y-%m}-{partner_id:04}"
                payouts.record_payout(partner_id, transfer, reference=reference, by=self.finance, at=at)


def run_night(day: date, at: datetime) -> None:
    """The whole night at once; a slice that fails is a fault that must be seen, not skipped."""
    run, _ = nightly.open_night(day, at=at)
    nightly.work()
    run.refresh_from_db()
    if run.status != RunStatus.DONE:
        raise RuntimeError(f"the night of {day} is {run.status}")


def _corrected(row: SaleRow, *, cancel: bool) -> SaleRow:
    if cancel:
        return replace(row, status="cancelled")
    first, *others = row.lines
    return row.with_lines([replace(first, net_amount=round(first.net_amount * Decimal("0.9"), 2)), *others])


def done(result: object) -> None:
    """The demo's own rows must be good: a failed one is a fault of the demo."""
    failed = [row for row in result.results if row.errors]  # type: ignore[attr-defined]
    if failed:
        raise ValueError(f"the demo's data was refused: {failed[:3]}")
