"""Amounts and days as the reader of the page writes them."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_symbol
from django.utils import timezone, translation

from common.money import minor_units, round_amount

BRITISH = "en_GB"  # day before month, as the programme's countries write it
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"


def reader_locale() -> Locale:
    """The locale of the language the page is shown in."""
    language = translation.get_language() or "en"
    return Locale.parse(BRITISH if language.startswith("en") else language.replace("-", "_"))


def written_amount(amount: Decimal, currency: str, *, whole: bool = False, signed: bool = False) -> str:
    """``€1,234.50``, ``1 234,50 zł``; ``whole`` leaves out the minor units, ``signed`` writes a plus as well."""
    digits = 0 if whole else minor_units(currency)
    shown = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP) if whole else round_amount(amount, currency)
    return _with_currency(shown, currency, digits, plus="+" if signed and shown > 0 else "")


def exact_amount_text(amount: Decimal, currency: str) -> str:
    """With every decimal that the amount has, and at least those of its currency: nothing is rounded away."""
    exponent = amount.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return _with_currency(amount, currency, max(minor_units(currency), decimals))


def written_day(value: date) -> str:
    """``4 Oct 2026``. An instant is the day it falls on in the programme's time zone."""
    local = value.astimezone(timezone.get_current_timezone()) if isinstance(value, datetime) else value
    return format_date(local, "medium", locale=reader_locale())


def _with_currency(amount: Decimal, currency: str, digits: int, plus: str = "") -> str:
    locale = reader_locale()
    number = format_decimal(abs(amount), format="#,##0" + (f".{'0' * digits}" if digits else ""), locale=locale)
    symbol = get_currency_symbol(currency, locale=locale)
    if locale.currency_formats["standard"].pattern.startswith("¤"):
        text = f"{symbol}{NO_BREAK if symbol[-1].isalpha() else ''}{number}"
    else:
        text = f"{number}{NO_BREAK}{symbol}"
    return f"{MINUS if amount < 0 else plus}{text}"
