"""What one level gives more than another, in days, shares and the money of a year's business."""

from dataclasses import dataclass
from decimal import Decimal

from common.money import round_amount
from tiers.rules.ladder import Terms


@dataclass(frozen=True, slots=True)
class Business:
    """A year's business in the programme's currency: the revenue, and what its rebates were before any multiplier.

    `rebate_base` None: not known, or not for this reader.
    """

    revenue: Decimal
    currency: str
    rebate_base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """From the terms of one level to those of another: what is gained or, negative, lost in a year like that.

    The revenue is taken to get the deal discount of either level in full, the rebates to be multiplied by either.
    """

    before: Terms
    after: Terms
    business: Business
    discount_amount: Decimal
    rebate_amount: Decimal | None

    @property
    def protection_days(self) -> int:
        return self.after.protection_days - self.before.protection_days

    @property
    def discount(self) -> Decimal:
        return self.after.deal_discount - self.before.deal_discount

    @property
    def multiplier(self) -> Decimal:
        return self.after.rebate_multiplier - self.before.rebate_multiplier

    @property
    def mdf_rate(self) -> Decimal:
        return self.after.mdf_rate - self.before.mdf_rate

    @property
    def changes_support(self) -> bool:
        return self.after.support_level != self.before.support_level

    @property
    def amount(self) -> Decimal:
        """All of it; what is not known adds nothing."""
        return self.discount_amount + (self.rebate_amount or Decimal(0))

    @property
    def loss(self) -> Decimal:
        """What is lost, as a positive amount; zero where it is a gain."""
        return max(-self.amount, Decimal(0))


def difference(before: Terms, after: Terms, business: Business) -> Difference:
    """Each amount is rounded once; they add up to the total."""
    base, currency = business.rebate_base, business.currency
    multiplied = None if base is None else base * (after.rebate_multiplier - before.rebate_multiplier)
    return Difference(
        before,
        after,
        business,
        discount_amount=round_amount(business.revenue * (after.deal_discount - before.deal_discount), currency),
        rebate_amount=None if multiplied is None else round_amount(multiplied, currency),
    )
