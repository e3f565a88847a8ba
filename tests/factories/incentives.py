"""Plans and sales for tests of money: small, in EUR, on days of 2026."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from common.actor import SYSTEM, Actor
from common.period import Period
from incentives.actions.accruals import RecalculationResult, recalculate_partners
from incentives.actions.plans import NewPlanVersion, publish_plan_version
from incentives.models import PlanVersion
from incentives.rules.earnings import BandTerms, PlanTerms
from tests.factories.crm import ProductFactory, ProductFamilyFactory, SaleFactory, SaleLineFactory

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
FINANCE = Actor("person", "user:900", "Fiona Finance", 900, frozenset({"finance"}))
GROWTH = (("0", "0.02"), ("50000", "0.04"), ("200000", "0.06"))
_runs = count(1)


def bands(*pairs: tuple[str, str]) -> tuple[BandTerms, ...]:
    return tuple(BandTerms(Decimal(lower_bound), Decimal(rate)) for lower_bound, rate in pairs)


def terms(*pairs: tuple[str, str], **other: object) -> PlanTerms:
    """Marginal, quarterly, for resellers, without multiplier, from 2026 on, unless said otherwise."""
    given: dict[str, object] = {
        "calculation": "marginal",
        "measurement": "quarter",
        "currency": "EUR",
        "bands": bands(*(pairs or GROWTH)),
        "period": Period(date(2026, 1, 1)),
        "eligible_types": frozenset({"var"}),
        "uses_tier_multiplier": False,
    }
    return PlanTerms(**(given | other))


def published(*pairs: tuple[str, str], code: str = "growth", **other: object) -> PlanVersion:
    """A plan version in force with these bands; the growth rebate's by default."""
    return publish_plan_version(
        NewPlanVersion(code, f"{code.title()} rebate", terms(*pairs, **other)), by=SYSTEM, at=AT
    )


def sold(partner_id: int, amount: str, on: date, *, family: str = "software", kind: str = "product"):
    """A booked sale with one line of this base amount; returns the sale."""
    sale = SaleFactory(partner_id=partner_id, booked_on=on)
    product = ProductFactory(family=ProductFamilyFactory(code=family), kind=kind)
    SaleLineFactory(sale=sale, product=product, net_amount=Decimal(amount))
    return sale


def corrected(sale, amount: str | None):
    """A new revision of the sale: of another amount, or cancelled if None. Returns it."""
    type(sale).objects.filter(pk=sale.pk).update(is_current=False)
    revised = SaleFactory(
        external_id=sale.external_id,
        revision=sale.revision + 1,
        partner_id=sale.partner_id,
        customer=sale.customer,
        booked_on=sale.booked_on,
        status="cancelled" if amount is None else "booked",
    )
    line = sale.lines.get()
    SaleLineFactory(
        sale=revised, product=line.product, net_amount=line.net_amount if amount is None else Decimal(amount)
    )
    return revised


def night(day: date, *partner_ids: int) -> RecalculationResult:
    """Recalculate these partners as the night after the day would."""
    return recalculate_partners(partner_ids, day=day, run_key=f"test:{next(_runs)}", at=AT)
