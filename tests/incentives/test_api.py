"""Statements over HTTP: own scope, no scope, missing."""

import re
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from incentives.actions.statements import close_statements
from incentives.models import Statement
from tests.factories.incentives import night, published, sold
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db
LIST = "/api/v1/statements"


def token(client, *scopes: str) -> dict[str, str]:
    """Headers of a new API client with these scopes."""
    out = StringIO()
    call_command("create_api_client", "Books", "--scopes", *scopes, stdout=out)
    client_id, secret = re.findall(r": +(\S+)", out.getvalue())
    given = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer = client.post(reverse("idp:oidc:token"), given)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def headers(client) -> dict[str, str]:
    return token(client, "statements.read")


@pytest.fixture
def partners() -> list:
    """Three partners that sold in August and September."""
    published(("0", "0.02"), ("50000", "0.04"))
    found = [PartnerFactory() for _ in range(3)]
    for partner in found:
        sold(partner.pk, "70000", date(2026, 8, 3))
        night(date(2026, 8, 31), partner.pk)
        sold(partner.pk, "1000", date(2026, 9, 3))
        night(date(2026, 9, 30), partner.pk)
    close_statements(date(2026, 8, 1), at=datetime(2026, 9, 1, 9, 0, tzinfo=UTC))
    return found


def test_the_list_is_read_to_its_end_and_no_further(client, headers, partners):
    seen = []
    address = f"{LIST}?limit=4"
    while address:
        page = client.get(address, headers=headers).json()
        seen += [row["public_id"] for row in page["results"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("month=2026-08-01", 3),
        ("status=open", 3),
        ("status=closed&month=2026-09-01", 0),
        ("updated_since=2026-10-14T10:00:00Z", 3),
        ("partner=ptn_0000000000000000", 0),
    ],
)
def test_the_list_is_narrowed(client, headers, partners, asked, count):
    assert len(client.get(f"{LIST}?{asked}", headers=headers).json()["results"]) == count


def test_the_list_costs_the_same_however_long(client, headers, partners, django_assert_num_queries):
    for limit in (1, 6):
        with django_assert_num_queries(2):  # the token, the page
            client.get(f"{LIST}?limit={limit}", headers=headers)


def test_a_statement_has_lines_and_steps_that_add_up(client, headers, partners, django_assert_num_queries):
    statement = Statement.objects.get(partner=partners[0], month_starts_on=date(2026, 9, 1))
    with django_assert_num_queries(3):  # the token, the statement, its lines
        body = client.get(f"{LIST}/{statement.public_id}", headers=headers).json()
    assert {name: body[name] for name in ("partner", "opening", "accruals", "closing", "status")} == {
        "partner": partners[0].public_id,
        "opening": "1800.0000",
        "accruals": "40.0000",
        "closing": "1840.0000",
        "status": "open",
    }
    [line] = body["lines"]
    assert (line["kind"], line["amount"], line["volume"]) == ("accrual", "40.0000", "71000.0000")
    assert (line["period_starts_on"], line["period_ends_on"]) == ("2026-07-01", "2026-10-01")
    assert [(step["code"], step["amount"]) for step in line["steps"]] == [
        ("step.slice", "1000.00"),
        ("step.top_slice", "840.00"),
        ("step.posted_before", "-1800.00"),
    ]
    assert line["steps"][1]["sentence"] == "4% on the part above €50,000.00: €21,000.00"


def test_who_is_refused(client, headers, partners):
    statement = Statement.objects.first()
    other = token(client, "crm.read")
    for address in (LIST, f"{LIST}/{statement.public_id}", f"{LIST}/stm_0000000000000000"):
        assert client.get(address).status_code == 401
        assert client.get(address, headers=other).status_code == 403
    missing = client.get(f"{LIST}/stm_0000000000000000", headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert client.post(LIST, headers=headers).status_code == 405


def test_the_description_names_the_endpoints(client):
    schema = client.get("/api/schema/?format=json").json()
    assert {"/api/v1/statements", "/api/v1/statements/{public_id}"} <= schema["paths"].keys()
