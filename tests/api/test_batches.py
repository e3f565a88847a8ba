"""Batches over HTTP: the whole story of a sale, faults by row and field, and keys that act once."""

import json
from collections.abc import Callable

import pytest

from common.models import AuditEntry, IdempotencyKey
from crm.models import Customer, Delivery, ProductFamily, Sale
from tests.api.conftest import ApiClient
from tests.api.test_authentication import BATCHES, assert_problem
from tests.factories.crm import CustomerFactory
from tests.factories.partners import PartnerFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db
CUSTOMER = {"external_id": "C1", "legal_name": "Acme Sp. z o.o.", "country": "PL", "domain": "acme.pl"}


def test_the_whole_story_of_a_sale(writer: ApiClient) -> None:
    partner = PartnerFactory()
    product = {"external_id": "P1", "sku": "R-1", "name": "Router", "kind": "product", "family": "net"}
    opportunity = {
        "external_id": "O1",
        "customer": "C1",
        "family": "net",
        "stage": "proposal",
        "amount": "5000.00",
        "currency": "EUR",
        "close_on": "2026-12-01",
        "created_at": "2026-01-01T09:00:00+01:00",
        "updated_at": "2026-01-02T09:00:00Z",
    }
    sale = {
        "external_id": "S1",
        "customer": "C1",
        "partner": partner.public_id,
        "booked_on": "2026-06-15",
        "currency": "PLN",
        "lines": [{"product": "P1", "quantity": 2, "net_amount": "1000.10"}],
    }
    story = [
        ("/families/batch", {"code": "net", "name": "Network"}, "created"),
        ("/products/batch", product, "created"),
        ("/customers/batch", CUSTOMER, "created"),
        ("/opportunities/batch", opportunity, "created"),
        ("/sales/batch", sale, "waiting"),
        ("/rates/batch", {"currency": "PLN", "on": "2026-06-01", "rate": "0.25"}, "created"),
        ("/sales/batch", sale, "unchanged"),
        ("/sales/batch", sale | {"status": "cancelled"}, "updated"),
    ]
    for path, row, outcome in story:
        response = writer.post(path, {"rows": [row]})
        assert response.status_code == 200, response.content
        assert [result["outcome"] for result in response.json()["results"]] == [outcome]
        assert response.json()["counts"][outcome] == 1

    [found] = writer.get("/sales").json()["results"]
    assert (found["status"], found["revision"], found["partner"]) == ("cancelled", 2, partner.public_id)
    assert found["lines"][0]["base_amount"] == "250.0300"
    first = writer.get(f"/sales/{Sale.objects.get(revision=1).public_id}").json()
    assert (first["status"], first["is_current"], first["waits_for_rate"]) == ("booked", False, False)
    assert AuditEntry.objects.filter(event="crm.delivery_applied", actor_label="CRM").count() == 7


@pytest.mark.parametrize("name", BATCHES)
def test_an_empty_batch_is_a_batch(name: str, writer: ApiClient) -> None:
    assert writer.post(f"/{name}/batch", {"rows": []}).json()["results"] == []


def test_faults_of_shape_by_row_and_field(writer: ApiClient) -> None:
    line = {"product": "P1", "quantity": "x", "net_amount": []}
    rows = [
        {"external_id": "S1", "customer": 7, "booked_on": "yesterday", "currency": "EUR", "lines": [line]},
        {"external_id": "S2", "customer": "C1", "booked_on": "2026-01-01", "currency": "EUR", "lines": [], "price": 1},
        "not a row",
        {},
        {"external_id": "S3", "customer": "C1", "booked_on": "2026-02-30", "lines": []},
    ]
    body = assert_problem(writer.post("/sales/batch", {"rows": rows}), 422, "invalid")
    assert {place: errors[0]["code"] for place, errors in body["errors"].items()} == {
        "rows[0].customer": "row.field_invalid",
        "rows[0].booked_on": "row.field_invalid",
        "rows[0].lines[0].quantity": "row.field_invalid",
        "rows[1].price": "row.field_unknown",
        "rows[2]": "row.field_invalid",
        "rows[3]": "row.field_invalid",
        "rows[4].booked_on": "row.field_invalid",
        "rows[4].currency": "row.field_missing",
    }


