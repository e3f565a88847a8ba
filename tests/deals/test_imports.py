"""Registrations from a file: every problem by row and column, good rows or nothing, nothing twice."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.errors import Refused
from common.sheets import SheetRow
from deals.actions.imports import import_rows, preview_rows
from deals.models import Decision, Registration
from deals.rules.import_rows import COLUMNS, Known, KnownProduct, read_rows
from partners.models import User
from tests.factories.deals import registered

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
DAY = AT.date()
KNOWN = Known(
    products={"sku-1": KnownProduct(7, 70), "sku-2": KnownProduct(8, 80)},
    countries={"de": "DE", "germany": "DE", "pl": "PL"},
    stages={"prospect": "prospect", "proposal": "proposal"},
    sources={"own": "own", "tender": "tender"},
    partners={"ptn_reseller": 2},
    own=1,
    own_currency="EUR",
    currencies={"EUR", "PLN"},
)
GOOD = {
    "customer_name": "Acme AG",
    "country": "de",
    "contact": "Jan",
    "product": "SKU-1",
    "value": "5000",
    "expected_close": "2027-03-31",
}


def read(*rows: dict[str, str], known: Known = KNOWN) -> list[Any]:
    return read_rows([SheetRow(number, {**GOOD, **row}) for number, row in enumerate(rows, start=2)], known, DAY)


def test_a_row_becomes_a_draft():
    (row,) = read(
        {
            "web_or_tax_id": "acme.de, DE811907980",
            "quantity": "3",
            "value": "5 000,5",
            "currency": "pln",
            "expected_close": "31.03.2027",
            "stage": "Proposal",
            "source": "TENDER",
            "site": "Plant 2",
            "country": "Germany",
            "for_partner": "ptn_reseller",
            "why_now": "Now.",
        }
    )
    assert row.problems == ()
    draft = row.draft
    assert (draft.partner_id, draft.customer_country, draft.customer_domain, draft.customer_tax_id) == (
        *(2, "DE", "acme.de", "DE811907980"),
    )
    assert (draft.lines[0].product_id, draft.lines[0].quantity, draft.lines[0].amount) == (7, 3, Decimal("5000.5"))
    assert (draft.currency, draft.expected_close_on, draft.stage) == ("PLN", date(2027, 3, 31), "proposal")
    assert (draft.source, draft.site, draft.why_now) == ("tender", "Plant 2", "Now.")


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        ({"country": "Atlantis"}, {("country", "registration.country_invalid")}),
        ({"country": ""}, {("country", "registration.country_invalid")}),
        ({"customer_name": ""}, {("customer_name", "registration.customer_name_missing")}),
        ({"customer_name": "…"}, {("customer_name", "registration.customer_name_invalid")}),
        ({"customer_name": "x" * 10_000}, {("customer_name", "registration.text_too_long")}),
        ({"customer_name": "a\x07b"}, {("customer_name", "registration.text_characters")}),
        ({"customer_name": "abc\u202edef"}, {("customer_name", "registration.text_characters")}),
        ({"web_or_tax_id": "jan@gmail.com"}, {("web_or_tax_id", "registration.domain_invalid")}),
        ({"product": "SKU-9"}, {("product", "registration.unknown_product")}),
        ({"product": ""}, {("product", "registration.lines_missing")}),
        ({"quantity": "0"}, {("quantity", "registration.quantity_invalid")}),
        ({"quantity": "many"}, {("quantity", "registration.quantity_invalid")}),
        ({"quantity": "9" * 40}, {("quantity", "registration.quantity_invalid")}),
        ({"value": ""}, {("value", "import.value_invalid")}),
        ({"value": "5,000"}, {("value", "import.value_invalid")}),
        ({"value": "5.000,00"}, {("value", "import.value_invalid")}),
        ({"value": "-5"}, {("value", "import.value_invalid")}),
        ({"value": "NaN"}, {("value", "import.value_invalid")}),
        ({"value": "0"}, {("value", "registration.amount_invalid")}),
        ({"value": "9" * 14}, {("value", "registration.amount_invalid")}),
        ({"currency": "EURO"}, {("currency", "registration.currency_invalid")}),
        ({"currency": "HUF"}, {("currency", "registration.no_rate")}),
        ({"expected_close": ""}, {("expected_close", "registration.close_in_past")}),
        ({"expected_close": "2026-10-13"}, {("expected_close", "registration.close_in_past")}),
        ({"expected_close": "2026-10-14"}, set()),
        ({"expected_close": "2032-01-01"}, {("expected_close", "registration.close_too_far")}),
        ({"expected_close": "31/03/2027"}, {("expected_close", "import.day_invalid")}),
        ({"expected_close": "2027-02-30"}, {("expected_close", "import.day_invalid")}),
        ({"stage": "someday"}, {("stage", "registration.choice_invalid")}),
        ({"contact": ""}, {("contact", "registration.contact_missing")}),
        ({"for_partner": "ptn_rival"}, {("for_partner", "import.partner_unknown")}),
        (
            {"customer_name": "", "country": "XX", "value": "?", "stage": "?"},
            {
                ("customer_name", "registration.customer_name_missing"),
                ("country", "registration.country_invalid"),
                ("value", "import.value_invalid"),
                ("stage", "registration.choice_invalid"),
            },
        ),
    ],
)
def test_every_problem_of_a_row_at_its_column(cells, problems):
    (row,) = read(cells)
    assert {(problem.field, problem.code) for problem in row.problems} == problems


def test_the_same_claim_twice_is_a_problem_of_the_later_row():
    first, doubled, other_family, other_site, other = read(
        {}, {"customer_name": "ACME  GmbH", "value": "1"}, {"product": "sku-2"}, {"site": "Plant 2"}, {"country": "PL"}
    )
    assert [problem.params for problem in doubled.problems] == [{"row": 2}]
    assert all(row.is_good for row in (first, other_family, other_site, other))


def test_a_key_is_the_content():
    one, same, other = read({}, {"country": "Germany", "value": "5000.00"}, {"contact": "Eva"})
    assert one.key == read({"expected_close": "31.03.2027"})[0].key
    assert one.key != other.key
    assert same.draft.customer_country == one.draft.customer_country


# With the database


def sheet(*rows: dict[str, str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=COLUMNS, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


@pytest.fixture
def row(channel):
    def make(name: str = "Acme AG", **cells: str) -> dict[str, str]:
        about = {"customer_name": name, "product": channel.product.sku, "expected_close": "2027-03-31"}
        return {**GOOD, **about, **cells}

    return make


def imported(channel, content: bytes) -> list[tuple[int, str, str]]:
    done = import_rows(content, by=channel.seller, at=AT)
    return [(row.number, row.status, row.light) for row in done]


def test_good_rows_are_registered_and_the_others_say_why(channel, row):
    content = sheet(row("One AG"), row("Two AG", value="60000"), row("", country="Atlantis"), row("One AG"))
    assert imported(channel, content) == [
        (2, "approved", "green"),
        (3, "in_review", "amber"),
        (4, "", ""),
        (5, "", ""),
    ]
    assert sorted(Registration.objects.values_list("customer_name", flat=True)) == ["One AG", "Two AG"]


def test_the_same_file_again_registers_nothing_twice(channel, row):
    content = sheet(row("One AG"), row("Two AG", value="60000"))
    first = imported(channel, content)
    assert imported(channel, content) == first
    assert imported(channel, sheet(row("Two AG", value="60000"), row("One AG"))) == [
        (2, "in_review", "amber"),
        (3, "approved", "green"),
    ]
    assert Registration.objects.count() == Decision.objects.count() == 2


def test_what_is_registered_already_is_left_out(channel, row):
    registered(channel, at=AT)
    zwack = row("Zwack Unicum", country="HU", web_or_tax_id="www.zwack.hu")
    ((found,), verdict) = preview_rows(sheet(zwack), by=channel.seller, at=AT)
    assert verdict
    assert found.is_live
    (done,) = import_rows(sheet(zwack), by=channel.seller, at=AT)
    assert [reason.code for reason in done.problems] == ["import.is_live"]
    rivals, _ = preview_rows(sheet(zwack), by=channel.rival_seller, at=AT)
    assert rivals[0].is_good
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")]
)
def test_files_as_spreadsheets_write_them(channel, row, delimiter, encoding):
    content = sheet(row("Zażółć Gęślą Sp. z o.o."), delimiter=delimiter, encoding=encoding)
    assert imported(channel, content) == [(2, "approved", "green")]
    assert Registration.objects.get().customer_name == "Zażółć Gęślą Sp. z o.o."


def test_a_file_that_cannot_be_read_says_why(channel, row):
    def problems(content: bytes) -> list[str]:
        with pytest.raises(Refused) as caught:
            import_rows(content, by=channel.seller, at=AT)
        return [reason.code for reason in caught.value.reasons]

    assert problems(b"") == ["sheet.empty"]
    assert problems(sheet(row("Zażółć")).replace("ż".encode(), b"\xff")) == ["sheet.not_text"]
    assert problems(b"customer_name,country\r\nA,DE\r\n") == ["sheet.column_missing"] * 4
    assert problems(sheet(row()).replace(b"why_now", b"why")) == ["sheet.column_unknown"]
    assert problems(sheet(*[row(f"Company {number}") for number in range(501)])) == ["import.too_many"]
    assert not Registration.objects.exists()


def test_nobody_imports_for_others(channel, row):
    (done,) = import_rows(sheet(row(for_partner=channel.rival.public_id)), by=channel.seller, at=AT)
    assert [reason.code for reason in done.problems] == ["import.partner_unknown"]
    with pytest.raises(Refused):
        import_rows(sheet(row()), by=channel.manager, at=AT)


@pytest.fixture
def seller(channel) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=channel.seller.user_id))
    return client


def upload(seller: Client, content: bytes) -> Any:
    return seller.post(reverse("deals:import"), {"file": SimpleUploadedFile("deals.csv", content)})


def test_a_file_is_looked_at_before_anything_is_registered(channel, seller, row):
    close_on = str(timezone.localdate() + timedelta(days=30))
    content = sheet(
        row("One AG", expected_close=close_on),
        row("=HYPERLINK(1)", country="Atlantis", expected_close=close_on, contact="x" * 10_000),
    )
    preview = upload(seller, content)
    page = preview.content.decode()
    assert preview.status_code == 200
    assert "Choose the customer&#x27;s country." in page
    assert "<code>country</code>" in page
    assert "Register the 1 good row" in page
    assert not Registration.objects.exists()

    packed = preview.context["content"]
    mend = seller.post(reverse("deals:import-problems"), {"content": packed}).content.decode()
    assert "'=HYPERLINK(1)" in mend
    assert "country: Choose" in mend
    assert "One AG" not in mend

    done = seller.post(reverse("deals:import"), {"content": packed, "apply": "1"})
    registration = Registration.objects.get()
    assert registration.customer_name == "One AG"
    assert reverse("deals:detail", args=[registration.public_id]) in done.content.decode()
    again = seller.post(reverse("deals:import"), {"content": packed, "apply": "1"})
    assert reverse("deals:detail", args=[registration.public_id]) in again.content.decode()
    assert Registration.objects.count() == 1


def test_the_example_can_be_read(channel, seller):
    example = seller.get(reverse("deals:import-example")).content
    rows, verdict = preview_rows(example, by=channel.seller, at=AT)
    assert verdict
    assert {problem.field for row in rows for problem in row.problems} <= {"product"}


def test_absurd_uploads_get_a_clear_answer(channel, seller):
    assert upload(seller, b"\x00\x01").status_code == 422
    assert seller.post(reverse("deals:import"), {"content": "%%%", "apply": "1"}).status_code == 422
    assert seller.post(reverse("deals:import"), {}).status_code == 422
    assert seller.post(reverse("deals:import-problems"), {"content": "%%%"}).status_code == 422
    manager = Client()
    manager.force_login(User.objects.get(pk=channel.manager.user_id))
    assert manager.get(reverse("deals:import")).status_code == 404
