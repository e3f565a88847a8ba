"""Registrations over REST: keys, scopes, drafts, receipts, and what a client is told when something is wrong."""

from typing import Any

import pytest

from common.models import AuditEntry
from crm.models import Customer
from deals.models import Decision, Protection, Registration
from deals.rules.rulebook import DEFAULT_RULES
from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.factories.deals import drafted, registered
from tests.factories.partners import PartnerFactory

__all__ = ["quick_secrets"]


@pytest.fixture
def client_with(channel):
    def make(*scopes: str) -> ApiClient:
        return ApiClient(ask_token(*register("CRM", *scopes)).json()["access_token"])

    return make


@pytest.fixture
def crm(client_with):
    return client_with("deals.read", "deals.write")


def body(channel, **changes: Any) -> dict[str, Any]:
    return {
        "partner": channel.partner.public_id,
        "customer_name": "Zwack Unicum Nyrt.",
        "customer_country": "HU",
        "customer_domain": "zwack.hu",
        "contact": "Anna",
        "expected_close_on": "2030-01-15",
        "currency": "EUR",
        "lines": [{"product": channel.product.public_id, "quantity": 2, "amount": "5000.00"}],
        **changes,
    }


def problem(answer) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_client_registers_for_a_partner(channel, crm):
    answer = crm.post("/registrations", body(channel), key="k1")
    assert answer.status_code == 201
    shown = answer.json()
    registration = Registration.objects.get()
    assert shown["public_id"] == registration.public_id
    assert (shown["status"], shown["partner"], shown["customer"]) == (
        "approved",
        channel.partner.public_id,
        channel.customer.public_id,
    )
    assert (shown["total_amount"], shown["base_amount"], shown["currency"]) == ("5000.0000", "5000.0000", "EUR")
    assert shown["lines"] == [
        {
            "number": 1,
            "product": channel.product.public_id,
            "family": channel.product.family.code,
            "quantity": 2,
            "amount": "5000.0000",
        }
    ]
    assert shown == crm.get(f"/registrations/{registration.public_id}").json()
    assert AuditEntry.objects.filter(actor_label="CRM", event="registration.submitted").count() == 1


def test_a_retry_registers_once_and_gets_the_same_answer(channel, crm):
    first, again = (crm.post("/registrations", body(channel), key="k1") for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())
    assert Registration.objects.count() == Decision.objects.count() == 1
    assert problem(crm.post("/registrations", body(channel, contact="B"), key="k1")) == (422, "request.key_reused")
    assert problem(crm.post("/registrations", body(channel))) == (400, "request.key_missing")


def test_a_rejection_is_an_answer_with_its_reasons(channel, crm, now):
    registered(channel, at=now, by_rival=True)
    Protection.objects.update(ends_at="2031-01-01T00:00:00Z")
    answer = crm.post("/registrations", body(channel), key="k1")
    assert (answer.status_code, answer.json()["status"]) == (201, "rejected")
    (decision,) = crm.get(f"/registrations/{answer.json()['public_id']}/decisions").json()
    assert (decision["verdict"], decision["reason"]["code"]) == ("reject", "registration.customer_protected")
    assert [outcome["rule"] for outcome in decision["outcomes"] if outcome["is_decisive"]] == ["live_protection"]
    assert len(decision["outcomes"]) == len(DEFAULT_RULES)
    assert decision["rulebook_version"] == 1


def test_a_draft_is_kept_and_submitted_later(channel, crm):
    draft = crm.post("/registrations", body(channel, submit=False, contact=""), key="k1").json()
    assert draft["status"] == "draft"
    assert problem(crm.post(f"/registrations/{draft['public_id']}/submit", {}, key="k2")) == (
        409,
        "registration.contact_missing",
    )
    Registration.objects.update(contact="Anna")
    answer = crm.post(f"/registrations/{draft['public_id']}/submit", {}, key="k2")
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")
    assert answer.json() == crm.get(f"/registrations/{draft['public_id']}").json()


def test_the_answer_to_a_submission_names_no_customer_where_none_is_settled(channel, crm):
    """Too small a deal with a company that nobody knows: rejected, and no customer is made of it."""
    lines = [{"product": channel.product.public_id, "quantity": 1, "amount": "10.00"}]
    unknown = {"customer_name": "Zorbas Brandnew", "customer_domain": "", "lines": lines, "submit": False}
    draft = crm.post("/registrations", body(channel, **unknown), key="k1").json()
    answer = crm.post(f"/registrations/{draft['public_id']}/submit", {}, key="k2").json()
    assert (answer["status"], answer["customer"]) == ("rejected", None)
    assert answer == crm.get(f"/registrations/{draft['public_id']}").json()


