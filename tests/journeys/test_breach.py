"""Two stories over HTTP in which the vendor is held to its own rules: a breach made good, an appeal overturned.

The partner is Silver (deal discount 6 %, multiplier 1.1) and has sold nothing this quarter. Direct sales sells
20,000.00 EUR of the protected platform:

Margin: 6 % of 20,000.00 =                                     1,200.00
Growth rebate: 20,000.00 × 2 % = 400.00, × 1.1 for Silver =      440.00
                                                              ---------
                                                               1,640.00
"""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from common import outbox
from common.audit import verify_chain
from tests.factories.partners import VendorRoleFactory
from tests.journeys.test_deal_to_statement import read
from tests.journeys.world import World, api_client, build_world, send_rows, signed_in, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world():
    return build_world(today=timezone.localdate(), now=timezone.now())


@pytest.fixture
def crm(world) -> Client:
    client = api_client("crm.read", "crm.write", "deals.read", "deals.write")
    stock(client)
    return client


def staff(role: str) -> Client:
    return signed_in(VendorRoleFactory(role=role).user.email)


def deliver() -> None:
    """Let the outbox tell everybody."""
    outbox.relay(at=timezone.now() + timedelta(minutes=1))


def sell_directly(crm: Client, **changes: str) -> None:
    lines = [{"product": "PLT", "quantity": "1", "net_amount": "20000.00"}]
    today = str(timezone.localdate())
    sale = {"external_id": "S-D", "customer": "C-1", "booked_on": today, "currency": "EUR", "lines": lines}
    send_rows(crm, "sales", sale | changes)


def registered(crm: Client, world: World) -> str:
    """The CRM registers a deal for the partner that a person has to decide; the address of its page."""
    body = {
        "partner": world.partner.public_id,
        "customer_name": "Inter Cars",
        "customer_country": "PL",
        "customer_domain": "intercars.example.com",
        "contact": "Ewa Nowak, IT director",
        "expected_close_on": str(timezone.localdate() + timedelta(days=60)),
        "currency": "EUR",
        "lines": [{"product": product_id(crm), "quantity": 4, "amount": "60000.00"}],
    }
    answer = post(crm, "/api/v1/registrations", body, "deal")
    assert (answer.status_code, answer.json()["status"]) == (201, "in_review"), answer.content
    return f"/deals/{answer.json()['public_id']}/"


def product_id(crm: Client) -> str:
    products = crm.get("/api/v1/products").json()["results"]
    return next(product["public_id"] for product in products if product["external_id"] == "PLT")


def approve(manager: Client, deal: str) -> None:
    decide(manager, deal, "approve", "The partner brought us in.")


def reject(manager: Client, deal: str) -> str:
    decide(manager, deal, "reject", "We know them ourselves.")
    return deal.strip("/").split("/")[-1]


def decide(manager: Client, deal: str, decision: str, reason: str) -> None:
    answer = manager.post(deal.replace("/deals/", "/deals/queue/"), {"decision": decision, "reason": reason})
    assert answer.status_code == 302, answer.content.decode()


def only(found: list[str]) -> str:
    (one,) = set(found)
    return one


def test_a_breach_is_found_acknowledged_and_made_good(world, crm):
    seller, manager = signed_in(world.emails["seller"]), signed_in(world.emails["manager"])
    chief, deal = staff("channel_chief"), registered(crm, world)
    approve(manager, deal)

    sell_directly(crm)
    deliver()
    assert "Direct sales was active at Inter Cars" in read(seller, "/notices/")
    address = only(re.findall(r'href="(/deals/breaches/brc_[^"/]+/)"', read(seller, deal)))
    page = read(seller, address)
    for words in ("1,640.00", "1,200.00", "440.00", "20,000.00", "Bałtyk IT"):
        assert words in page, words
    assert "S-D" not in page, "the vendor's own number"
    assert signed_in(world.emails["rival"]).get(address).status_code == 404
    assert "Direct sales broke the protection of Inter Cars" in read(chief, "/notices/")

    for who in (seller, manager):
        answer = who.post(f"{address}acknowledge/", {"acknowledge-words": "x"})
        assert answer.status_code == 404
    empty = chief.post(f"{address}acknowledge/", {"acknowledge-words": " "})
    assert empty.status_code == 422
    answer = chief.post(f"{address}acknowledge/", {"acknowledge-words": "Nobody looked at the list."})
    assert answer.status_code == 302, answer.content.decode()
    assert "Nobody looked at the list." in read(seller, address)

    other = chief.post(f"{address}settle/", {"settle-amount": "1700.00", "settle-words": ""})
    assert other.status_code == 422
    assert "Say why the amount is not the one proposed." in other.content.decode()
    answer = chief.post(f"{address}settle/", {"settle-amount": "1640.00", "settle-words": ""})
    assert answer.status_code == 302, answer.content.decode()
    assert "Made good" in read(seller, address)

    finance = signed_in(world.emails["partner finance"])
    statement = only(re.findall(r'href="(/statements/stm_[^/"]+/)"', read(finance, "/statements/")))
    line = only(re.findall(rf'href="({statement}lines/stl_[^/"]+/)"', read(finance, statement)))
    for words in ("Make-good", "1,640.00", "1,200.00", "440.00", "Growth rebate"):
        assert words in read(finance, line), words
    call_command("verify_ledger")

    vendors = staff("finance")
    assert "Take it back" in read(vendors, line)
    assert finance.post(f"{line}take-back/", {"words": "x"}).status_code == 404
    assert vendors.post(f"{line}take-back/", {"words": "Booked by mistake."}).status_code == 302
    assert "Taken back" in read(finance, statement) or "1,640.00" in read(finance, statement)
    call_command("verify_ledger")
    assert verify_chain().broken_at is None


