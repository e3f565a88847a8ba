"""Which changes are material: boundary triples of value and close, spellings that are no other customer."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from deals.rules.changes import (
    Content,
    ContentLine,
    content_from,
    content_to_json,
    differences_of,
    dimensions_of,
    fields_are_known,
)
from deals.rules.terms import Terms

DAY = timedelta(days=1)
COVERED = date(2026, 12, 13)
LINE = ContentLine(1, "Pump", 7, 2, Decimal(10_000))
BEFORE = Content(
    customer_name="Zwack Unicum Nyrt.",
    customer_country="HU",
    customer_domain="zwack.hu",
    customer_tax_id="",
    site="",
    contact="Anna",
    expected_close_on=date(2026, 12, 1),
    why_now="",
    lines=(LINE,),
    base_amount=Decimal(10_000),
)


def touched(*, judged=10_000, **changes) -> tuple[str, ...]:
    after = replace(BEFORE, **changes)
    return dimensions_of(BEFORE, after, judged_amount=Decimal(judged), covered_until=COVERED, terms=Terms())


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("7499.99", ("value",)),
        ("7500", ()),
        ("7500.01", ()),
        ("12499.99", ()),
        ("12500", ()),
        ("12500.01", ("value",)),
    ],
)
def test_value(amount, expected):
    assert touched(base_amount=Decimal(amount)) == expected


def test_the_value_is_compared_with_the_one_that_was_judged_last():
    """Many small steps make a large one."""
    assert touched(base_amount=Decimal(12_000), judged=9_600) == ()
    assert touched(base_amount=Decimal("12000.01"), judged=9_600) == ("value",)


def test_a_value_that_stays_is_not_judged_again():
    assert touched(contact="Béla", judged=5_000) == ()


@pytest.mark.parametrize(("close_on", "expected"), [(COVERED - DAY, ()), (COVERED, ()), (COVERED + DAY, ("close",))])
def test_close(close_on, expected):
    assert touched(expected_close_on=close_on) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"customer_name": "ZWACK UNICUM NYRT"}, ()),
        ({"customer_domain": "https://www.zwack.hu/"}, ()),
        ({"customer_name": "Zwack Kft."}, ("customer",)),
        ({"customer_country": "AT"}, ("customer",)),
        ({"customer_domain": "zwack.at"}, ("customer",)),
        ({"customer_tax_id": "HU10795833"}, ("customer",)),
        ({"site": "Budapest"}, ("customer",)),
        ({"contact": "Béla", "why_now": "Now"}, ()),
        ({"lines": (replace(LINE, quantity=3),)}, ()),
        ({"lines": (replace(LINE, product_id=2),)}, ()),
        ({"lines": (LINE, replace(LINE, family_id=8))}, ("family",)),
        ({"lines": (replace(LINE, family_id=8),)}, ("family",)),
        (
            {"customer_name": "Another", "lines": (replace(LINE, family_id=8),), "base_amount": Decimal(1)},
            ("customer", "family", "value"),
        ),
    ],
)
def test_customer_and_family(changes, expected):
    assert touched(**changes) == expected


def test_a_family_given_up_is_not_material():
    before = replace(BEFORE, lines=(LINE, replace(LINE, family_id=8)))
    assert dimensions_of(before, BEFORE, judged_amount=Decimal(10_000), covered_until=COVERED, terms=Terms()) == ()


def test_differences_and_what_is_stored():
    after = replace(BEFORE, contact="Béla", lines=(replace(LINE, amount=Decimal("1.10")),))
    found = differences_of(BEFORE, after)
    assert [(each.field, each.before, each.after) for each in found] == [
        ("contact", "Anna", "Béla"),
        ("lines", BEFORE.lines, after.lines),
    ]
    assert content_from(content_to_json(after)) == after
    assert differences_of(BEFORE, BEFORE) == ()


def test_only_some_fields_can_be_changed():
    assert fields_are_known({"contact": "x", "lines": ()})
    assert fields_are_known({"status": "won", "currency": "USD"}).codes == ("change.field_unknown",) * 2
