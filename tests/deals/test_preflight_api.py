"""Checks, holds, shares and batches over REST: the same actions as the pages, each effect once."""

from typing import Any

import pytest

from deals.models import Participant, PencilHold, Registration
from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.factories.deals import registered
from tests.factories.partners import PartnerFactory

__all__ = ["quick_secrets"]


@pytest.fixture
def crm(channel):
    return ApiClient(ask_token(*register("CRM", "deals.read", "deals.write")).json()["access_token"])


def question(channel, **changes: Any) -> dict[str, Any]:
    return {
        "partner": channel.partner.public_id,
        "customer_name": "Zwack Unicum Nyrt.",
        "customer_country": "HU",
        "customer_domain": "zwack.hu",
        "products": [channel.product.public_id],
        "amount": "5000.00",
        "currency": "EUR",
        **changes,
    }


def row(channel, name: str = "Brand New AG", **changes: Any) -> dict[str, Any]:
    return {
        "partner": channel.partner.public_id,
        "customer_name": name,
        "customer_country": "DE",
        "contact": "Anna",
        "expected_close_on": "2029-01-15",
        "currency": "EUR",
        "lines": [{"product": channel.product.public_id, "quantity": 2, "amount": "5000.00"}],
        **changes,
    }


def test_a_check_has_a_light_and_one_text(channel, crm, now):
    green = crm.post("/preflight", question(channel))
    assert (green.status_code, green.json()["light"], green.json()["code"]) == (200, "green", "check.free")
    registered(channel, at=now, by_rival=True)
    Registration.objects.update(protected_until="2030-01-01T00:00:00Z")
    PencilHold.objects.all().delete()
    registration = Registration.objects.get()
    registration.protections.update(ends_at="2030-01-01T00:00:00Z")
    red = crm.post("/preflight", question(channel)).json()
    assert red == {
        "light": "red",
        "code": "registration.customer_protected",
        "message": "Under the rules of engagement this customer cannot be protected for you for these products.",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partner": "ptn_0000000000000000"}, "registration.unknown_partner"),
        ({"products": ["prd_0000000000000000"]}, "registration.unknown_product"),
        ({"customer_name": "…"}, "registration.customer_name_invalid"),
        ({"customer_name": "a\u202eb"}, "registration.text_characters"),
        ({"customer_country": "XX"}, "registration.country_invalid"),
        ({"currency": "HUF"}, "registration.no_rate"),
        ({"products": []}, "invalid"),
    ],
)
def test_a_question_that_is_wrong_says_so(channel, crm, changes, code):
    answer = crm.post("/preflight", question(channel, **changes))
    assert answer.status_code in {409, 422}
    assert answer.json()["code"] == code


def test_a_hold_is_made_once_listed_and_given_up(channel, crm):
    first, again = (crm.post("/pencil-holds", question(channel), key="h1") for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    hold = PencilHold.objects.get()
    assert [one["public_id"] for one in crm.get("/pencil-holds").json()] == [hold.public_id]
    rival = crm.post("/pencil-holds", question(channel, partner=channel.rival.public_id), key="h2")
    assert (rival.status_code, rival.json()["code"]) == (409, "check.person_looks")
    assert crm.delete(f"/pencil-holds/{hold.public_id}").status_code == 204
    assert crm.delete(f"/pencil-holds/{hold.public_id}").json()["code"] == "pencil.over"
    assert crm.get("/pencil-holds").json() == []


def test_shares_are_set_and_consent_is_nobody_elses(channel, crm, now):
    other = PartnerFactory()
    deal = registered(channel, at=now)
    Registration.objects.update(protected_until="2030-01-01T00:00:00Z")
    address = f"/registrations/{deal.public_id}/participants"
    shares = [
        {"partner": other.public_id, "role": "resell", "share_percent": "25.50"},
        {"partner": None, "role": "direct", "share_percent": "10"},
    ]
    answer = crm.post(address, {"participants": shares}, key="s1")
    assert answer.status_code == 200, answer.json()
    assert [(one["role"], one["share_percent"], one["consent"]) for one in answer.json()] == [
        ("lead", "64.5", "given"),
        ("resell", "25.5", "invited"),
        ("direct", "10", "invited"),
    ]
    ids = {row.role: row.public_id for row in Participant.objects.all()}
    consent = crm.post(f"/participations/{ids['resell']}/answer", {"agrees": True}, key="a1")
    assert consent.status_code == 404
    direct = crm.post(f"/participations/{ids['direct']}/answer", {"agrees": True}, key="a2")
    assert direct.json()["consent"] == "given"
    assert crm.delete(f"/participations/{ids['resell']}").status_code == 204
    assert [one["share_percent"] for one in crm.get(address).json()] == ["90", "10"]
    unknown = [{"partner": "ptn_0000000000000000", "role": "resell", "share_percent": "1"}]
    refused = crm.post(address, {"participants": unknown}, key="s2")
    assert refused.json()["code"] == "participant.agreed_already"


def test_a_batch_registers_each_row_once(channel, crm):
    rows = [row(channel, "One AG"), row(channel, "Two AG", contact="")]
    refused = crm.post("/registrations/batch", {"rows": rows}, key="b1")
    assert refused.status_code == 422
    assert refused.json()["errors"] == {
        "rows[1].contact": [{"code": "registration.contact_missing", "message": "Enter whom you talk to."}]
    }
    assert not Registration.objects.exists()
    good = {"rows": rows, "all_or_nothing": False}
    first, again = (crm.post("/registrations/batch", good, key="b1") for _ in range(2))
    assert first.json() == again.json()
    done = first.json()
    assert (done["registered"], done["left_out"]) == (1, 1)
    assert [(one["status"], one["light"]) for one in done["results"]] == [("approved", "green"), (None, None)]
    assert done["results"][1]["errors"][0]["field"] == "contact"
    assert Registration.objects.count() == 1
    other = {"rows": [row(channel, "Elsewhere AG")], "all_or_nothing": False}
    assert crm.post("/registrations/batch", other, key="b1").json()["code"] == "request.key_reused"


def test_a_batch_says_what_is_wrong_with_its_rows(channel, crm):
    rows = [
        row(channel, partner="ptn_0000000000000000"),
        row(channel, currency="HUF"),
        row(channel, lines=[{"product": "prd_0000000000000000", "quantity": 1, "amount": "1.00"}]),
    ]
    errors = crm.post("/registrations/batch", {"rows": rows}, key="b2").json()["errors"]
    assert {field: found[0]["code"] for field, found in errors.items()} == {
        "rows[0].partner": "registration.unknown_partner",
        "rows[1].currency": "registration.no_rate",
        "rows[2].lines[0].product": "registration.unknown_product",
    }
    many = crm.post("/registrations/batch", {"rows": [row(channel)] * 501}, key="b3")
    assert many.status_code == 422
    assert crm.post("/registrations/batch", {"rows": rows}).json()["code"] == "request.key_missing"


def test_a_reader_may_not_ask(channel):
    reader = ApiClient(ask_token(*register("BI", "deals.read")).json()["access_token"])
    assert reader.post("/preflight", question(channel)).status_code == 403
    assert reader.post("/registrations/batch", {"rows": [row(channel)]}, key="x").status_code == 403
