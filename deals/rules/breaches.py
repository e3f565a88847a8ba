"""What counts as a breach of a protection by the vendor's direct sales, and what can be done about one.

A sale through *another partner* is a conflict between partners, not a promise that the vendor's own sales people broke:
the rules of engagement keep it from being protected, and nothing is made good for it here. Published tenders and deals
in which direct sales takes part by agreement bind nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal

from common.money import round_amount
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.cases import BreachEvent, BreachStatus

_S, _E = BreachStatus, BreachEvent
LARGEST_AMOUNT = Decimal(10) ** 13

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    _S.OPEN: {_E.ACKNOWLEDGE: _S.ACKNOWLEDGED, _E.REJECT: _S.REJECTED, _E.WITHDRAW: _S.WITHDRAWN},
    _S.ACKNOWLEDGED: {_E.SETTLE: _S.SETTLED, _E.REJECT: _S.REJECTED},
    _S.WITHDRAWN: {_E.REOPEN: _S.OPEN},
    _S.SETTLED: {},
    _S.REJECTED: {},
}


def may_happen(event: str, status: str) -> Verdict:
    """Whether the event is listed for the status. Refuses with ``breach.status``."""
    return ALLOWED if event in TRANSITIONS[status] else refusal("breach.status", status=_S(status).label)


def status_after(event: str, status: str) -> str:
    """The next status. Refuses what is not listed."""
    may_happen(event, status).or_refuse()
    return TRANSITIONS[status][event]


@dataclass(frozen=True, slots=True)
class Guarded:
    """What one registration keeps for its partner: a company (whichever record of it) and a family, half-open.

    `is_shared`: of a published tender. `with_direct`: direct sales sells along, with the partner's consent.
    """

    registration_id: int
    partner_id: int
    company_id: int
    family_id: int
    family_code: str
    starts_at: datetime
    ends_at: datetime
    is_shared: bool = False
    with_direct: bool = False


def without_breaks(rows: Iterable[Guarded]) -> list[Guarded]:
    """One for each time without a break: what went on at another record of its company was kept all the time."""
    whole: list[Guarded] = []
    for row in sorted(rows, key=lambda each: (*_kept(each), each.starts_at)):
        if whole and _kept(whole[-1]) == _kept(row) and row.starts_at <= whole[-1].ends_at:
            whole[-1] = replace(whole[-1], ends_at=max(whole[-1].ends_at, row.ends_at))
        else:
            whole.append(row)
    return whole


def _kept(guarded: Guarded) -> tuple[int, int, int]:
    return guarded.registration_id, guarded.company_id, guarded.family_id


@dataclass(frozen=True, slots=True)
class DirectOpportunity:
    """What direct sales works on. No family: it concerns all of them. `reported_at`: when the CRM said so."""

    company_id: int
    family_id: int | None
    is_open: bool
    first_seen_at: datetime
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class DirectSale:
    """A sale as it stands. `amounts` in the base currency by family; None while it waits for an exchange rate."""

    company_id: int
    partner_id: int | None
    is_booked: bool
    booked_on: date
    amounts: Mapping[int, Decimal | None]


Activity = DirectOpportunity | DirectSale


def is_breach(guarded: Guarded, activity: Activity, *, zone: tzinfo, was_found: bool = False) -> bool:
    """Whether direct sales was active inside of this protection.

    An opportunity: open, first seen by us at the beginning of the protection or later (one that was there before is
    what the registration was judged by), reported before its end. A sale: without a partner, booked on a day from
    that of the approval to the one before the protection's last, and with more sold than returned of the family. One
    that was found (`was_found`) while it lasted stays one when the protection ends later on the very day of the sale.
    """
    if guarded.company_id != activity.company_id or guarded.is_shared or guarded.with_direct:
        return False
    if isinstance(activity, DirectOpportunity):
        same_family = activity.family_id is None or activity.family_id == guarded.family_id
        seen_inside = guarded.starts_at <= activity.first_seen_at and activity.reported_at < guarded.ends_at
        return activity.is_open and same_family and seen_inside
    if activity.partner_id is not None or not activity.is_booked or guarded.family_id not in activity.amounts:
        return False
    starts_on, ends_on = (instant.astimezone(zone).date() for instant in (guarded.starts_at, guarded.ends_at))
    amount = activity.amounts[guarded.family_id]
    is_before_end = activity.booked_on < ends_on or (was_found and activity.booked_on == ends_on)
    return starts_on <= activity.booked_on and is_before_end and (amount is None or amount > 0)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is about to be paid, beside what was proposed. Amounts in `currency`; `limit` is what one person may."""

    amount: Decimal
    proposed: Decimal
    currency: str
    words: str
    limit: Decimal
    is_same_person: bool


def may_settle(settlement: Settlement) -> Verdict:
    """Above zero and payable; in words if it is not what was proposed; by a second person if it is large."""
    amount, currency = settlement.amount, settlement.currency
    if not amount.is_finite() or amount >= LARGEST_AMOUNT:
        return refusal("breach.amount_too_large", field="amount")
    too_fine = amount != round_amount(amount, currency)
    unexplained = amount != settlement.proposed and not settlement.words.strip()
    alone = amount > settlement.limit and settlement.is_same_person
    fineness = {"amount": f"{amount:f}", "currency": currency}
    return objections(
        [
            None if amount > 0 else Reason("breach.amount_not_positive", field="amount"),
            Reason("breach.amount_too_fine", fineness, "amount") if too_fine else None,
            Reason("breach.words_for_other_amount", field="words") if unexplained else None,
            Reason("breach.second_person", {"limit": f"{settlement.limit:f} {currency}"}) if alone else None,
        ]
    )
