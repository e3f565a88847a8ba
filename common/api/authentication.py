"""Bearer tokens of API clients, issued by the token endpoint for client credentials."""

import json
from typing import Any

from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.contrib.rest_framework.authentication import TokenAuthentication
from allauth.idp.oidc.internal.resources import is_resources_subset
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.actor import Actor

SCHEME = "ClientCredentials"


class ClientTokenAuthentication(TokenAuthentication):
    """Authenticates a client, never a person: a page's session or a person's token opens nothing here.

    Sets ``request.actor`` to the client with the scopes that both its token and, still, the client itself have. The
    library's own class answers 403 for a bad token and lets ID tokens pass; this one looks the token up itself.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Token] | None:
        scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        token = _token_of(value.strip()) if scheme.lower() == "bearer" else None
        if token is None or not is_resources_subset([request.build_absolute_uri(request.path)], token.get_resources()):
            raise AuthenticationFailed(_("The access token is invalid, has expired or was revoked."), "invalid_token")
        request.actor = client_actor(token)  # type: ignore[attr-defined]
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        offered = "Authorization" in request.headers
        return 'Bearer realm="api", error="invalid_token"' if offered else 'Bearer realm="api"'


def client_actor(token: Token) -> Actor:
    """Who acts with this token."""
    client = token.client
    return Actor(
        kind="client",
        key=f"client:{client.pk}",
        label=client.name,
        scopes=frozenset(token.get_scopes()) & frozenset(client.get_scopes()),
    )


# Written out: every request asks this, and putting the ORM's query together took longer than answering it.
_LIVE = """
    SELECT token.id, token.scopes, token.data, client.id, client.name, client.scopes
    FROM allauth_idp_oidc_token token JOIN allauth_idp_oidc_client client ON client.id = token.client_id
    WHERE token.type = %s AND token.hash = %s AND token.user_id IS NULL
      AND (token.expires_at IS NULL OR token.expires_at > now())
"""


def _token_of(value: str) -> Token | None:
    """The live access token of a client that acts for itself. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [Token.Type.ACCESS_TOKEN, get_adapter().hash_token(value)])
        row = cursor.fetchone()
    if row is None:
        return None
    pk, scopes, data, client_id, client_name, client_scopes = row
    client = Client(pk=client_id, name=client_name, scopes=client_scopes, secret="")  # its default would be hashed
    return Token(pk=pk, scopes=scopes, data=json.loads(data or "null"), client=client)


class ClientCredentialsScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells OpenAPI how to get a token, and which scope each operation needs."""

    target_class = "common.api.authentication.ClientTokenAuthentication"
    name = SCHEME

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        scopes = {name: str(text) for name, text in get_adapter().scope_display.items() if "." in name}
        flow = {"tokenUrl": reverse("idp:oidc:token"), "scopes": scopes}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        required = getattr(auto_schema.view, "required_scopes", {}).get(auto_schema.method, "")
        return {self.name: required.split()}
