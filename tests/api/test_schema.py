"""The description of the API: valid, without warnings, and browsable under the strict content policy."""

import re
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from common.api.schema import schema_of
from crm.rules.rows import SaleRow


@pytest.fixture(scope="module")
def schema() -> Any:
    text, warnings = StringIO(), StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=text, stderr=warnings)
    assert warnings.getvalue() == ""
    return yaml.safe_load(text.getvalue())


def operations(schema: Any) -> Any:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_schema_is_valid_and_complete(schema: Any) -> None:
    assert schema["openapi"] == "3.1.0"
    assert "/api/v1/sales/batch" in schema["paths"]
    assert not [path for path in schema["paths"] if not path.startswith("/api/v1/")]


def test_every_operation_says_its_scope_its_problems_and_its_name(schema: Any) -> None:
    for path, method, operation in operations(schema):
        where = f"{method} {path}"
        assert operation["security"], where
        assert all(scopes for entry in operation["security"] for scopes in entry.values()), where
        assert {"401", "403"} <= operation["responses"].keys(), where
        assert operation["summary"], where
        for code, answer in operation["responses"].items():
            if code >= "400":
                assert list(answer["content"]) == ["application/problem+json"], where


def test_how_to_get_a_token_is_described(schema: Any) -> None:
    flow = schema["components"]["securitySchemes"]["ClientCredentials"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/identity/o/api/token"
    assert {"crm.read", "crm.write"} <= flow["scopes"].keys()


def test_batches_describe_their_rows(schema: Any) -> None:
    operation = schema["paths"]["/api/v1/sales/batch"]["post"]
    rows = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["rows"]
    assert rows["maxItems"] == 1000
    assert rows["items"] == schema_of(SaleRow)
    assert rows["items"]["properties"]["lines"]["items"]["properties"]["net_amount"]["format"] == "decimal"
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]


def test_lists_describe_their_pages_and_filters(schema: Any) -> None:
    operation = schema["paths"]["/api/v1/customers"]["get"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"country", "cursor", "external_id", "limit", "updated_since"}


@pytest.mark.django_db
def test_the_schema_is_served() -> None:
    response = Client().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert response.status_code == 200
    assert response.json()["openapi"] == "3.1.0"


@pytest.mark.django_db
def test_the_docs_need_no_inline_code_and_no_other_host() -> None:
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=|https?://|//[a-z]", text)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(addresses) == 4
    for address in addresses:
        assert Client().get(address.replace("&amp;", "&")).status_code == 200, address
    script = Client().get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert '"validatorUrl": null' in script.content.decode()
    assert "unsafe" not in page["Content-Security-Policy"]
