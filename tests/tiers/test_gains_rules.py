"""What a level is worth: each amount rounded once, both directions, and only what is known."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tiers.rules.default import default_programme
from tiers.rules.gains import Business, difference
from tiers.rules.ladder import Terms

TERMS: list[Terms] = [level.terms for level in default_programme().levels if level.terms]
BRONZE, SILVER, GOLD, PLATINUM = TERMS


@pytest.mark.parametrize(
    ("before", "after", "discount", "rebate"),
    [
        (BRONZE, SILVER, "3000.00", "200.00"),
        (SILVER, GOLD, "3000.00", "300.00"),
        (GOLD, PLATINUM, "3000.00", "500.00"),
        (SILVER, BRONZE, "-3000.00", "-200.00"),
        (GOLD, GOLD, "0.00", "0.00"),
    ],
)
def test_a_year_of_100_000_with_2_000_of_rebates(before: Terms, after: Terms, discount: str, rebate: str) -> None:
    found = difference(before, after, Business(Decimal(100_000), "EUR", Decimal(2_000)))
    assert (found.discount_amount, found.rebate_amount) == (Decimal(discount), Decimal(rebate))
    assert found.amount == Decimal(discount) + Decimal(rebate)
    assert found.loss == max(-found.amount, Decimal(0))


def test_shares_and_days() -> None:
    found = difference(SILVER, GOLD, Business(Decimal(0), "EUR"))
    assert (found.protection_days, found.discount, found.multiplier, found.mdf_rate) == (
        *(30, Decimal("0.03"), Decimal("0.15"), Decimal("0.01")),
    )
    assert found.changes_support
    assert not difference(BRONZE, SILVER, Business(Decimal(0), "EUR")).changes_support


def test_unknown_rebates_are_not_zero_rebates() -> None:
    unknown = difference(SILVER, GOLD, Business(Decimal(100_000), "EUR"))
    none = difference(SILVER, GOLD, Business(Decimal(100_000), "EUR", Decimal(0)))
    assert (unknown.rebate_amount, none.rebate_amount) == (None, 0)
    assert unknown.amount == none.amount == 3000


@pytest.mark.parametrize(
    ("revenue", "currency", "amount"),
    [
        ("0.16", "EUR", "0.00"),
        ("0.17", "EUR", "0.01"),
        ("16", "JPY", "0"),
        ("17", "JPY", "1"),
        ("-0.17", "EUR", "-0.01"),
    ],
)
def test_rounded_once_to_the_currency(revenue: str, currency: str, amount: str) -> None:
    found = difference(BRONZE, SILVER, Business(Decimal(revenue), currency))
    assert found.discount_amount == Decimal(amount)


def test_a_worse_level_above_is_a_loss() -> None:
    stingy = replace(GOLD, deal_discount=Decimal("0.01"))
    assert difference(SILVER, stingy, Business(Decimal(1_000), "EUR")).loss == Decimal("50.00")
