"""Amounts, numbers and dates in the reader's language and customs. Templates load it with ``{% load formats %}``."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from django import template
from django.utils import timezone

from common.money import Money
from common.writing import MINUS, reader_locale, written_amount, written_day

register = template.Library()


def exact_amount(value: Any, currency: str = "") -> tuple[Decimal, str] | None:
    """The amount and currency of a `Money`, or of an amount with its currency beside it; None for nothing."""
    if isinstance(value, Money):
        return value.amount, value.currency
    return None if value in (None, "") else (Decimal(value), currency)


@register.filter
def money(value: Any, currency: str = "") -> str:
    """``{{ registration.total|money }}`` for a Money, ``{{ amount|money:currency }}`` for a Decimal."""
    exact = exact_amount(value, currency)
    return "" if exact is None else written_amount(*exact)


@register.filter
def whole_money(value: Any, currency: str = "") -> str:
    """Without minor units, for overviews."""
    exact = exact_amount(value, currency)
    return "" if exact is None else written_amount(*exact, whole=True)


@register.simple_tag
def amount_text(value: Any, currency: str = "", whole: Any = False, signed: Any = False) -> str:
    """What the money component writes."""
    exact = exact_amount(value, currency)
    return "" if exact is None else written_amount(*exact, whole=bool(whole), signed=bool(signed))


@register.filter
def is_negative(value: Any) -> bool:
    exact = exact_amount(value)
    return exact is not None and exact[0] < 0


@register.filter
def number(value: Any) -> str:
    """A count or quantity with the reader's separators; no trailing zeros."""
    return "" if value in (None, "") else format_decimal(value, locale=reader_locale()).replace("-", MINUS)


@register.filter
def percent(value: Any, digits: int = 2) -> str:
    """A share (0.035) as a percentage (3.5%), at most `digits` decimals."""
    if value in (None, ""):
        return ""
    pattern = "#,##0" + (f".{'#' * digits}" if digits else "")
    whole = format_percent(value, locale=reader_locale(), format=f"{pattern}%")
    return whole.replace("-", MINUS)


@register.filter
def day(value: date | datetime | None) -> str:
    """The day, exactly: ``4 Oct 2026``. An instant is the day it falls on in the programme's time zone."""
    return "" if not value else written_day(value)


@register.filter
def month(value: date | None) -> str:
    """``October 2026``."""
    return "" if not value else format_date(value, "LLLL y", locale=reader_locale())


@register.filter
def moment(value: datetime | None) -> str:
    """The instant to the minute in the programme's time zone: ``4 Oct 2026, 13:05``."""
    if not value:
        return ""
    locale = reader_locale()
    local = _local(value)
    return f"{format_date(local, 'medium', locale=locale)}, {format_datetime(local, 'HH:mm', locale=locale)}"


@register.filter
def country_name(code: str) -> str:
    """The country of an ISO 3166 alpha-2 code in the reader's language; an unknown code is shown as it is."""
    return str(reader_locale().territories.get(code, code))


@register.filter
def duration(value: timedelta | None) -> str:
    """How long something took, to a tenth of the unit that fits: ``12 minutes``, ``5.5 hours``, ``3.2 days``."""
    if value is None:
        return ""
    minutes = round(value / timedelta(minutes=1))
    if minutes < 60:
        unit, count = "minute", Decimal(minutes)
    elif minutes < 48 * 60:
        unit, count = "hour", round(Decimal(minutes) / 60, 1)
    else:
        unit, count = "day", round(Decimal(minutes) / (24 * 60), 1)
    return format_unit(count, unit, locale=reader_locale())


@register.filter
def iso(value: date | datetime | None) -> str:
    """For machines: the ``datetime`` attribute of ``<time>``."""
    return "" if not value else value.isoformat()


@register.filter
def has_time(value: Any) -> bool:
    return isinstance(value, datetime)


@register.simple_tag(takes_context=True)
def relative(context: template.Context, value: date | datetime | None) -> str:
    """``4 days ago``, ``in 2 hours``, counted from the request's ``now``; the exact day where there is none."""
    now: datetime | None = context.get("now")
    if not value or now is None:
        return day(value)
    if not isinstance(value, datetime):
        value = datetime.combine(value, datetime.min.time(), tzinfo=timezone.get_current_timezone())
        now = now.astimezone(timezone.get_current_timezone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return written_distance(value - now)


def written_distance(distance: timedelta) -> str:
    """A distance from now in words; both directions."""
    return format_timedelta(distance, add_direction=True, threshold=1, locale=reader_locale())


def _local(value: date | datetime) -> date | datetime:
    return value.astimezone(timezone.get_current_timezone()) if isinstance(value, datetime) else value
