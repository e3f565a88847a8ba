"""``manage.py create_api_client NAME --scopes crm.read crm.write``: let a machine use the REST API."""

from argparse import ArgumentParser
from typing import Any

from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from common.actor import SYSTEM
from common.audit import record
from prm.api import SCOPES


class Command(BaseCommand):
    help = "Make an API client that acts for itself, and print its id and secret: the secret is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What it is called in audit entries, such as “CRM”.")
        parser.add_argument("--scopes", nargs="+", required=True, choices=sorted(SCOPES), metavar="SCOPE")

    def handle(self, *args: Any, name: str, scopes: list[str], **options: Any) -> None:
        secret = get_adapter().generate_client_secret()
        client = Client(name=name, type=Client.Type.CONFIDENTIAL, grant_types=Client.GrantType.CLIENT_CREDENTIALS)
        client.set_secret(secret)
        client.set_scopes(scopes)
        client.default_scopes = client.scopes  # a token request that names no scope gets them all
        client.response_types = ""
        with transaction.atomic():
            client.save(force_insert=True)
            record("api_client.created", on=client, by=SYSTEM, at=timezone.now(), name=name, scopes=scopes)
        self.stdout.write(f"client_id:     {client.pk}\nclient_secret: {secret}")
