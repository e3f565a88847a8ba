"""Entries of the lists: what is sound, what overlaps, what may still change; files row by row and column by column."""

from datetime import date, timedelta

import pytest

from common.cells import guarded
from common.sheets import MOST_BYTES, MOST_ROWS, SheetRow, read_sheet
from deals.rules.policies import (
    AuthorisationEntry,
    BlockedCustomerEntry,
    ExclusiveGrantEntry,
    Held,
    HolidayEntry,
    NamedAccountEntry,
    entry_is_sound,
    may_add,
    may_change,
    may_take_back,
    validity_on,
)
from deals.rules.policy_rows import (
    COLUMNS,
    REQUIRED,
    Known,
    Written,
    entry_of,
    plan_import,
    write_sheet,
)

TODAY = date(2026, 10, 14)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
KNOWN = Known(
    customers={"cus_1": 1, "c-2": 2},
    partners={"ptn_1": 1, "ptn_2": 2},
    families={"platform": 7},
    countries=frozenset({"DE", "AT", "HU"}),
)


def named(starts_on: date, ends_on: date | None = None, customer_id: int = 1, note: str = "") -> NamedAccountEntry:
    return NamedAccountEntry(customer_id=customer_id, starts_on=starts_on, ends_on=ends_on, note=note)


def grant(partner_id: int = 1, **of) -> ExclusiveGrantEntry:
    return ExclusiveGrantEntry(**{"partner_id": partner_id, "starts_on": TODAY, **of})


def codes(verdict) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("day", "stands"),
    [
        (date(2026, 1, 1), "announced"),
        (date(2026, 1, 2), "live"),
        (date(2026, 1, 3), "live"),
        (date(2026, 1, 4), "ended"),
    ],
)
def test_validity_is_half_open(day, stands):
    assert validity_on(date(2026, 1, 2), date(2026, 1, 4), day) == stands
    assert validity_on(date(2026, 1, 2), None, date(2099, 1, 1)) == "live"


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (named(TODAY, TOMORROW), []),
        (named(TODAY, TODAY), [("policy.ends_before_start", "ends_on")]),
        (named(date(1989, 12, 31)), [("policy.day_absurd", "starts_on")]),
        (named(TODAY, date(2101, 1, 1)), [("policy.day_absurd", "ends_on")]),
        (named(TODAY, note="x" * 200), []),
        (named(TODAY, note="x" * 201), [("policy.text_too_long", "note")]),
        (named(TODAY, note="a\u202eb"), [("policy.text_characters", "note")]),
        (BlockedCustomerEntry(customer_id=1, starts_on=TODAY, reason="whim"), [("policy.choice_invalid", "reason")]),
        (grant(), [("exclusive_grant.of_nothing", "countries")]),
        (grant(segment="Public"), []),
        (grant(family_id=7), []),
        (HolidayEntry(on=TODAY, name=" "), [("holiday.name_missing", "name")]),
        (HolidayEntry(on=date(2101, 1, 1), name="x"), [("policy.day_absurd", "on")]),
    ],
)
def test_what_is_sound(entry, wrong):
    assert codes(entry_is_sound(entry)) == wrong


def test_all_problems_at_once():
    entry = ExclusiveGrantEntry(partner_id=1, starts_on=TODAY, ends_on=YESTERDAY, note="x" * 300)
    assert [code for code, _ in codes(entry_is_sound(entry))] == [
        "policy.text_too_long",
        "policy.ends_before_start",
        "exclusive_grant.of_nothing",
    ]


HELD = Held("nac_1", named(date(2026, 1, 1), date(2026, 7, 1)))


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        (named(date(2026, 6, 30)), False),
        (named(date(2026, 7, 1)), True),
        (named(date(2026, 7, 2)), True),
        (named(date(2025, 1, 1), date(2025, 12, 31)), True),
        (named(date(2025, 1, 1), date(2026, 1, 1)), True),
        (named(date(2025, 1, 1), date(2026, 1, 2)), False),
        (named(date(2026, 6, 30), customer_id=2), True),
    ],
)
def test_a_customer_is_on_a_list_once_at_a_time(entry, fits):
    assert may_add(entry, [HELD], TODAY).allowed is fits


