"""What is there before a journey begins: policy in force, a Silver partner, its rival, and the vendor's people."""

import base64
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from celery.contrib.testing.worker import start_worker
from django.core.management import call_command
from django.test import Client

from common.actor import SYSTEM
from common.models import JobRun
from common.period import Period, period_of
from deals.actions.rulebooks import publish_default_rulebook
from incentives.actions.plans import publish_default_plans
from partners.models import Partner
from prm.celery import app
from tests.factories.partners import PASSWORD, MembershipFactory, PartnerFactory, VendorRoleFactory
from tiers.actions.programmes import publish_default_programme
from tiers.actions.scores import NewCredit, Source, credit_scores
from tiers.actions.standings import enrol_partner, review_partners


@dataclass(frozen=True)
class World:
    partner: Partner
    rival: Partner
    emails: dict[str, str]  # by what the person is


def build_world(*, today: date, now: datetime) -> World:
    """Policies started with the quarter; the partner reached Silver yesterday, so that it counts today."""
    starts_on = period_of(today, "quarter").starts_on - timedelta(days=1)
    starts_on = period_of(starts_on, "quarter").starts_on
    publish_default_programme(starts_on=starts_on, at=now)
    publish_default_rulebook(effective_from=starts_on, by=SYSTEM, at=now)
    publish_default_plans(starts_on=starts_on, by=SYSTEM, at=now)
    partner, rival = PartnerFactory(name="Bałtyk IT"), PartnerFactory(name="Rival Systems")
    for company in (partner, rival):
        enrol_partner(company.pk, day=starts_on, at=now)
    reach_silver(partner, starts_on, now)
    review_partners([partner.pk, rival.pk], day=today - timedelta(days=1), at=now)
    emails = {
        "seller": MembershipFactory(partner=partner, role="seller").user.email,
        "partner finance": MembershipFactory(partner=partner, role="finance").user.email,
        "rival": MembershipFactory(partner=rival, role="admin").user.email,
        "manager": VendorRoleFactory(role="channel_manager").user.email,
        "ceo": VendorRoleFactory(role="ceo").user.email,
    }
    return World(partner, rival, emails)


def reach_silver(partner: Partner, day: date, now: datetime) -> None:
    """Silver asks for revenue of 100,000 in a year, two new customers and three certified people."""
    amounts = {"channel_revenue": 120_000, "new_customers": 2, "certified_people": 3}
    credit_scores(
        [
            NewCredit(partner.pk, metric, Decimal(amount), Period(day), Source("history", f"{partner.pk}-{metric}"))
            for metric, amount in amounts.items()
        ],
        at=now,
    )


def signed_in(email: str) -> Client:
    """A browser in which this person signed in through the login page."""
    client = Client()
    answer = client.post("/account/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def api_client(*scopes: str) -> Client:
    """A machine with a token, got the way an integrator gets it."""
    printed = StringIO()
    call_command("create_api_client", "CRM", "--scopes", *scopes, stdout=printed)
    client_id, secret = (line.split()[1] for line in printed.getvalue().splitlines())
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    answer = Client().post(
        "/identity/o/api/token",
        {"grant_type": "client_credentials", "scope": " ".join(scopes)},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200, answer.content
    return Client(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})


def send_rows(client: Client, kind: str, *rows: dict[str, Any]) -> list[str]:
    """Send a batch; the outcome of each row."""
    body = {"rows": list(rows)}
    answer = client.post(
        f"/api/v1/{kind}/batch", body, content_type="application/json", headers={"Idempotency-Key": kind}
    )
    assert answer.status_code == 200, answer.content
    return [result["outcome"] for result in answer.json()["results"]]


def stock(crm: Client) -> None:
    """What the CRM knows before anything happens."""
    send_rows(crm, "families", {"code": "platform", "name": "Platform"}, {"code": "services", "name": "Services"})
    send_rows(
        crm,
        "products",
        {"external_id": "PLT", "sku": "PLT", "name": "Platform", "kind": "product", "family": "platform"},
        {"external_id": "SRV", "sku": "SRV", "name": "Service day", "kind": "service", "family": "services"},
    )
    customer = {"external_id": "C-1", "legal_name": "Inter Cars SA", "country": "PL", "domain": "intercars.example.com"}
    assert send_rows(crm, "customers", customer) == ["created"]


def report_sale(crm: Client, partner: str, deal_id: str, today: date) -> None:
    lines = [
        {"product": "PLT", "quantity": "4", "net_amount": "60000.00"},
        {"product": "SRV", "quantity": "5", "net_amount": "5000.00"},
    ]
    sale = {"external_id": "S-1", "customer": "C-1", "booked_on": str(today), "currency": "EUR", "lines": lines}
    assert send_rows(crm, "sales", sale | {"partner": partner, "registration": deal_id}) == ["created"]


def run_night_on_a_worker(day: date) -> None:
    """The command only opens the night; a Celery worker, woken through Valkey, does it."""
    with start_worker(app, pool="solo", perform_ping_check=False):
        call_command("nightly", "--date", str(day), "--queue")
        end = time.monotonic() + 60
        while not JobRun.objects.filter(status="done").exists():
            assert time.monotonic() < end, "the night was not done"
            time.sleep(0.05)
