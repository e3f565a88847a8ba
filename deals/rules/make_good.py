"""What a partner would have earned if the vendor had kept its promise: the amount, and the steps that add up to it.

Each step is rounded once, to the currency's minor unit; docs/algorithms.md has the examples.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from common.money import round_amount, split_amount

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LostLine:
    """Business of one family and kind that went to direct sales; net, in the base currency."""

    family_code: str
    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LostMargin:
    """The deal discount (a share: 0.12 is 12 %) of the level that the partner held. `is_sold`: not merely offered."""

    level: str
    discount: Decimal
    is_sold: bool


@dataclass(frozen=True, slots=True)
class LostRebate:
    """What a plan paid in its period without this business, and what it would have paid with it."""

    plan: str
    without: Decimal
    with_it: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation. The sentence is `choices.cases.MAKE_GOOD_STEPS[code]`; numbers exact, as text."""

    code: str
    amount: Decimal
    params: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {"code": self.code, "amount": str(self.amount), "params": dict(self.params)}


@dataclass(frozen=True, slots=True)
class MakeGood:
    """The steps add up exactly to the amount."""

    amount: Decimal
    currency: str
    steps: tuple[Step, ...]


def make_good(
    lines: Iterable[LostLine], margin: LostMargin, rebates: Sequence[LostRebate], *, before: Decimal, currency: str
) -> MakeGood:
    """Margin on the lines and the rebates they would have added, less what was made `before` good for the same deal.

    A plan under which this business would have earned less (a band with a lower rate) takes nothing away.
    """
    volume = sum((line.amount for line in lines), ZERO)
    if volume <= 0:
        return MakeGood(
            round_amount(ZERO, currency), currency, (Step("step.nothing_known", round_amount(ZERO, currency)),)
        )
    steps = [
        Step(
            "step.margin" if margin.is_sold else "step.expected_margin",
            round_amount(volume * margin.discount, currency),
            {"rate": _text(margin.discount), "level": margin.level, "volume": _text(volume)},
        )
    ]
    for rebate in rebates:
        added = round_amount(rebate.with_it - rebate.without, currency)
        if added > 0:
            params = {"plan": rebate.plan, "from": _text(rebate.without), "to": _text(rebate.with_it)}
            steps.append(Step("step.lost_rebate", added, params))
    gross = sum((step.amount for step in steps), ZERO)
    deducted = min(gross, round_amount(before, currency))
    if deducted > 0:
        steps.append(Step("step.made_good_before", -deducted))
    return MakeGood(sum((step.amount for step in steps), ZERO), currency, tuple(steps))


def shared_out(amount: Decimal, like: Sequence[LostLine], currency: str) -> list[LostLine]:
    """An amount of which no lines are known, made up as these lines are (a registered deal's); to the minor unit."""
    weights = [int(line.amount * 10_000) for line in like]
    parts = split_amount(round_amount(amount, currency), weights, currency)
    return [LostLine(line.family_code, line.kind, part) for line, part in zip(like, parts, strict=True)]


def _text(value: Decimal) -> str:
    """One spelling whatever the exponent, so that equal explanations are equal text."""
    return f"{value.normalize():f}"
