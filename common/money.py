"""Exact amounts of one currency, and the only rounding of the program."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from babel.numbers import get_currency_precision


def minor_units(currency: str) -> int:
    """Decimals of the currency by ISO 4217: EUR 2, HUF 2, JPY 0, TND 3."""
    return get_currency_precision(currency)


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round to the currency's minor unit, halves away from zero: the same as SQL's ``round(numeric, n)``.

    This is the one rounding function. It is called once per computed amount, at the step that produces it.
    """
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


def split_amount(amount: Decimal, weights: Sequence[int], currency: str) -> list[Decimal]:
    """Share a rounded amount by weights so that the parts add up exactly to it.

    Each part is rounded towards zero; the minor units left over go one each to the largest fractions, first come first
    on ties. Refuses (ValueError) negative or all-zero weights and an amount finer than the minor unit.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and must not all be zero")
    unit = Decimal(1).scaleb(-minor_units(currency))
    units = abs(amount) / unit
    if units != int(units):
        raise ValueError(f"{amount} is finer than the minor unit of {currency}")
    whole = int(units)
    shares = [whole * weight // total for weight in weights]
    remainders = [whole * weight % total for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_fraction[: whole - sum(shares)]:
        shares[place] += 1
    sign = -1 if amount < 0 else 1
    return [sign * share * unit for share in shares]


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount of one currency. Arithmetic never mixes currencies and never rounds by itself."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"not an exact amount: {self.amount!r}")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"not an ISO 4217 code: {self.currency!r}")

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(Decimal(0), currency)

    def rounded(self) -> "Money":
        return Money(round_amount(self.amount, self.currency), self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts by weight that add up exactly; see `split_amount`."""
        return [Money(part, self.currency) for part in split_amount(self.amount, weights, self.currency)]

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be combined without a dated rate")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