def test_faults_of_content_by_row_and_field_and_nothing_applied(writer: ApiClient) -> None:
    rows = [CUSTOMER, {**CUSTOMER, "external_id": "C2", "country": "Poland"}, CUSTOMER]
    body = assert_problem(writer.post("/customers/batch", {"rows": rows}), 422, "invalid")
    assert {place: errors[0]["code"] for place, errors in body["errors"].items()} == {
        "rows[1].country": "row.country_invalid",
        "rows[2].external_id": "row.duplicate",
    }
    assert not Customer.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b" ", 400, "parse_error"),
        (b"{", 400, "parse_error"),
        (b"\xff", 400, "parse_error"),
        (b"[" * 100_000, 422, "invalid"),
        (b'{"rows":' * 50_000, 422, "invalid"),
        (b'{"rows":[' + b'{"a":' * 50_000, 400, "parse_error"),
        (b"null", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"rows": {}}', 422, "invalid"),
        (b'{"rows": [], "more": 1}', 422, "invalid"),
        (b'{"rows": [{"code": "\\ud800", "name": "x"}]}', 400, "parse_error"),
        (b'{"rows": [{"code": "\\u0000", "name": "x"}]}', 422, "invalid"),
        (
            json.dumps({"rows": [{"code": f"f{n}", "name": "x"} for n in range(1001)]}).encode(),
            413,
            "request.too_large",
        ),
        (b" " * (5 * 1024 * 1024 + 1), 413, "request.too_large"),
    ],
)
def test_bodies_that_are_no_batch(content: bytes, status: int, code: str, writer: ApiClient) -> None:
    assert_problem(writer.post("/families/batch", content), status, code)
    assert not ProductFamily.objects.exists()


def test_a_thousand_rows_are_possible(writer: ApiClient) -> None:
    rows = [{"code": f"f{number}", "name": "x"} for number in range(1000)]
    assert writer.post("/families/batch", {"rows": rows}).json()["counts"]["created"] == 1000


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json(content_type: str, writer: ApiClient) -> None:
    response = writer.post("/families/batch", b'{"rows": []}', content_type=content_type)
    assert_problem(response, 415, "unsupported_media_type")


def test_amounts_are_exact_whether_text_or_number(writer: ApiClient) -> None:
    rows = (
        b'{"rows": [{"currency": "PLN", "on": "2026-01-01", "rate": 0.1},'
        b' {"currency": "HUF", "on": "2026-01-01", "rate": "0.1"}]}'
    )
    assert writer.post("/rates/batch", rows).status_code == 200
    assert writer.post("/rates/batch", rows).json()["counts"]["unchanged"] == 2


# Idempotency keys


def test_the_same_key_and_request_give_the_same_answer_and_one_effect(writer: ApiClient) -> None:
    first = writer.post("/customers/batch", {"rows": [CUSTOMER]}, key="k-1")
    Customer.objects.update(legal_name="Changed meanwhile")
    again = writer.post("/customers/batch", {"rows": [CUSTOMER]}, key="k-1")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.json()["counts"]["created"] == 1
    assert Customer.objects.get().legal_name == "Changed meanwhile"


def test_the_same_key_for_another_request_is_refused(writer: ApiClient) -> None:
    writer.post("/customers/batch", {"rows": [CUSTOMER]}, key="k-1")
    assert_problem(writer.post("/customers/batch", {"rows": []}, key="k-1"), 422, "request.key_reused")
    assert_problem(writer.post("/families/batch", {"rows": [CUSTOMER]}, key="k-1"), 422, "request.key_reused")


def test_a_failed_request_leaves_its_key_free(writer: ApiClient) -> None:
    bad = {**CUSTOMER, "country": "??"}
    assert writer.post("/customers/batch", {"rows": [bad]}, key="k-1").status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert writer.post("/customers/batch", {"rows": [CUSTOMER]}, key="k-1").status_code == 200


def test_clients_do_not_meet_each_others_keys(client_with: Callable[..., ApiClient]) -> None:
    for client in (client_with("crm.write"), client_with("crm.write")):
        assert client.post("/customers/batch", {"rows": [CUSTOMER]}, key="k-1").status_code == 200
    assert IdempotencyKey.objects.count() == 2


@pytest.mark.parametrize("key", ["k" * 256, "kłucz", "a\tb"])
def test_keys_that_are_none(key: str, writer: ApiClient) -> None:
    assert_problem(writer.post("/customers/batch", {"rows": []}, key=key), 400, "request.key_invalid")


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_with_one_key_have_one_effect(writer: ApiClient) -> None:
    answers = at_once(
        lambda side: ApiClient(writer.token).post("/customers/batch", {"rows": [CUSTOMER]}, key="k-1"), sides=8
    )
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["counts"]["created"] == 1
    assert Delivery.objects.count() == 1


def test_a_text_is_stored_without_the_spaces_around_it(writer: ApiClient) -> None:
    CustomerFactory(external_id="C1", **{key: CUSTOMER[key] for key in ("legal_name", "country", "domain")})
    spaced = {key: f"  {value} " for key, value in CUSTOMER.items()}
    assert writer.post("/customers/batch", {"rows": [spaced]}).json()["counts"]["unchanged"] == 1
