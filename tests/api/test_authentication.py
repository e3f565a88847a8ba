"""Tokens: how to get one, and that nothing else opens the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Client, Token
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.utils import timezone

from common.models import AuditEntry
from tests.api.conftest import ApiClient, ask_token, register
from tests.factories.partners import PASSWORD, UserFactory, VendorRoleFactory

pytestmark = pytest.mark.django_db
PATHS = ["/customers", "/products", "/opportunities", "/sales", "/customers/cus_0000000000000000"]
BATCHES = ["families", "products", "customers", "opportunities", "sales", "rates"]


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert set(body) == {"type", "title", "status", "code", "detail", "reasons", "errors"}
    return body


@pytest.mark.parametrize("basic", [True, False])
def test_a_token_by_header_or_by_form(basic: bool) -> None:
    answer = ask_token(*register("CRM", "crm.read"), basic=basic).json()
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "crm.read")
    assert ApiClient(answer["access_token"]).get("/customers").status_code == 200


def test_a_client_gets_no_scope_it_does_not_have() -> None:
    credentials = register("CRM", "crm.read")
    assert ask_token(*credentials, scope="crm.read crm.write").status_code == 400
    assert ask_token(credentials[0], "wrong").status_code == 401


def test_the_command_keeps_the_secret_to_itself() -> None:
    client_id, secret = register("CRM", "crm.read", "crm.write")
    client = Client.objects.get(pk=client_id)
    assert secret not in client.secret
    assert client.get_grant_types() == ["client_credentials"]
    assert AuditEntry.objects.filter(event="api_client.created", subject_id=client_id).count() == 1
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("create_api_client", "CRM", "--scopes", "everything")


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_401(path: str) -> None:
    response = ApiClient("").get(path)
    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", "Bearer", "Basic abc", "Bearer a b", "Token x", "\x7f"]
)
def test_with_a_bad_token_401(header: str) -> None:
    response = Browser().get("/api/v1/customers", headers={"Authorization": header})
    assert_problem(response, 401, "invalid_token")
    assert response["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'


def test_a_broken_address_with_a_token_is_not_our_fault(reader: ApiClient) -> None:
    response = reader.http.get("/api/v1/customers?a=%zz&b=%", headers={"Authorization": f"Bearer {reader.token}"})
    assert response.status_code == 200


@pytest.mark.parametrize("name", BATCHES)
def test_a_missing_scope_403(name: str, reader: ApiClient) -> None:
    assert_problem(reader.post(f"/{name}/batch", {"rows": []}), 403, "permission_denied")


@pytest.mark.parametrize("path", PATHS)
def test_writing_is_not_reading(path: str, client_with: Callable[..., ApiClient]) -> None:
    assert_problem(client_with("crm.write").get(path), 403, "permission_denied")


def test_what_bites_at_the_next_request(reader: ApiClient) -> None:
    token = Token.objects.get()
    Client.objects.filter(pk=token.client_id).update(scopes="crm.write")
    assert_problem(reader.get("/customers"), 403, "permission_denied")
    Client.objects.filter(pk=token.client_id).update(scopes="crm.read")
    assert reader.get("/customers").status_code == 200
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_problem(reader.get("/customers"), 401, "invalid_token")


def test_a_deleted_client_is_out(reader: ApiClient) -> None:
    Client.objects.all().delete()
    assert_problem(reader.get("/customers"), 401, "invalid_token")


def test_a_persons_session_or_token_opens_nothing(reader: ApiClient) -> None:
    user = UserFactory(email="chief@example.com")
    VendorRoleFactory(user=user, role="admin")
    browser = Browser()
    assert browser.login(email=user.email, password=PASSWORD)
    assert_problem(browser.get("/api/v1/customers"), 401, "not_authenticated")
    Token.objects.update(user=user)
    assert_problem(reader.get("/customers"), 401, "invalid_token")


def test_a_refresh_token_opens_nothing(reader: ApiClient) -> None:
    Token.objects.update(type=Token.Type.REFRESH_TOKEN)
    assert_problem(reader.get("/customers"), 401, "invalid_token")


def test_unknown_addresses_and_methods(reader: ApiClient) -> None:
    for method in ("get", "post", "delete"):
        response = getattr(Browser(), method)("/api/v1/nothing/here")
        assert_problem(response, 404, "not_found")
    headers = {"Authorization": f"Bearer {reader.token}"}
    assert_problem(Browser().delete("/api/v1/customers", headers=headers), 405, "method_not_allowed")
    assert_problem(Browser().options("/api/v1/customers", headers=headers), 405, "method_not_allowed")
    assert Browser().head("/api/v1/customers", headers=headers).status_code == 200
