"""The terms around the rules of engagement: clocks, how long protections live, what may be asked how often.

They are published with the rulebook and frozen with it, so that a promise made to a partner can be looked up.
"""

from datetime import time
from decimal import Decimal
from typing import Any

import msgspec

from common.verdict import Reason, Verdict, objections


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Amounts are in the base currency, hours of the day in the vendor's time zone, `business_days` Monday = 0.

    A review takes `review_days` of business time; what is low-risk (waits only for `low_risk_rules`, up to
    `low_risk_amount`) is approved automatically after `auto_approve_factor` times that. `material_value_percent`: a
    change of the value by more than that is judged again.
    """

    opens_at: time = time(9)
    closes_at: time = time(17)
    business_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    review_days: int = 1
    auto_approve_factor: int = 2
    low_risk_rules: tuple[str, ...] = ("size", "territory")
    low_risk_amount: Decimal = Decimal(100_000)
    appeal_days: int = 30  # calendar days after the decision within which it may be appealed against
    appeal_review_days: int = 5
    acknowledge_days: int = 2  # business days within which the vendor acknowledges a breach
    settle_alone_amount: Decimal = Decimal(10_000)  # make-good up to which who acknowledged a breach may also settle it
    warn_days: tuple[int, ...] = (30, 14, 3)
    extension_days: int = 60
    extension_count: int = 2
    evidence_days: int = 30
    nudge_days: int = 45
    at_risk_days: int = 60
    release_days: int = 75
    material_value_percent: int = 25
    pencil_hours: int = 72
    pencil_count: int = 5  # live at once, of one partner
    checks_per_hour: int = 60  # different customers that one partner may ask for
    watched_refusal_percent: int = 50  # of at least `watched_check_count` checks in a day: the channel manager is told
    watched_check_count: int = 20
    lead_offer_days: int = 2  # business days within which a lead that is offered may be accepted
    lead_capacity: int = 10  # leads that a partner holds, offered or accepted, to get no further one


DEFAULT_TERMS = Terms()


def terms_from(stored: Any) -> Terms:
    """Refuses (ValidationError) what is not well-formed; what is not stored is as by default."""
    return msgspec.convert(stored, Terms)


def terms_to_json(terms: Terms) -> Any:
    return msgspec.to_builtins(terms)


def terms_are_sound(terms: Terms) -> Verdict:
    """Whether the terms can be kept: a business day has hours, warnings come before the end, a ladder climbs."""
    ladder = terms.nudge_days < terms.at_risk_days < terms.release_days
    whole = [name for name in terms.__struct_fields__ if isinstance(getattr(terms, name), int)]
    negative = [Reason("terms.not_positive", field=name) for name in whole if getattr(terms, name) < 1]
    return objections(
        [
            *negative,
            None if terms.opens_at < terms.closes_at else Reason("terms.no_hours", field="closes_at"),
            None if set(terms.business_days) <= set(range(7)) and terms.business_days else _no_days(),
            None if ladder else Reason("terms.ladder", field="release_days"),
            None if all(days > 0 for days in terms.warn_days) else Reason("terms.not_positive", field="warn_days"),
            None if terms.low_risk_amount >= 0 else Reason("terms.not_positive", field="low_risk_amount"),
            None if terms.settle_alone_amount >= 0 else Reason("terms.not_positive", field="settle_alone_amount"),
        ]
    )


def _no_days() -> Reason:
    return Reason("terms.no_days", field="business_days")
