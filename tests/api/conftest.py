"""Real clients with real tokens, over HTTP."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

TOKEN_URL = "/identity/o/api/token"


@dataclass
class ApiClient:
    """Speaks JSON with a bearer token."""

    token: str
    http: Client = field(default_factory=Client)

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(f"/api/v1{path}", query, headers=self._headers())

    def post(self, path: str, body: Any, key: str = "", content_type: str = "application/json") -> Any:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        headers = self._headers() | ({"Idempotency-Key": key} if key else {})
        return self.http.post(f"/api/v1{path}", content, content_type=content_type, headers=headers)

    def delete(self, path: str) -> Any:
        return self.http.delete(f"/api/v1{path}", headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def register(name: str, *scopes: str) -> tuple[str, str]:
    """Id and secret of a new client, as the command prints them."""
    printed = StringIO()
    call_command("create_api_client", name, "--scopes", *scopes, stdout=printed)
    pairs = (line.split(":", 1) for line in printed.getvalue().splitlines())
    known = {name: value.strip() for name, value in pairs}
    return known["client_id"], known["client_secret"]


def ask_token(client_id: str, secret: str, *, basic: bool = True, **form: str) -> Any:
    """The token endpoint's answer, with the secret in the header or in the form."""
    data = {"grant_type": "client_credentials", **form}
    if not basic:
        return Client().post(TOKEN_URL, {**data, "client_id": client_id, "client_secret": secret})
    credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return Client().post(TOKEN_URL, data, headers={"Authorization": f"Basic {credentials}"})


@pytest.fixture(autouse=True)
def quick_secrets(settings: Any) -> None:
    """Hashing a secret slowly, as it should be, would take most of these tests' time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def client_with(db: None) -> Callable[..., ApiClient]:
    def make(*scopes: str) -> ApiClient:
        return ApiClient(ask_token(*register("CRM", *scopes)).json()["access_token"])

    return make


@pytest.fixture
def writer(client_with: Callable[..., ApiClient]) -> ApiClient:
    return client_with("crm.write", "crm.read")


@pytest.fixture
def reader(client_with: Callable[..., ApiClient]) -> ApiClient:
    return client_with("crm.read")
