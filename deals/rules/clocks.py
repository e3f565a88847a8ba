"""How long a protection lasts, when a decision is due."""

from datetime import date, datetime, time, timedelta, tzinfo

SATURDAY = 5


def protection_ends(approved_at: datetime, days: int) -> datetime:
    """The instant from which the customer is free again: whole days of 24 hours, counted from approval, half-open."""
    return approved_at + timedelta(days=days)


def review_due_at(received_at: datetime, zone: tzinfo, *, business_days: int = 1) -> datetime:
    """When a person must have decided: the same time of day that many business days (Monday to Friday) later.

    What is received on a weekend counts from the first instant of the next business day, in the vendor's time zone.
    """
    local = received_at.astimezone(zone)
    day, clock = local.date(), local.time()
    if not _is_business_day(day):
        day, clock = _next_business_day(day), time(0)
    for _ in range(business_days):
        day = _next_business_day(day)
    return datetime.combine(day, clock, tzinfo=zone).astimezone(received_at.tzinfo)


def _is_business_day(day: date) -> bool:
    return day.weekday() < SATURDAY


def _next_business_day(day: date) -> date:
    day += timedelta(days=1)
    while not _is_business_day(day):
        day += timedelta(days=1)
    return day
