"""What a volume earns: the amount and the steps that add up to it. Decimal only; docs/algorithms.md has the examples.

Rounding: each step is rounded once, to the currency's minor unit, halves away from zero. The amount is the sum of the
rounded steps, so nothing is left over to explain.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from common.money import Money, round_amount
from common.period import Measurement, Period

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BandTerms:
    """From `lower_bound` (in the plan's currency) on, `rate` as a fraction: 0.04 is 4 %. The next band ends it."""

    lower_bound: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """Everything a plan version promises. Bands rise from 0; empty levels, families or kinds mean all of them."""

    calculation: str
    measurement: Measurement
    currency: str
    bands: tuple[BandTerms, ...]
    period: Period  # in which the version is in force
    eligible_types: frozenset[str]
    eligible_levels: frozenset[str] = frozenset()
    family_codes: frozenset[str] = frozenset()
    product_kinds: frozenset[str] = frozenset()
    uses_tier_multiplier: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation. The sentence is `choices.STEPS[code]`; params are exact numbers and codes as text."""

    code: str
    amount: Decimal
    params: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {"code": self.code, "amount": str(self.amount), "params": dict(self.params)}


@dataclass(frozen=True, slots=True)
class Earning:
    """An amount and its steps; the steps add up exactly to the amount."""

    amount: Money
    steps: tuple[Step, ...] = ()

    @classmethod
    def of_steps(cls, steps: Iterable[Step], currency: str) -> "Earning":
        kept = tuple(steps)
        return cls(Money(sum((step.amount for step in kept), _zero(currency)), currency), kept)


def compute_earning(terms: PlanTerms, *, volume: Decimal, multiplier: Decimal, level_name: str = "") -> Earning:
    """What the volume (in the plan's currency, at most 4 decimals) earns under the terms.

    More returns than sales earn nothing, with a step that says so. `multiplier` is that of the tier held; it
    counts only if the plan uses it, and the step names the level.
    """
    if volume < 0:
        return nothing("step.negative_volume", terms.currency, volume=volume)
    steps = _whole_volume(terms, volume) if terms.calculation == "whole_volume" else _slices(terms, volume)
    if terms.uses_tier_multiplier:
        base = sum((step.amount for step in steps), _zero(terms.currency))
        multiplied = round_amount(base * multiplier, terms.currency)
        params: dict[str, Decimal | str] = {"level": level_name, "multiplier": multiplier, "base": base}
        steps.append(_step("step.tier_multiplier", multiplied - base, **params))
    return Earning.of_steps(steps, terms.currency)


def nothing(code: str, currency: str, **params: Decimal | date | str) -> Earning:
    """An earning of zero with the one step that says why."""
    return Earning.of_steps([_step(code, _zero(currency), **params)], currency)


def _whole_volume(terms: PlanTerms, volume: Decimal) -> list[Step]:
    """The rate of the highest band that the volume reaches (a bound counts as reached), on everything."""
    reached = max((band for band in terms.bands if band.lower_bound <= volume), key=lambda band: band.lower_bound)
    amount = round_amount(volume * reached.rate, terms.currency)
    params = {"rate": reached.rate, "from": reached.lower_bound, "volume": volume}
    return [_step("step.whole_volume", amount, **params)]


def _slices(terms: PlanTerms, volume: Decimal) -> list[Step]:
    """Each band's rate on its own slice of the volume; bands that the volume does not enter have no step."""
    steps = []
    for band, upper in _with_upper_bounds(terms.bands):
        part = (volume if upper is None else min(volume, upper)) - band.lower_bound
        if part <= 0:
            break
        amount = round_amount(part * band.rate, terms.currency)
        params = {"rate": band.rate, "from": band.lower_bound, "slice": part}
        if upper is None:
            steps.append(_step("step.top_slice", amount, **params))
        else:
            steps.append(_step("step.slice", amount, **params, to=upper))
    return steps


def _with_upper_bounds(bands: Sequence[BandTerms]) -> list[tuple[BandTerms, Decimal | None]]:
    bounded: list[tuple[BandTerms, Decimal | None]] = [(low, high.lower_bound) for low, high in pairwise(bands)]
    return [*bounded, (bands[-1], None)]


def _step(code: str, amount: Decimal, **params: Decimal | date | str) -> Step:
    return Step(code, amount, {name: _text(value) for name, value in params.items()})


def _text(value: Decimal | date | str) -> str:
    """Numbers in one spelling whatever their exponent, so that equal explanations are equal text."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _zero(currency: str) -> Decimal:
    return round_amount(ZERO, currency)