DACH = Held("exg_1", grant(1, countries=("DE", "AT"), family_id=7), "Alpha")


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        (grant(2, countries=("DE",), family_id=7), False),
        (grant(2, countries=("DE",)), False),  # all families hold that one too
        (grant(2, family_id=7), False),  # all countries hold these too
        (grant(2, countries=("DE",), family_id=8), True),
        (grant(2, countries=("HU",), family_id=7), True),
        (grant(2, countries=("DE",), family_id=7, segment="Public"), False),
        (grant(1, countries=("AT", "DE"), family_id=7), False),  # the same again
        (grant(1, countries=("DE",), family_id=7), True),  # a part of one's own
    ],
)
def test_what_is_granted_to_one_alone_is_granted_to_nobody_else(entry, fits):
    verdict = may_add(entry, [DACH], TODAY)
    assert verdict.allowed is fits
    if not fits:
        assert verdict.reasons[0].params == {"partner": "Alpha"}


def test_segments_are_equal_whatever_their_case():
    held = Held("exg_1", grant(1, segment="Public sector"), "Alpha")
    assert not may_add(grant(2, segment="PUBLIC SECTOR"), [held], TODAY)
    assert may_add(grant(2, segment="Retail"), [held], TODAY)


def test_an_authorisation_is_there_once_and_excludes_nobody():
    held = Held("aut_1", AuthorisationEntry(partner_id=1, starts_on=TODAY, countries=("DE",)))
    same = AuthorisationEntry(partner_id=1, starts_on=TOMORROW, countries=("DE",))
    assert codes(may_add(same, [held], TODAY)) == [("authorisation.overlaps", "starts_on")]
    assert may_add(AuthorisationEntry(partner_id=2, starts_on=TOMORROW, countries=("DE",)), [held], TODAY)
    assert may_add(AuthorisationEntry(partner_id=1, starts_on=TOMORROW, countries=("AT",)), [held], TODAY)


def test_holidays_lie_ahead_and_are_there_once():
    assert codes(may_add(HolidayEntry(on=YESTERDAY, name="x"), [], TODAY)) == [("holiday.in_past", "on")]
    assert may_add(HolidayEntry(on=TODAY, name="x"), [], TODAY)
    held = Held(str(TOMORROW), HolidayEntry(on=TOMORROW, name="x"))
    assert codes(may_add(HolidayEntry(on=TOMORROW, name="y"), [held], TODAY)) == [("holiday.overlaps", "on")]


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        # not begun: everything
        (named(TOMORROW), named(TOMORROW, customer_id=2, note="other"), []),
        # begun, today at the latest: only the end and the note
        (named(TODAY), named(TODAY, TOMORROW, note="ends"), []),
        (named(TODAY), named(TOMORROW), [("policy.has_begun", "starts_on")]),
        (named(YESTERDAY), named(YESTERDAY, customer_id=2), [("policy.has_begun", "customer_id")]),
        # the end: not before today
        (named(date(2026, 1, 1)), named(date(2026, 1, 1), YESTERDAY), [("policy.ends_in_past", "ends_on")]),
        (named(date(2026, 1, 1)), named(date(2026, 1, 1), TODAY), []),
        (named(date(2026, 1, 1), TOMORROW), named(date(2026, 1, 1)), []),  # goes on after all
        # what has ended stays
        (named(date(2026, 1, 1), TODAY), named(date(2026, 1, 1), TODAY, note="x"), [("policy.has_ended", "")]),
        (named(date(2026, 1, 1), TODAY), named(date(2026, 1, 1), TODAY), []),
        (HolidayEntry(on=TODAY, name="x"), HolidayEntry(on=TODAY, name="y"), [("policy.has_ended", "")]),
        (HolidayEntry(on=TOMORROW, name="x"), HolidayEntry(on=TOMORROW, name="y"), []),
        (HolidayEntry(on=TOMORROW, name="x"), HolidayEntry(on=YESTERDAY, name="x"), [("holiday.in_past", "on")]),
    ],
)
def test_what_has_begun_is_a_fact(before, after, wrong):
    assert codes(may_change(Held("x", before), after, [], TODAY)) == wrong


