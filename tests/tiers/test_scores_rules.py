"""Reported credits: every problem of a row, at its column."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_changes

from common.choices import RowOutcome
from common.sheets import SheetRow
from tiers.rules.credits import (
    Booked,
    CreditRow,
    Known,
    amount_is_storable,
    judge_rows,
    judge_sheet,
    may_reverse,
    metric_is_sound,
    name_is_sound,
    reason_is_sound,
)

KNOWN = Known(
    partners={"ptn_a": 1, "ptn_b": 2, "ptn_new": 3},
    units={"channel_revenue": "money", "training": "number", "nps": "score"},
    currencies={1: "EUR", 2: "PLN"},
)
ROW = CreditRow(
    partner="ptn_a", metric="training", amount=Decimal(1), valid_from=date(2026, 5, 1), source_key="course-7/anna"
)
BOOKED = Booked(Decimal("1.0000"), date(2026, 5, 1), None, "", "", was_reversed=False)


def problems(*rows: CreditRow, known: Known = KNOWN) -> set[tuple[int, str, str]]:
    judged = judge_rows(rows, known)
    return {(row.number, reason.field, reason.code) for row in judged for reason in row.problems}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"partner": "ptn_x"}, {("partner", "score.partner_unknown")}),
        ({"partner": ""}, {("partner", "score.partner_unknown")}),
        ({"metric": "golf"}, {("metric", "metric.unknown")}),
        ({"partner": "ptn_x", "metric": "golf"}, {("partner", "score.partner_unknown"), ("metric", "metric.unknown")}),
        ({"currency": "EUR"}, {("currency", "score.currency_unneeded")}),
        ({"metric": "nps", "amount": Decimal(-40)}, set()),
        ({"metric": "channel_revenue"}, {("currency", "score.currency_missing")}),
        ({"metric": "channel_revenue", "currency": "EUR"}, set()),
        ({"metric": "channel_revenue", "currency": "PLN"}, {("currency", "score.currency_other")}),
        ({"metric": "channel_revenue", "currency": "eur"}, {("currency", "score.currency_other")}),
        ({"metric": "channel_revenue", "currency": "PLN", "partner": "ptn_b"}, set()),
        (
            {"metric": "channel_revenue", "currency": "EUR", "partner": "ptn_new"},
            {("currency", "score.no_programme")},
        ),
        ({"valid_until": date(2026, 4, 30)}, {("valid_until", "score.validity_reversed")}),
        ({"valid_until": date(2026, 5, 1)}, {("valid_until", "score.validity_reversed")}),
        ({"valid_until": date(2026, 5, 2)}, set()),
        ({"valid_from": date(1969, 12, 31)}, {("valid_from", "score.day_absurd")}),
        ({"valid_from": date(1970, 1, 1)}, set()),
        ({"valid_until": date(2199, 12, 31)}, set()),
        ({"valid_until": date(2200, 1, 1)}, {("valid_until", "score.day_absurd")}),
        ({"source_key": "  "}, {("source_key", "score.key_missing")}),
        ({"source_key": "k" * 160}, set()),
        ({"source_key": "k" * 161}, {("source_key", "score.text_long")}),
        ({"source_key": "k\u202ek"}, {("source_key", "score.text_unreadable")}),
        ({"label": "l" * 200, "holder": "h" * 120}, set()),
        ({"label": "l" * 201, "holder": "h" * 121}, {("label", "score.text_long"), ("holder", "score.text_long")}),
        ({"label": "a\nb"}, {("label", "score.text_unreadable")}),
        ({"holder": "\0"}, {("holder", "score.text_unreadable")}),
    ],
)
def test_what_is_wrong_with_a_row(changes, found):
    assert problems(with_changes(ROW, **changes)) == {(0, *problem) for problem in found}


@pytest.mark.parametrize(
    ("text", "storable"),
    [
        ("0", True),
        ("0.0001", True),
        ("0.00010", True),
        ("0.00011", False),
        ("0.00005", False),
        ("99999999999999.9999", True),
        ("-99999999999999.9999", True),
        ("100000000000000", False),
        ("-100000000000000", False),
        ("1E+14", False),
        ("1E+999999", False),
        ("1E-999999", False),
        ("NaN", False),
        ("sNaN", False),
        ("Infinity", False),
        ("-Infinity", False),
    ],
)
def test_amounts_that_the_book_can_hold(text, storable):
    assert amount_is_storable(Decimal(text)) is storable
    assert ((0, "amount", "score.amount_invalid") in problems(with_changes(ROW, amount=Decimal(text)))) is not storable


def test_the_same_source_partner_and_metric_counts_once_in_a_batch():
    others = [with_changes(ROW, **{name: value}) for name, value in (("partner", "ptn_b"), ("metric", "nps"))]
    assert problems(ROW, *others) == set()
    assert problems(ROW, *others, with_changes(ROW, source_key=" course-7/anna ")) == {
        (3, "source_key", "score.doubled")
    }


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({}, RowOutcome.UNCHANGED, None),
        ({"amount": Decimal("1.0001")}, RowOutcome.FAILED, "score.key_differs"),
        ({"valid_from": date(2026, 5, 2)}, RowOutcome.FAILED, "score.key_differs"),
        ({"valid_until": date(2027, 5, 1)}, RowOutcome.FAILED, "score.key_differs"),
        ({"label": "Course"}, RowOutcome.FAILED, "score.key_differs"),
        ({"holder": "Anna"}, RowOutcome.FAILED, "score.key_differs"),
    ],
)
def test_what_was_credited_before(changes, outcome, code):
    known = replace(KNOWN, booked={ROW.place: BOOKED})
    (found,) = judge_rows([with_changes(ROW, **changes)], known)
    assert (found.outcome, [reason.code for reason in found.problems]) == (outcome, [code] if code else [])


def test_what_was_reversed_is_not_credited_again():
    known = replace(KNOWN, booked={ROW.place: replace(BOOKED, was_reversed=True)})
    assert problems(ROW, known=known) == {(0, "source_key", "score.source_reversed")}


CELLS = {
    "partner": "ptn_a",
    "metric": "Channel_Revenue",
    "amount": "1 250,5",
    "currency": "eur",
    "valid_from": "31.03.2026",
    "valid_until": "2027-03-31",
    "source_key": "lms-1",
    "label": "Course",
    "holder": "Anna Kovács",
}


def from_file(**cells: str):
    (found,) = judge_sheet([SheetRow(2, {**CELLS, **cells})], KNOWN)
    return found


def test_cells_become_a_row():
    found = from_file()
    assert found.problems == ()
    assert found.row == CreditRow(
        partner="ptn_a",
        metric="channel_revenue",
        amount=Decimal("1250.5"),
        currency="EUR",
        valid_from=date(2026, 3, 31),
        valid_until=date(2027, 3, 31),
        source_key="lms-1",
        label="Course",
        holder="Anna Kovács",
    )


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"amount": ""}, {("amount", "score.amount_unreadable")}),
        ({"amount": "NaN"}, {("amount", "score.amount_unreadable")}),
        ({"amount": "1.234,50"}, {("amount", "score.amount_unreadable")}),
        ({"amount": "١٢"}, {("amount", "score.amount_unreadable")}),
        ({"amount": "-12"}, set()),
        ({"amount": "100000000000000"}, {("amount", "score.amount_invalid")}),
        ({"amount": "0.00001"}, {("amount", "score.amount_invalid")}),
        ({"valid_from": ""}, {("valid_from", "score.day_missing")}),
        ({"valid_from": "03/04/2026"}, {("valid_from", "score.day_unreadable")}),
        ({"valid_until": "31.02.2027"}, {("valid_until", "score.day_unreadable")}),
        (
            {"amount": "x", "valid_from": "x"},
            {("amount", "score.amount_unreadable"), ("valid_from", "score.day_unreadable")},
        ),
        ({"currency": "PLN"}, {("currency", "score.currency_other")}),
        (
            {"amount": "x", "partner": "ptn_x", "metric": "golf"},
            {
                ("amount", "score.amount_unreadable"),
                ("partner", "score.partner_unknown"),
                ("metric", "metric.unknown"),
            },
        ),
        (
            {"valid_from": "x", "valid_until": "31.03.1999", "source_key": ""},
            {("valid_from", "score.day_unreadable"), ("source_key", "score.key_missing")},
        ),
    ],
)
def test_cells_that_make_no_credit(cells, found):
    assert {(reason.field, reason.code) for reason in from_file(**cells).problems} == found


def test_too_many_cells():
    (found,) = judge_sheet([SheetRow(2, CELLS, is_too_long=True)], KNOWN)
    assert [reason.code for reason in found.problems] == ["sheet.too_many_cells"]


@pytest.mark.parametrize(
    ("kind", "standing", "codes"),
    [
        ("reported", 1, ()),
        ("certificate", 2, ()),
        ("reported", 0, ("score.is_reversed",)),
        ("sale_line", 1, ("score.follows",)),
        ("first_sale", 1, ("score.follows",)),
        ("registration", 1, ("score.follows",)),
        ("registration", 0, ("score.follows", "score.is_reversed")),
    ],
)
def test_what_can_be_reversed_by_hand(kind, standing, codes):
    assert may_reverse(kind, standing_count=standing).codes == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ("score.reason_missing",)),
        ("x", ()),
        ("x" * 500, ()),
        ("x" * 501, ("score.reason_long",)),
        ("a\nb", ()),
        ("a\u202e", ("score.text_unreadable",)),
    ],
)
def test_reasons(text, codes):
    assert reason_is_sound(text).codes == codes


@pytest.mark.parametrize(
    ("code", "name", "unit", "codes"),
    [
        ("webinars_2027", "Webinars", "number", ()),
        ("w", "W", "money", ()),
        ("w" * 40, "W", "score", ()),
        ("w" * 41, "W", "score", ("metric.code_invalid",)),
        ("2027", "W", "score", ("metric.code_invalid",)),
        ("Webinars", "W", "score", ("metric.code_invalid",)),
        ("web-inars", "W", "score", ("metric.code_invalid",)),
        ("webinars\n", "W", "score", ("metric.code_invalid",)),
        ("", "", "hours", ("metric.code_invalid", "metric.name_missing", "metric.unit_unknown")),
        ("w", "n" * 81, "number", ("metric.name_invalid",)),
    ],
)
def test_new_metrics(code, name, unit, codes):
    assert metric_is_sound(code, name, unit).codes == codes


def test_names_are_one_line():
    assert name_is_sound("n" * 80).codes == ()
    assert name_is_sound("a\nb").codes == ("metric.name_invalid",)
