"""From targets to postings: what must be journalled, as what, and on which day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from common.money import Money
from common.period import Period
from common.verdict import Reason, Verdict, objections
from incentives.rules.earnings import ZERO, Step


@dataclass(frozen=True, slots=True)
class AccrualKey:
    """Which accrual: one plan version, one partner, one measurement period."""

    partner_id: int
    version_id: int
    starts_on: date


@dataclass(frozen=True, slots=True)
class VolumePart:
    """Sale lines of one partner, month, family and kind taken together; `digest` is over their ids and amounts."""

    month_starts_on: date
    family_code: str
    kind: str
    amount: Decimal
    line_count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Volume:
    """What was sold in a period, in the base currency, with a fingerprint of the lines it consists of."""

    amount: Decimal
    line_count: int
    inputs_hash: str


def volume_of(parts: Iterable[VolumePart]) -> Volume:
    """Add parts up. The fingerprint does not depend on their order."""
    ordered = sorted(parts, key=lambda part: (part.month_starts_on, part.family_code, part.kind))
    text = "\n".join(f"{part.month_starts_on}|{part.family_code}|{part.kind}|{part.digest}" for part in ordered)
    amount = sum((part.amount for part in ordered), ZERO)
    return Volume(amount, sum(part.line_count for part in ordered), sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Target:
    """What an accrual ought to be as of the business date `computed_on`."""

    key: AccrualKey
    period: Period
    computed_on: date
    volume: Decimal
    amount: Decimal
    currency: str
    steps: tuple[Step, ...]
    inputs_hash: str

    @property
    def ends_on(self) -> date:
        """The first day after the period; measured periods are never open."""
        assert self.period.ends_on is not None
        return self.period.ends_on


@dataclass(frozen=True, slots=True)
class Held:
    """What an accrual is and has posted so far."""

    period: Period
    computed_on: date
    volume: Decimal
    amount: Decimal
    posting_count: int
    inputs_hash: str
    steps: Sequence[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Change:
    """An accrual to write and, if `difference` is not zero, a journal of `kind` to post."""

    target: Target
    held: Held | None
    difference: Decimal
    kind: str


def changes(targets: Iterable[Target], held: Mapping[AccrualKey, Held]) -> list[Change]:
    """What differs from what is held, in key order. An older business date never overrides a newer one."""
    found = []
    for target in targets:
        before = held.get(target.key)
        if before is not None and (before.computed_on > target.computed_on or _is_same(target, before)):
            continue
        difference = target.amount - (before.amount if before else ZERO)
        found.append(Change(target, before, difference, posting_kind(target, before)))
    return sorted(found, key=lambda change: _order(change.target.key))


def _order(key: AccrualKey) -> tuple[int, int, date]:
    return key.partner_id, key.version_id, key.starts_on


def _is_same(target: Target, before: Held) -> bool:
    return (
        target.amount == before.amount
        and target.inputs_hash == before.inputs_hash
        and [step.as_json() for step in target.steps] == list(before.steps)
    )


def posting_kind(target: Target, before: Held | None) -> str:
    """Accrual while the period runs or if nothing was posted yet; afterwards a clawback if the amount falls with its
    sales, else an adjustment."""
    if target.computed_on in target.period or before is None or before.posting_count == 0:
        return "accrual"
    fell = target.amount < before.amount and target.volume < before.volume
    return "clawback" if fell else "adjustment"


def line_steps(target_steps: Sequence[Step], *, target_amount: Decimal, line_amount: Decimal) -> tuple[Step, ...]:
    """The steps of a statement line: the whole accrual's, less what other lines carry. They add up to the line."""
    elsewhere = (line_amount - target_amount).quantize(target_amount)  # both are in whole minor units
    return (*target_steps, Step("step.posted_before", elsewhere)) if elsewhere else tuple(target_steps)


def posting_day(day: date, *, first_open_day: date | None) -> date:
    """The business date, or the first day of the oldest open month if its own month is closed already."""
    return day if first_open_day is None else max(day, first_open_day)


def may_pay(amount: Money, *, balance: Decimal, reference: str) -> Verdict:
    """A payout must be positive, payable in the currency, covered by what is owed, and traceable at the bank."""
    facts = {"amount": str(amount.amount), "balance": str(balance), "currency": amount.currency}
    return objections(
        [
            None if amount.amount > 0 else Reason("payout.amount_not_positive", field="amount"),
            None if amount == amount.rounded() else Reason("payout.amount_too_fine", facts, "amount"),
            None if amount.amount <= balance else Reason("payout.exceeds_balance", facts, "amount"),
            None if reference.strip() else Reason("payout.reference_missing", field="reference"),
        ]
    )