def test_a_change_must_fit_in_between_the_others():
    held, later = Held("a", named(date(2026, 1, 1), date(2026, 12, 1))), Held("b", named(date(2027, 1, 1)))
    assert may_change(held, named(date(2026, 1, 1), date(2027, 1, 1)), [later], TODAY)
    assert not may_change(held, named(date(2026, 1, 1), date(2027, 1, 2)), [later], TODAY)


def test_only_what_has_not_begun_can_be_taken_back():
    assert may_take_back(Held("x", named(TOMORROW)), TODAY)
    assert not may_take_back(Held("x", named(TODAY)), TODAY)
    assert not may_take_back(Held("x", HolidayEntry(on=TODAY, name="x")), TODAY)


# Files


def sheet(*lines: str, kind: str = "named-accounts", encoding: str = "utf-8") -> tuple:
    return read_sheet("\r\n".join(lines).encode(encoding), COLUMNS[kind], REQUIRED)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_as_spreadsheets_write_them(delimiter, encoding):
    header, row = ("customer", "starts_on", "note"), ("C-2", "2027-01-01", "Fő ügyfél")
    rows, verdict = sheet(delimiter.join(header), delimiter.join(row), encoding=encoding)
    assert verdict
    (entry, problems) = entry_of("named-accounts", rows[0], KNOWN)
    assert (entry, problems) == (named(date(2027, 1, 1), customer_id=2, note="Fő ügyfél"), ())


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", ["sheet.column_missing", "sheet.column_missing", "sheet.empty"]),
        (b"customer,starts_on\n", ["sheet.empty"]),
        (b"customer,starts_on,colour\nC-2,2027-01-01,red", ["sheet.column_unknown"]),
        (b"customer,customer,starts_on\n1,2,3", ["sheet.column_twice"]),
        (b"customer,starts_on\nC-2,\xff", ["sheet.not_text"]),
        (b"customer,starts_on\nC-2,\0", ["sheet.not_text"]),
        (b'customer,starts_on\nC-2,"2027', ["sheet.not_csv"]),
        (b"PK\x03\x04" + bytes(range(200)), ["sheet.not_text"]),
        (b"x" * (MOST_BYTES + 1), ["sheet.too_large"]),
        (b"customer,starts_on\n" + b"C-2,2027-01-01\n" * (MOST_ROWS + 1), ["sheet.too_many_rows"]),
        (b"customer,starts_on\n" + b"C-2,2027-01-01\n" * MOST_ROWS, []),
    ],
)
def test_what_cannot_be_read(content, wrong):
    assert [reason.code for reason in read_sheet(content, COLUMNS["named-accounts"], REQUIRED)[1].reasons] == wrong


def test_rows_count_as_in_a_spreadsheet():
    rows, verdict = sheet("customer,starts_on,note", "", 'C-2,2027-01-01,"two', 'lines"', ",,", "C-9,2027-01-01,")
    assert verdict
    assert [row.number for row in rows] == [3, 5]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        ("31.1.2027", date(2027, 1, 31)),
        ("31. 01. 2027", date(2027, 1, 31)),
        ("2027. 01. 31.", date(2027, 1, 31)),
        ("01/31/2027", None),
        ("2027-02-29", None),
        ("tomorrow", None),
        ("", None),
        ("9999-12-31", None),
    ],
)
def test_days_as_spreadsheets_write_them(text, day):
    entry, problems = entry_of("named-accounts", SheetRow(2, {"customer": "C-2", "starts_on": text}), KNOWN)
    assert (entry.starts_on if entry else None) == day
    assert [reason.field for reason in problems] == ([] if day else ["starts_on"])


