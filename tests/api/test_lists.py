"""Lists and single objects: pages by keyset, what changed since, filters; and the public face of every object."""

from datetime import timedelta
from typing import Any

import pytest

from crm.models import Customer
from tests.api.conftest import ApiClient
from tests.api.test_authentication import assert_problem
from tests.factories.crm import (
    SEEN_AT,
    CustomerFactory,
    OpportunityFactory,
    ProductFactory,
    ProductFamilyFactory,
    SaleFactory,
    SaleLineFactory,
)
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db


def pages(client: ApiClient, path: str, **query: Any) -> list[list[str]]:
    """The public ids of each page, following `next` to the end."""
    found = []
    answer = client.get(path, **query).json()
    while True:
        found.append([row["public_id"] for row in answer["results"]])
        if answer["next"] is None:
            return found
        assert answer["next"].startswith("http://testserver/api/v1/")
        answer = client.http.get(answer["next"], headers={"Authorization": f"Bearer {client.token}"}).json()


def test_pages_cover_all_rows_once_even_when_all_changed_at_once(reader: ApiClient) -> None:
    customers = [CustomerFactory() for _ in range(7)]
    found = pages(reader, "/customers", limit=3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert sorted(public_id for page in found for public_id in page) == sorted(
        customer.public_id for customer in customers
    )


def test_pages_follow_the_order_of_change_under_writes(reader: ApiClient) -> None:
    customers = [CustomerFactory(updated_at=SEEN_AT + timedelta(hours=n)) for n in range(5)]
    first = reader.get("/customers", limit=2).json()
    assert [row["public_id"] for row in first["results"]] == [customer.public_id for customer in customers[:2]]
    Customer.objects.filter(pk=customers[0].pk).update(updated_at=SEEN_AT + timedelta(days=9))
    CustomerFactory(updated_at=SEEN_AT - timedelta(days=9))
    rest = reader.http.get(first["next"].replace("limit=2", "limit=9"), headers=reader._headers()).json()
    assert [row["public_id"] for row in rest["results"]] == [
        *(customer.public_id for customer in customers[2:]),
        customers[0].public_id,
    ]


@pytest.mark.parametrize("count", [3, 30])
def test_statements_of_a_page_do_not_grow(count: int, reader: ApiClient, django_assert_num_queries: Any) -> None:
    partner = PartnerFactory()
    for _ in range(count):
        sale = SaleFactory(partner=partner)
        SaleLineFactory(sale=sale)
    with django_assert_num_queries(3):  # token, sales, lines
        assert len(reader.get("/sales").json()["results"]) == count


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1e3", "٣", "9" * 5000])
def test_page_sizes_that_are_none(limit: str, reader: ApiClient) -> None:
    body = assert_problem(reader.get("/customers", limit=limit), 422, "invalid")
    assert list(body["errors"]) == ["limit"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "ł", "bm90IGpzb24", "WyIyMDI2LTAxLTAxIiwgMV0", "W10", "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwieCJd"],
)
def test_cursors_that_are_not_ours(cursor: str, reader: ApiClient) -> None:
    body = assert_problem(reader.get("/customers", cursor=cursor), 422, "invalid")
    assert list(body["errors"]) == ["cursor"]


def test_what_changed_since(reader: ApiClient) -> None:
    CustomerFactory(updated_at=SEEN_AT - timedelta(seconds=1))
    on_the_dot = CustomerFactory(updated_at=SEEN_AT)
    assert pages(reader, "/customers", updated_since=SEEN_AT.isoformat()) == [[on_the_dot.public_id]]
    assert_problem(reader.get("/customers", updated_since="soon"), 422, "invalid")


def test_times_are_utc(reader: ApiClient) -> None:
    customer = CustomerFactory(updated_at=SEEN_AT)
    assert reader.get(f"/customers/{customer.public_id}").json()["updated_at"] == "2026-01-05T09:00:00Z"
    assert pages(reader, "/customers", updated_since="2026-01-05T09:00:00") == [[customer.public_id]]
    assert pages(reader, "/customers", updated_since="2026-01-05T09:00:01") == [[]]


def test_filters(reader: ApiClient) -> None:
    customer = CustomerFactory(external_id="X1", country="HU")
    product = ProductFactory(family=ProductFamilyFactory(code="net"))
    opportunity = OpportunityFactory(customer=customer, is_open=False)
    partner = PartnerFactory()
    sale = SaleFactory(customer=customer, partner=partner)
    CustomerFactory(), ProductFactory(), OpportunityFactory(), SaleFactory()
    for path, query, expected in [
        ("/customers", {"external_id": "X1"}, customer),
        ("/customers", {"country": "HU"}, customer),
        ("/products", {"family": "net"}, product),
        ("/opportunities", {"customer": customer.public_id, "is_open": "false"}, opportunity),
        ("/sales", {"partner": partner.public_id}, sale),
        ("/sales", {"customer": customer.public_id}, sale),
    ]:
        assert pages(reader, path, **query) == [[expected.public_id]]
    assert_problem(reader.get("/customers", external_id="a\0b"), 422, "invalid")


def test_old_revisions_are_shown_but_not_listed(reader: ApiClient) -> None:
    old = SaleFactory(external_id="S1", is_current=False)
    new = SaleFactory(external_id="S1", revision=2)
    assert pages(reader, "/sales") == [[new.public_id]]
    assert reader.get(f"/sales/{old.public_id}").json()["is_current"] is False


def test_objects_show_public_ids_only(reader: ApiClient) -> None:
    opportunity = OpportunityFactory(family=None, stage_moved_at=None)
    sale = SaleFactory(customer=opportunity.customer)
    SaleLineFactory(sale=sale, base_amount=None)
    shown = {
        "customers": opportunity.customer,
        "products": ProductFactory(),
        "opportunities": opportunity,
        "sales": sale,
    }
    for name, subject in shown.items():
        body = reader.get(f"/{name}/{subject.public_id}").json()
        assert body["public_id"] == subject.public_id
        assert not {"id", "pk"} & body.keys()
    assert reader.get(f"/opportunities/{opportunity.public_id}").json()["family"] is None
    assert reader.get(f"/sales/{sale.public_id}").json()["lines"][0]["base_amount"] is None


@pytest.mark.parametrize("name", ["customers", "products", "opportunities", "sales"])
@pytest.mark.parametrize("public_id", ["cus_0000000000000000", "1", "batch", "x" * 500])
def test_missing_objects(name: str, public_id: str, reader: ApiClient) -> None:
    response = reader.get(f"/{name}/{public_id}")
    if public_id == "batch":
        assert_problem(response, 405, "method_not_allowed")
    else:
        assert_problem(response, 404, "not_found")