def test_every_refusal_is_told_with_its_field(channel, crm):
    wrong = body(channel, customer_name="…", contact="", expected_close_on="2020-01-01", customer_country="hu")
    wrong["lines"] = [{"product": "prd_0000000000000000", "quantity": 0, "amount": "0.00"}]
    answer = crm.post("/registrations", wrong, key="k1")
    assert problem(answer)[0] == 409
    assert set(answer.json()["errors"]) == {
        *("customer_name", "contact", "expected_close_on", "customer_country", "lines.0.quantity", "lines.0.amount"),
    }
    unknown = crm.post("/registrations", body(channel, lines=[{**body(channel)["lines"][0], "product": "x"}]), key="k1")
    assert problem(unknown) == (409, "registration.unknown_product")
    assert problem(crm.post("/registrations", body(channel, partner="ptn_x"), key="k1")) == (
        409,
        "registration.unknown_partner",
    )
    assert not Registration.objects.exists()
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    "malformed",
    [
        {"lines": "none"},
        {"lines": [{}]},
        {"currency": "EURO"},
        {"expected_close_on": "soon"},
        {"lines": [{"product": "x", "quantity": 1, "amount": "NaN"}]},
        {"customer_name": "x" * 10_001},
        {"customer_name": None},
        {"stage": "someday"},
    ],
)
def test_malformed_input_is_422(channel, crm, malformed):
    assert problem(crm.post("/registrations", body(channel, **malformed), key="k1")) == (422, "invalid")
    assert not Registration.objects.exists()


def test_absurd_texts_are_refused(channel, crm):
    for name in ("x" * 10_000, "a\u0001b", "\u202eevil"):
        assert problem(crm.post("/registrations", body(channel, customer_name=name), key="k1"))[0] in (409, 422)
    assert not Registration.objects.exists()


def test_scopes(channel, client_with, now):
    registration = registered(channel, at=now)
    reader, writer, stranger = client_with("deals.read"), client_with("deals.write"), client_with("crm.read")
    assert problem(reader.post("/registrations", body(channel), key="k")) == (403, "permission_denied")
    created = writer.post("/registrations", body(channel, customer_name="Elsewhere", customer_domain=""), key="k")
    assert created.status_code == 201
    for path in ("", f"/{registration.public_id}", f"/{registration.public_id}/decisions"):
        assert reader.get(f"/registrations{path}").status_code == 200
        assert problem(writer.get(f"/registrations{path}"))[0] == 403
        assert problem(stranger.get(f"/registrations{path}"))[0] == 403
        assert problem(ApiClient("").get(f"/registrations{path}"))[0] == 401


def test_missing_ones_are_404(crm):
    for path in ("/registrations/reg_0000000000000000", "/registrations/reg_0000000000000000/decisions"):
        assert problem(crm.get(path)) == (404, "not_found")
    assert problem(crm.post("/registrations/reg_0000000000000000/submit", {}, key="k")) == (404, "not_found")


def test_lists_page_and_narrow(channel, crm, now, django_assert_max_num_queries):
    for number in range(3):
        registered(channel, at=now, customer_name=f"Company {number}", customer_domain="", amount=90_000)
    drafted(channel, at=now)
    with django_assert_max_num_queries(4):
        assert len(crm.get("/registrations").json()["results"]) == 4
    first = crm.get("/registrations", limit=3).json()
    assert len(first["results"]) == 3
    assert first["next"]

    def found(**query):
        return len(crm.get("/registrations", **query).json()["results"])

    assert found(status="in_review") == 3
    assert found(status="draft") == 1
    assert found(status="expired") == 0
    assert found(partner=channel.partner.public_id) == 4
    assert found(partner=PartnerFactory().public_id) == 0
    assert found(customer=channel.customer.public_id) == 0
    assert found(updated_since="2026-10-14T10:00:00Z") == 4
    assert found(updated_since="2026-10-14T10:00:01Z") == 0
    assert problem(crm.get("/registrations", status="someday"))[0] == 422


def test_a_lapsed_registration_reads_expired(channel, crm, now):
    registration = registered(channel, at=now)
    Protection.objects.filter(registration=registration).update(
        starts_at="2020-01-01T00:00Z", ends_at="2020-02-01T00:00Z"
    )
    Registration.objects.update(protected_until="2020-02-01T00:00Z")
    assert crm.get(f"/registrations/{registration.public_id}").json()["status"] == "expired"
    assert len(crm.get("/registrations", status="expired").json()["results"]) == 1
