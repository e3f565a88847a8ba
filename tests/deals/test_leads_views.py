"""Pages and endpoints of leads: what each side sees, and what stays hidden."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from common.actor import SYSTEM
from deals.actions.leads import decline_offer, offer_lead
from deals.models import Lead, LeadOffer, Registration
from partners.models import User
from tests.factories.deals import vendor
from tests.factories.leads import COMPANY, CONTACT, a_lead, an_offer
from tests.journeys.world import api_client


def browser_of(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


TYPED = {
    "customer_name": COMPANY,
    "customer_country": "DE",
    "contact_name": CONTACT,
    "contact_phone": "+49 1",
    "words": "Forty seats.",
    "value": "12000",
}


def test_entered_looked_at_and_offered(channel):
    manager = browser_of(channel.manager)
    typed = TYPED | {"family": channel.product.family_id}
    assert manager.post("/deals/leads/new/", typed | {"contact_phone": ""}).status_code == 422
    page = manager.post("/deals/leads/new/", typed, follow=True)
    assert "Who is the right partner now" in page.content.decode()
    assert not LeadOffer.objects.exists()
    lead = Lead.objects.get()
    page = manager.post(f"/deals/leads/{lead.public_id}/offer/", follow=True).content.decode()
    assert channel.partner.name in page
    assert "Offered" in page
    assert COMPANY in manager.get("/deals/leads/?q=hidden&status=offered").content.decode()
    assert COMPANY not in manager.get("/deals/leads/?status=closed").content.decode()


def test_hidden_until_accepted(channel):
    offer = an_offer(channel, at=timezone.now())
    seller, address = browser_of(channel.seller), f"/deals/offers/{offer.public_id}/"
    for page in (address, "/deals/offers/"):
        text = seller.get(page).content.decode()
        assert COMPANY not in text
        assert CONTACT not in text
    text = seller.post(address, {"accept": "1"}, follow=True).content.decode()
    assert COMPANY in text
    assert CONTACT in text
    assert Registration.objects.get().public_id in text


@pytest.mark.parametrize("how", ["declined", "expired"])
def test_hidden_for_ever_without_a_yes(channel, how):
    at = timezone.now() - timedelta(days=20)
    offer = an_offer(channel, at=at)
    if how == "declined":
        decline_offer(offer.public_id, by=channel.seller, at=at)
    text = browser_of(channel.seller).get(f"/deals/offers/{offer.public_id}/").content.decode()
    assert COMPANY not in text
    assert CONTACT not in text
    assert "Your answer" not in text
    assert channel.rival.name not in text


def test_declined_with_words_that_the_vendor_reads(channel):
    offer = an_offer(channel, at=timezone.now())
    address = f"/deals/offers/{offer.public_id}/"
    seller = browser_of(channel.seller)
    assert seller.post(address, {"decline": "1", "words": "w" * 2001}).status_code == 422
    assert seller.post(address, {"decline": "1", "words": "Too far away."}).status_code == 302
    page = browser_of(channel.manager).get(f"/deals/leads/{offer.lead.public_id}/").content.decode()
    assert "Too far away." in page


def test_the_vendors_pages_are_missing_for_partners_and_the_other_way_round(channel):
    offer = an_offer(channel, at=timezone.now())
    assert browser_of(channel.seller).get("/deals/leads/").status_code == 404
    assert browser_of(channel.seller).get(f"/deals/leads/{offer.lead.public_id}/").status_code == 404
    assert browser_of(channel.manager).get("/deals/offers/").status_code == 404
    assert browser_of(channel.rival_seller).get(f"/deals/offers/{offer.public_id}/").status_code == 404


def exported(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="leads.csv"'
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_file_holds_what_the_list_shows(channel):
    at = timezone.now()
    placed = an_offer(channel, at=at, customer_name="=Placed AG").lead
    a_lead(channel, at=at, customer_name="Open AG")
    manager = browser_of(channel.manager)
    page = manager.get("/deals/leads/?status=offered")
    assert "/deals/leads/export.csv?status=offered" in page.content.decode()
    rows = exported(manager, "/deals/leads/export.csv?status=offered")
    assert [list(row.values()) for row in rows] == [
        [placed.public_id, "'=Placed AG", "DE", placed.family.name, "offered", "12000.0000", "EUR", at.isoformat()]
    ]
    assert not any(CONTACT in text for text in rows[0].values())
    assert [row["customer_name"] for row in exported(manager, "/deals/leads/export.csv")] == ["Open AG", "'=Placed AG"]
    assert exported(manager, "/deals/leads/export.csv?q=nobody") == []
    assert browser_of(channel.seller).get("/deals/leads/export.csv").status_code == 404


def test_a_saved_view_leads_back_to_the_selection(channel):
    a_lead(channel, at=timezone.now())
    manager = browser_of(channel.manager)
    saved = {"page": "deals.leads", "name": "Not placed", "query": "status=unplaced", "is_shared": "on"}
    assert manager.post("/views/", saved).headers["Location"] == "/deals/leads/?status=unplaced"
    colleague = browser_of(vendor("channel_chief"))
    assert 'href="?status=unplaced"' in colleague.get("/deals/leads/").content.decode()
    assert COMPANY not in colleague.get("/deals/leads/?status=unplaced").content.decode()


@pytest.mark.parametrize(
    ("page", "count"), [("/deals/leads/", 8), ("/deals/leads/export.csv", 5), ("/deals/offers/", 8), ("lead", 9)]
)
def test_statements_do_not_grow(channel, page, count, django_assert_num_queries):
    at = timezone.now()
    lead = a_lead(channel, at=at)
    offer_lead(lead.pk, by=SYSTEM, at=at)
    reader = browser_of(channel.seller if page == "/deals/offers/" else channel.manager)
    address = f"/deals/leads/{lead.public_id}/" if page == "lead" else page
    reader.get(address)
    for further in (0, 11):
        for _number in range(further):
            offer_lead(a_lead(channel, at=at).pk, by=SYSTEM, at=at)
        with django_assert_num_queries(count):
            answer = reader.get(address)
            assert b"".join(answer) if answer.streaming else answer.status_code == 200


def test_a_client_enters_a_lead_once_and_reads_its_offer_without_contacts(channel):
    machine = api_client("deals.read", "deals.write")
    body = TYPED | {"family": channel.product.family.code}
    first, again = (
        machine.post("/api/v1/leads", body, content_type="application/json", headers={"Idempotency-Key": "k1"})
        for _time in range(2)
    )
    assert (first.status_code, first.json()) == (201, again.json())
    assert Lead.objects.count() == 1
    offered = machine.get("/api/v1/lead-offers").json()["results"]
    assert [(each["answer"], each["customer_name"]) for each in offered] == [("waiting", "")]
    accept = f"/api/v1/lead-offers/{offered[0]['public_id']}/accept"
    assert machine.post(accept, headers={"Idempotency-Key": "k2"}).status_code == 404  # nobody answers for another