def test_a_breach_by_the_api(world, crm):
    approve(signed_in(world.emails["manager"]), registered(crm, world))
    opportunity = {
        "external_id": "O-D",
        "customer": "C-1",
        "stage": "proposal",
        "amount": "20000.00",
        "currency": "EUR",
        "close_on": str(timezone.localdate() + timedelta(days=30)),
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:00Z",
    }
    assert send_rows(crm, "opportunities", opportunity) == ["created"]
    (breach,) = crm.get("/api/v1/breaches?status=open").json()["results"]
    assert (breach["source_external_id"], breach["amount"], breach["currency"]) == ("O-D", "1640.0000", "EUR")
    assert breach["steps"][0]["sentence"].startswith("Margin: 6%")

    address = f"/api/v1/breaches/{breach['public_id']}"
    early = post(crm, f"{address}/settle", {"amount": "1640.00"}, "settle-early")
    assert (early.status_code, early.json()["code"]) == (409, "breach.status")
    acknowledged = post(crm, f"{address}/acknowledge", {"words": "We offered."}, "ack")
    assert (acknowledged.status_code, acknowledged.json()["status"]) == (200, "acknowledged")
    assert post(crm, f"{address}/acknowledge", {"words": "We offered."}, "ack").json() == acknowledged.json()
    settled = post(crm, f"{address}/settle", {"amount": "1640.00"}, "settle")
    assert (settled.status_code, settled.json()["settled_amount"]) == (200, "1640.0000")
    rejected = post(crm, f"{address}/reject", {"reason": "No."}, "reject")
    assert rejected.status_code == 409
    reader = api_client("deals.read")
    assert reader.get(address).json()["status"] == "settled"
    assert post(reader, f"{address}/reject", {"reason": "No."}, "r").status_code == 403
    call_command("verify_ledger")


def post(client: Client, address: str, body: dict[str, str], key: str):
    return client.post(address, body, content_type="application/json", headers={"Idempotency-Key": key})


def test_an_appeal_is_judged_by_somebody_else(world, crm):
    seller, manager = signed_in(world.emails["seller"]), signed_in(world.emails["manager"])
    chief, deal = staff("channel_chief"), registered(crm, world)
    deal_id = reject(manager, deal)
    assert "Not content with this?" in read(seller, deal)

    short = seller.post(f"{deal}appeal/", {"grounds": " "})
    assert short.status_code == 422
    filed = seller.post(f"{deal}appeal/", {"grounds": "They asked us, see the letter."})
    assert filed.status_code == 302, filed.content.decode()
    appeal = filed["Location"]
    deliver()
    assert "appeals against the answer for Inter Cars" in read(chief, "/notices/")
    assert "They asked us" in read(manager, appeal)
    assert "Somebody who decided about this registration cannot judge" in read(manager, appeal)
    assert signed_in(world.emails["rival"]).get(appeal).status_code == 404

    judgement = {"decision": "overturn", "words": "The letter is older.", "precedent": "Inter Cars asked a partner."}
    told = chief.post(appeal, judgement)
    assert told.status_code == 422
    assert "leave out" in told.content.decode()
    judgement["precedent"] = "A letter of the customer is proof enough."
    answer = chief.post(appeal, judgement)
    assert answer.status_code == 302, answer.content.decode()
    deliver()
    assert "Approved" in read(seller, deal)
    assert "The letter is older." in read(seller, f"{deal}receipt/")
    assert "the customer is protected for you" in read(seller, "/notices/")
    precedents = read(signed_in(world.emails["rival"]), "/deals/appeals/precedents/")
    assert "A letter of the customer is proof enough." in precedents
    assert "Inter Cars" not in precedents
    call_command("replay_decisions")
    shown = crm.get(f"/api/v1/appeals?registration={deal_id}").json()["results"]
    assert [(one["status"], one["words"]) for one in shown] == [("overturned", "The letter is older.")]
    assert verify_chain().broken_at is None


def test_an_appeal_by_the_api(world, crm):
    deal = registered(crm, world)
    deal_id = deal.strip("/").split("/")[-1]
    body = {"registration": deal_id, "grounds": "They asked us."}
    early = post(crm, "/api/v1/appeals", body, "early")
    assert (early.status_code, early.json()["code"]) == (409, "registration.status")
    reject(signed_in(world.emails["manager"]), deal)
    filed = post(crm, "/api/v1/appeals", body, "appeal")
    assert (filed.status_code, filed.json()["status"]) == (201, "open")
    assert post(crm, "/api/v1/appeals", body, "appeal").json() == filed.json()
    assert crm.get(f"/api/v1/appeals/{filed.json()['public_id']}").json()["grounds"] == "They asked us."
