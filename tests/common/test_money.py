from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from common.money import Money, round_amount, split_amount

EXAMPLES = [
    ("2.345", "EUR", "2.35"),
    ("2.344999", "EUR", "2.34"),
    ("-2.345", "EUR", "-2.35"),
    ("0.5", "JPY", "1"),
    ("1.5", "JPY", "2"),
    ("2.5", "JPY", "3"),
    ("1.0005", "TND", "1.001"),
]


@pytest.mark.parametrize(("exact", "currency", "rounded"), EXAMPLES)
def test_halves_are_rounded_away_from_zero(exact, currency, rounded):
    assert round_amount(Decimal(exact), currency) == Decimal(rounded)


@pytest.mark.django_db
@given(exact=st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_python_rounds_as_the_database_does(exact):
    with connection.cursor() as cursor:
        cursor.execute("SELECT round(%s::numeric, 2), round(%s::numeric, 0), round(%s::numeric, 3)", [exact] * 3)
        assert cursor.fetchone() == tuple(round_amount(exact, code) for code in ("EUR", "JPY", "TND"))


@given(
    units=st.integers(-(10**12), 10**12),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any),
    currency=st.sampled_from(["JPY", "EUR", "TND"]),
)
def test_the_parts_of_a_split_add_up(units, weights, currency):
    amount = round_amount(Decimal(units) / 1000, currency)
    parts = split_amount(amount, weights, currency)
    assert sum(parts) == amount
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)
    assert all(part == round_amount(part, currency) for part in parts)


def test_left_over_units_go_to_the_largest_fractions():
    assert split_amount(Decimal("100.00"), [1, 1, 1], "EUR") == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert split_amount(Decimal("-0.05"), [1, 2], "EUR") == [Decimal("-0.02"), Decimal("-0.03")]
    assert split_amount(Decimal(10), [6000, 4000], "JPY") == [Decimal(6), Decimal(4)]


@pytest.mark.parametrize(
    ("amount", "weights"), [("1.00", [0, 0]), ("1.00", [2, -1]), ("1.001", [1]), ("1.00", [])], ids=str
)
def test_a_split_that_cannot_add_up_is_refused(amount, weights):
    with pytest.raises(ValueError, match=r"."):
        split_amount(Decimal(amount), weights, "EUR")


def test_currencies_do_not_mix():
    euro, zloty = Money(Decimal(1), "EUR"), Money(Decimal(1), "PLN")
    for operation in (lambda: euro + zloty, lambda: euro - zloty, lambda: euro < zloty):
        with pytest.raises(ValueError, match="EUR and PLN"):
            operation()


@pytest.mark.parametrize("amount", [1.5, Decimal("NaN"), Decimal("Infinity"), 1])
def test_only_exact_amounts_are_money(amount):
    with pytest.raises(ValueError, match="not an exact amount"):
        Money(amount, "EUR")


def test_arithmetic_is_exact_until_it_is_rounded():
    third = Money(Decimal("10.00"), "EUR") * Decimal("0.333333")
    assert third.amount == Decimal("3.33333000")
    assert third.rounded() == Money(Decimal("3.33"), "EUR")
