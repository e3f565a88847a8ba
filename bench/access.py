"""A machine's access to the API."""

import base64
from io import StringIO

from django.core.management import call_command
from django.test import Client


def token(*scopes: str) -> str:
    """The access token of a new client with these scopes."""
    printed = StringIO()
    call_command("create_api_client", "Benchmark", "--scopes", *scopes, stdout=printed)
    client_id, secret = (line.split()[1] for line in printed.getvalue().splitlines()[:2])
    credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    answer = Client().post(
        "/identity/o/api/token",
        {"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {credentials}"},
    )
    return str(answer.json()["access_token"])
