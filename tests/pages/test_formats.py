"""Amounts and dates as readers of each language expect them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context
from django.utils import translation

from common.money import Money
from common.reasons import sentence
from common.templatetags import formats
from common.verdict import Reason
from common.writing import exact_amount_text

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("language", "amount", "currency", "written"),
    [
        ("en", "1234.5", "EUR", "€1,234.50"),
        ("en", "1234.5", "PLN", f"PLN{SPACE}1,234.50"),
        ("en", "-42", "HUF", f"\N{MINUS SIGN}HUF{SPACE}42.00"),
        ("en", "1234.5", "JPY", "JP¥1,235"),
        ("en", "2.345", "EUR", "€2.35"),
        ("en", "-0.004", "EUR", "€0.00"),
        ("pl", "1234567.5", "EUR", f"1{SPACE}234{SPACE}567,50{SPACE}€"),
        ("pl", "-12000", "PLN", f"\N{MINUS SIGN}12{SPACE}000,00{SPACE}zł"),
        ("hu", "12345", "HUF", f"12{SPACE}345,00{SPACE}Ft"),
    ],
)
def test_amounts_are_written_as_the_reader_writes_them(language, amount, currency, written):
    with translation.override(language):
        assert formats.money(Decimal(amount), currency) == written


def test_an_amount_may_be_a_money_whole_signed_or_nothing():
    with translation.override("en"):
        assert formats.money(Money(Decimal("10.5"), "EUR")) == "€10.50"
        assert formats.whole_money(Decimal("10.5"), "EUR") == "€11"
        assert formats.amount_text(Decimal(10), "EUR", signed=True) == "+€10.00"
        assert formats.amount_text(Decimal(0), "EUR", signed=True) == "€0.00"
        assert formats.money(None, "EUR") == ""
        assert formats.money(Decimal(0), "EUR") == "€0.00"


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [("0.035", 2, "3.5%"), ("0.03", 2, "3%"), ("1", 2, "100%"), ("0.77654", 1, "77.7%"), ("0", 2, "0%")],
)
def test_shares(value, digits, written):
    with translation.override("en"):
        assert formats.percent(Decimal(value), digits) == written


@pytest.mark.parametrize(
    ("language", "day", "month", "moment"),
    [
        ("en", "4 Oct 2026", "October 2026", "4 Oct 2026, 01:05"),
        ("pl", "4 paź 2026", "październik 2026", "4 paź 2026, 01:05"),
        ("hu", "2026. okt. 4.", "október 2026", "2026. okt. 4., 01:05"),
    ],
)
def test_dates(language, day, month, moment):
    instant = datetime(2026, 10, 3, 23, 5, tzinfo=UTC)  # in Warsaw it is already the next day
    with translation.override(language):
        assert formats.day(date(2026, 10, 4)) == formats.day(instant) == day
        assert formats.month(date(2026, 10, 4)) == month
        assert formats.moment(instant) == moment


@pytest.mark.parametrize(
    ("distance", "written"),
    [
        (timedelta(days=-4), "4 days ago"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(minutes=-1), "1 minute ago"),
    ],
)
def test_relative_instants(now, distance, written):
    with translation.override("en"):
        assert formats.relative(Context({"now": now}), now + distance) == written


def test_a_relative_day_counts_whole_days(now):
    with translation.override("en"):
        assert formats.relative(Context({"now": now}), date(2026, 10, 13)) == "1 day ago"
        assert formats.relative(Context(), date(2026, 10, 13)) == "13 Oct 2026"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (timedelta(seconds=20), "0 minutes"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=5, minutes=30), "5.5 hours"),
        (timedelta(hours=48), "2 days"),
        (None, ""),
    ],
)
def test_durations(value, written):
    with translation.override("en"):
        assert formats.duration(value) == written


def test_countries():
    with translation.override("pl"):
        assert formats.country_name("DE") == "Niemcy"
    assert formats.country_name("XX") == "XX"


@pytest.mark.parametrize(
    ("amount", "written"),
    [("90000.0000", "€90,000.00"), ("1.005", "€1.005"), ("-3", "\N{MINUS SIGN}€3.00"), ("0.1", "€0.10")],
)
def test_exact_amounts_round_nothing_away(amount, written):
    with translation.override("en"):
        assert exact_amount_text(Decimal(amount), "EUR") == written


def test_sentences_write_amounts_and_days_for_their_reader():
    """Reasons are stored as text, so their amounts and days come back as text."""
    below = Reason("registration.below_minimum", {"amount": "999.0000", "minimum": "1000", "currency": "EUR"})
    no_rulebook = Reason("registration.no_rulebook", {"day": "2026-10-04"})
    with translation.override("en"):
        assert sentence(below) == "The value of €999.00 is below the minimum of €1,000.00."
        assert "4 Oct 2026" in sentence(no_rulebook)
    with translation.override("pl"):
        assert f"999,00{SPACE}€" in sentence(below)
