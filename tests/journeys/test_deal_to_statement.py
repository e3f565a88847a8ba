"""The main story over HTTP, as five users: seller, channel manager, CRM, the partner's finance, CEO.

The partner is Silver: rebates of plans that use the tier's multiplier are multiplied by 1.1.
The sale that the CRM reports:      platform  60,000.00 EUR    service  5,000.00 EUR

Growth rebate, quarterly, each rate on its own slice, on products:
    50,000.00 × 2 %  = 1,000.00
    10,000.00 × 4 %  =   400.00
    1,400.00 × 0.1 more for Silver = 140.00                     1,540.00
Service attach rebate, monthly, the reached rate on everything:
    5,000.00 × 3 %                                                150.00
                                                                ---------
                                                                1,690.00
"""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from common.audit import verify_chain
from tests.journeys.world import api_client, build_world, report_sale, run_night_on_a_worker, signed_in, stock

pytestmark = pytest.mark.django_db(transaction=True)


def deal_form(page: str, product: str, today) -> dict[str, str]:
    token, partner = (re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("token", "partner"))
    return {
        "token": token,
        "partner": partner,
        "customer_name": "Inter Cars",
        "customer_country": "PL",
        "known_by": "intercars.example.com",
        "contact": "Ewa Nowak, IT director",
        "expected_close_on": str(today + timedelta(days=60)),
        "stage": "proposal",
        "source": "own",
        "why_now": "Their contract ends this quarter.",
        "currency": "EUR",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-product": product,
        "lines-0-quantity": "4",
        "lines-0-amount": "60000",
        "invited-TOTAL_FORMS": "0",
        "invited-INITIAL_FORMS": "0",
    }


def register(client, today) -> str:
    """Fill in the form and submit it; the address of the deal's page."""
    page = client.get("/deals/new/").content.decode()
    product = re.search(r'<option value="(prd_[^"]+)"[^>]*>\s*Platform', page)[1]
    answer = client.post("/deals/new/", deal_form(page, product, today))
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def read(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def approve(manager, deal_id: str) -> None:
    """The channel manager finds it in the queue, compares, and approves it with a reason."""
    assert deal_id in read(manager, "/deals/queue/")
    assert "Inter Cars SA" in read(manager, f"/deals/queue/{deal_id}/")
    decision = {"decision": "approve", "reason": "The partner brought us in."}
    answer = manager.post(f"/deals/queue/{deal_id}/", decision)
    assert answer.status_code == 302, answer.content.decode()


def read_statement(finance) -> str:
    """The statement and its lines, down to the sales; the statement's address."""
    (address,) = set(re.findall(r'href="(/statements/stm_[^/"]+/)"', read(finance, "/statements/")))
    statement = read(finance, address)
    assert "1,690.00" in statement
    lines = [read(finance, line) for line in set(re.findall(rf'href="({address}lines/stl_[^/"]+/)"', statement))]
    (growth,) = [page for page in lines if "1,540.00" in page]
    (attach,) = [page for page in lines if page is not growth]
    for words in ("1,000.00", "400.00", "140.00", "60,000.00", "Silver", "Platform"):
        assert words in growth, words
    for words in ("150.00", "5,000.00", "Service day"):
        assert words in attach, words
    return address


def test_from_the_deal_to_the_statement():
    today = timezone.localdate()
    world = build_world(today=today, now=timezone.now())
    people = {who: signed_in(email) for who, email in world.emails.items()}
    seller, rival = people["seller"], people["rival"]
    crm = api_client("crm.read", "crm.write", "deals.read")
    stock(crm)

    deal = register(seller, today)
    deal_id = deal.strip("/").split("/")[-1]
    assert "In review" in read(seller, deal), "too large to be approved automatically"
    receipt = read(seller, f"{deal}receipt/")
    assert "R10 Size" in receipt
    assert "60,000.00" in receipt

    approve(people["manager"], deal_id)
    assert "Approved" in read(seller, deal)
    assert "The partner brought us in." in read(seller, f"{deal}receipt/")

    refused = read(rival, register(rival, today))
    assert "Rejected" in refused
    assert world.partner.name not in refused
    assert rival.get(deal).status_code == 404

    report_sale(crm, world.partner.public_id, deal_id, today)
    assert "Won" in read(seller, deal)
    assert crm.get(f"/api/v1/registrations/{deal_id}").json()["status"] == "won"

    run_night_on_a_worker(today)
    statement = read_statement(people["partner finance"])
    assert seller.get(statement).status_code == 404, "a seller sees no money"
    assert rival.get(statement).status_code == 404
    assert "1,690" in read(people["ceo"], "/insights/")

    assert verify_chain().broken_at is None
    call_command("verify_ledger")
