"""The vendor's calendar that review clocks run on."""

from datetime import date, datetime

from django.utils import timezone

from deals.models import Holiday, Registration
from deals.rules.calendar import BusinessCalendar
from deals.rules.terms import Terms, terms_from


def day_of(at: datetime) -> date:
    """The date in the vendor's time zone."""
    return at.astimezone(timezone.get_default_timezone()).date()


def calendar_for(terms: Terms, *, since: datetime) -> BusinessCalendar:
    """Business hours of these terms and the holidays from that instant on, in the vendor's time zone. One statement."""
    zone = timezone.get_default_timezone()
    holidays = Holiday.objects.filter(on__gte=since.astimezone(zone).date())
    return BusinessCalendar(
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
        business_days=frozenset(terms.business_days),
        zone=zone,
        holidays=frozenset(holidays.values_list("on", flat=True)),
    )


def promised_terms(registration: Registration) -> Terms:
    """The terms of the rulebook by which the registration was judged first: those that its clock was promised by."""
    stored = registration.decisions.order_by("sequence").values_list("rulebook__terms", flat=True).first()
    return terms_from(stored or {})
