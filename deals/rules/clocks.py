"""How long a protection lasts, when a decision is due, and what follows if it comes late."""

from datetime import datetime, timedelta

from deals.choices.engagement import RuleVerdict
from deals.rules.calendar import BusinessCalendar
from deals.rules.facts import Facts, Judgement
from deals.rules.terms import Terms

_DAY = timedelta(days=1)
_FOR_IT = frozenset({RuleVerdict.PASS.value, RuleVerdict.APPROVE.value})


def protection_ends(approved_at: datetime, days: int) -> datetime:
    """The instant from which the customer is free again: whole days of 24 hours, counted from approval, half-open."""
    return approved_at + timedelta(days=days)


def review_due_at(received_at: datetime, calendar: BusinessCalendar, *, days: int = 1) -> datetime:
    """Until when a person must have decided: that many business days' worth of business time later."""
    return calendar.add(received_at, days * calendar.day_length)


def auto_approve_at(due_at: datetime, calendar: BusinessCalendar, terms: Terms) -> datetime:
    """When the program approves a low-risk review itself: after `auto_approve_factor` times the time for a review."""
    return calendar.add(due_at, (terms.auto_approve_factor - 1) * terms.review_days * calendar.day_length)


def is_low_risk(judgement: Judgement, facts: Facts, terms: Terms) -> bool:
    """Whether the program may approve it if nobody answers in time.

    The value is at most `low_risk_amount`, and all that speaks against it are `low_risk_rules` asking for a review.
    """
    against = [outcome for outcome in judgement.outcomes if outcome.verdict not in _FOR_IT]
    is_minor = all(
        outcome.verdict == RuleVerdict.REVIEW and outcome.rule in terms.low_risk_rules for outcome in against
    )
    return is_minor and facts.amount <= terms.low_risk_amount


def late_days(due_at: datetime | None, decided_at: datetime) -> int:
    """Started days of 24 hours after the due instant; a decision at that very instant is in time, like one without."""
    if due_at is None or decided_at <= due_at:
        return 0
    return -((due_at - decided_at) // _DAY)


def moved_by_pause(
    instant: datetime, *, paused_at: datetime, resumed_at: datetime, calendar: BusinessCalendar
) -> datetime:
    """An instant of a clock that stood still meanwhile: as much business time is left of it as there was.

    What was late when the pause began stays as late as it was.
    """
    if instant <= paused_at:
        return instant + (resumed_at - paused_at)
    return calendar.add(resumed_at, calendar.between(paused_at, instant))