def test_every_problem_of_a_row_by_column():
    cells = {
        "partner": "ptn_9",
        "countries": "de, XX",
        "family": "nope",
        "starts_on": "x",
        "last_day": "32.1.2027",
    }
    entry, problems = entry_of("exclusive-grants", SheetRow(2, cells, is_too_long=True), KNOWN)
    assert entry is None
    assert {(reason.field, reason.code) for reason in problems} == {
        ("", "sheet.too_many_cells"),
        ("partner", "policy.partner_unknown"),
        ("countries", "policy.country_unknown"),
        ("family", "policy.family_unknown"),
        ("starts_on", "policy.day_invalid"),
        ("last_day", "policy.day_invalid"),
    }


def test_the_last_day_still_belongs_to_it():
    cells = {"customer": "cus_1", "starts_on": "2027-01-01", "last_day": "2027-01-01"}
    entry, problems = entry_of("named-accounts", SheetRow(2, cells), KNOWN)
    assert (entry.ends_on, problems) == (date(2027, 1, 2), ())


def planned(rows: list[dict[str, str]], held: list[Held]) -> list[tuple[int, str, list[str]]]:
    numbered = [SheetRow(number, cells) for number, cells in enumerate(rows, start=2)]
    plan = plan_import("named-accounts", numbered, KNOWN, held, TODAY)
    return [(row.number, row.outcome.value, [reason.code for reason in row.problems]) for row in plan]


def test_what_becomes_of_each_row():
    held = [Held("nac_1", named(date(2026, 1, 1), note="old")), Held("nac_2", named(TODAY, customer_id=2))]
    rows = [
        {"customer": "C-2", "starts_on": "2027-01-01"},  # there is one without an end
        {"customer": "cus_1", "starts_on": "2027-01-01"},  # after the change below
        {"customer": "cus_1", "starts_on": "2026-01-01", "last_day": "2026-12-31", "note": "old"},
        {"customer": "cus_1", "starts_on": "2026-01-01", "last_day": "2026-12-31", "note": "old"},
        {"customer": "C-2", "starts_on": str(TODAY)},
        {"customer": "C-9", "starts_on": "2027-01-01"},
    ]
    assert planned(rows, held) == [
        (2, "wrong", ["policy.overlaps"]),
        (3, "new", []),
        (4, "changed", []),
        (5, "wrong", ["policy.doubled"]),
        (6, "unchanged", []),
        (7, "wrong", ["policy.customer_unknown"]),
    ]


def test_the_order_of_the_rows_does_not_matter():
    held = [Held("nac_1", named(date(2026, 1, 1)))]
    rows = [
        {"customer": "cus_1", "starts_on": "2027-01-01"},
        {"customer": "cus_1", "starts_on": "2026-01-01", "last_day": "2026-12-31"},
    ]
    assert {row[1] for row in planned(rows, held)} == {"new", "changed"}
    assert {row[1] for row in planned(rows[::-1], held)} == {"new", "changed"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'=1", "''=1", "plain", "'quoted'", "a,b;c", 'say "x"'])
def test_no_cell_is_a_formula_and_every_cell_comes_back(text):
    entry = AuthorisationEntry(
        partner_id=1, starts_on=TODAY, ends_on=TOMORROW, countries=("DE", "AT"), certificate=text, note=text
    )
    written = "".join(write_sheet("authorisations", [Written(entry, "ptn_1", "=Evil()", "")]))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in written.splitlines()[1].split(","))
    rows, verdict = read_sheet(written.encode(), COLUMNS["authorisations"], REQUIRED)
    assert verdict
    assert entry_of("authorisations", rows[0], KNOWN) == (entry, ())


def test_a_tab_is_guarded_too():
    assert guarded("\t=1") == "'\t=1"
