"""A protection's life over REST: more time, changes, the stage, giving up, revoking, comments, files."""

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from deals.models import Attachment, Comment, Extension, Registration
from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.deals.test_attachments import PDF
from tests.factories.deals import registered

__all__ = ["quick_secrets"]
WORDS = "The customer signed the offer yesterday."


@pytest.fixture
def client_with(channel):
    def make(*scopes: str) -> ApiClient:
        return ApiClient(ask_token(*register("CRM", *scopes)).json()["access_token"])

    return make


@pytest.fixture
def crm(client_with):
    return client_with("deals.read", "deals.write")


@pytest.fixture
def deal(channel):
    at = timezone.now() - timedelta(days=1)
    return registered(channel, at=at, expected_close_on=(at + timedelta(days=30)).date())


def problem(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_more_time(crm, deal):
    asked = {"words": WORDS, "evidence_on": timezone.now().date().isoformat()}
    path = f"/registrations/{deal.public_id}/extend"
    first, again = (crm.post(path, asked, key="k1") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert Extension.objects.count() == 1
    shown = first.json()
    assert (shown["status"], shown["days"], shown["decided_by"]) == ("granted", 60, "")
    assert [step["code"] for step in shown["steps"]] == ["ends_before", "days", "ends_after"]
    assert crm.post(path, asked, key="k2").json()["status"] == "pending"
    assert problem(crm.post(path, asked, key="k3")) == (409, "extension.pending")
    assert problem(crm.post(path, {**asked, "attachment": "att_0000000000000000"}, key="k4"))[0] == 404
    assert [row["number"] for row in crm.get(f"/registrations/{deal.public_id}/extensions").json()] == [1, 2]


def test_changes(channel, crm, deal):
    path = f"/registrations/{deal.public_id}/changes"
    small = crm.post(path, {"contact": "Béla"}, key="k1").json()
    assert (small["status"], small["dimensions"]) == ("applied", [])
    assert small["differences"] == [{"field": "contact", "before": "Jan Kowalski", "after": "Béla"}]
    line = {"product": channel.product.public_id, "quantity": 1, "amount": "50000.00"}
    large = crm.post(path, {"lines": [line]}, key="k2").json()
    assert (large["status"], large["dimensions"]) == ("pending", ["value"])
    assert large["decision"].startswith("dec_")
    assert problem(crm.post(path, {"contact": "x"}, key="k3")) == (409, "change.pending")
    assert [row["public_id"] for row in crm.get(path).json()] == [large["public_id"], small["public_id"]]


def test_the_stage_release_and_revocation(channel, crm, deal):
    path = f"/registrations/{deal.public_id}"
    assert crm.post(f"{path}/stage", {"stage": "proposal"}, key="k1").json()["stage"] == "proposal"
    assert crm.post(f"{path}/release", {}, key="k2").json()["status"] == "released"
    assert problem(crm.post(f"{path}/release", {}, key="k3")) == (409, "registration.status")
    other = registered(channel, at=timezone.now(), customer_name="Other", customer_domain="")
    path = f"/registrations/{other.public_id}/revoke"
    assert problem(crm.post(path, {"words": " "}, key="k4")) == (409, "registration.words_missing")
    assert crm.post(path, {"words": "Sold elsewhere"}, key="k5").json()["status"] == "revoked"


def test_comments(crm, deal):
    path = f"/registrations/{deal.public_id}/comments"
    said = crm.post(path, {"text": "Hello"}, key="k1")
    assert (said.status_code, said.json()["stream"], said.json()["author"]) == (201, "shared", "CRM")
    assert problem(crm.post(path, {"text": " "}, key="k2")) == (409, "comment.empty")
    assert problem(crm.post(path, {"text": "x", "stream": "bogus"}, key="k3")) == (409, "registration.choice_invalid")
    assert crm.get(path).json() == [said.json()]
    assert Comment.objects.count() == 1


def test_files(crm, deal):
    path = f"/registrations/{deal.public_id}/attachments"
    sent = {"name": "offer.pdf", "content": base64.b64encode(PDF).decode()}
    kept = crm.post(path, sent, key="k1")
    assert (kept.status_code, kept.json()["kind"], kept.json()["size"]) == (201, "pdf", len(PDF))
    assert problem(crm.post(path, {**sent, "content": "§"}, key="k2")) == (409, "attachment.not_encoded")
    assert problem(crm.post(path, {**sent, "name": "offer.png"}, key="k3")) == (409, "attachment.content_differs")
    assert crm.get(path).json() == [kept.json()]
    content = crm.get(f"{path}/{kept.json()['public_id']}")
    assert (content.content, content["Content-Disposition"]) == (PDF, 'attachment; filename="offer.pdf"')
    assert Attachment.objects.count() == 1


def test_scopes_and_missing_ones(client_with, deal):
    reader, writer = client_with("deals.read"), client_with("deals.write")
    for name in ("extend", "changes", "release", "revoke", "stage", "comments", "attachments"):
        assert reader.post(f"/registrations/{deal.public_id}/{name}", {}, key="k").status_code == 403, name
    for name in ("extensions", "changes", "comments", "attachments"):
        assert reader.get(f"/registrations/{deal.public_id}/{name}").status_code == 200, name
        assert writer.get(f"/registrations/{deal.public_id}/{name}").status_code == 403, name
        assert problem(reader.get(f"/registrations/reg_0000000000000000/{name}")) == (404, "not_found")
    assert Registration.objects.get().status == "approved"
