"""The lists and the published rules over REST."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common.actor import SYSTEM
from deals.actions.policies import add_entry
from deals.actions.rulebooks import draft_rulebook, publish_rulebook
from deals.models import Authorisation, BlockedCustomer, ExclusiveGrant, NamedAccount
from deals.rules.policies import NamedAccountEntry
from deals.rules.rulebook import DEFAULT_RULES
from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.factories.crm import CustomerFactory
from tests.factories.deals import vendor

__all__ = ["quick_secrets"]


def client_with(*scopes: str) -> ApiClient:
    return ApiClient(ask_token(*register("CRM", *scopes)).json()["access_token"])


@pytest.fixture
def crm(channel):
    return client_with("deals.read", "deals.write")


@pytest.fixture
def today():
    return timezone.localdate()


def problem(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def bodies(channel, today) -> dict[str, dict]:
    customer, partner = channel.customer.public_id, channel.partner.public_id
    dates = {"starts_on": str(today), "ends_on": None, "note": "x"}
    return {
        "named-accounts": {"customer": customer, **dates},
        "blocked-customers": {"customer": customer, "reason": "barred", **dates},
        "exclusive-grants": {"partner": partner, "countries": ["DE"], "segment": "", "family": None, **dates},
        "authorisations": {
            "partner": partner,
            "countries": [],
            "segment": "Public",
            "family": channel.product.family.code,
            "certificate": "C-1",
            **dates,
        },
    }


def test_entries_are_added_read_and_ended(channel, crm, today):
    for kind, body in bodies(channel, today).items():
        added = crm.post(f"/{kind}", body, key=f"add {kind}")
        assert added.status_code == 201, added.content
        shown = added.json()
        assert {name: shown[name] for name in body} == body
        again = crm.post(f"/{kind}", body, key=f"add {kind}")
        assert (again.status_code, again.json()) == (201, shown)
        assert problem(crm.post(f"/{kind}", body, key=f"another {kind}"))[0] == 409
        assert crm.get(f"/{kind}/{shown['public_id']}").json() == shown
        ends_on = str(today + timedelta(days=5))
        ended = crm.post(f"/{kind}/{shown['public_id']}/end", {"ends_on": ends_on}, key=f"end {kind}")
        assert (ended.status_code, ended.json()["ends_on"]) == (200, ends_on)
        assert crm.get(f"/{kind}").json()["results"] == [ended.json()]
        assert crm.get(f"/{kind}", live_on=ends_on).json()["results"] == []
        assert len(crm.get(f"/{kind}", live_on=str(today)).json()["results"]) == 1
    assert [m.objects.count() for m in (NamedAccount, BlockedCustomer, ExclusiveGrant, Authorisation)] == [1, 1, 1, 1]


def test_what_is_wrong_is_said_with_code_and_field(channel, crm, today):
    body = bodies(channel, today)["exclusive-grants"]
    wrong = {**body, "partner": "ptn_nobody", "countries": ["XX"], "family": "nope"}
    answer = crm.post("/exclusive-grants", wrong, key="k1")
    assert answer.status_code == 409
    assert [(reason["code"], reason["field"]) for reason in answer.json()["reasons"]] == [
        ("policy.partner_unknown", "partner_id"),
        ("policy.family_unknown", "family_id"),
        ("policy.country_unknown", "countries"),
    ]
    nothing = crm.post("/exclusive-grants", {**body, "countries": []}, key="k2")
    assert problem(nothing) == (409, "exclusive_grant.of_nothing")
    early = crm.post("/exclusive-grants", {**body, "ends_on": str(today)}, key="k3")
    assert problem(early) == (409, "policy.ends_before_start")
    assert ExclusiveGrant.objects.count() == 0


def test_scopes_and_keys(channel, crm, today):
    body = bodies(channel, today)["named-accounts"]
    reader = client_with("deals.read")
    assert reader.post("/named-accounts", body, key="k").status_code == 403
    assert client_with("crm.read").get("/named-accounts").status_code == 403
    assert crm.post("/named-accounts", body).status_code == 400
    assert crm.post("/named-accounts/nac_missing/end", {"ends_on": str(today)}, key="k").status_code == 404
    assert NamedAccount.objects.count() == 0


def test_every_entry_is_on_one_page(channel, crm, today):
    for _ in range(5):
        entry = NamedAccountEntry(customer_id=CustomerFactory().pk, starts_on=today)
        add_entry(entry, by=SYSTEM, at=timezone.now())
    found, answer = [], crm.get("/named-accounts", limit=2).json()
    while True:
        found += [row["public_id"] for row in answer["results"]]
        if answer["next"] is None:
            break
        answer = crm.http.get(answer["next"], headers={"Authorization": f"Bearer {crm.token}"}).json()
    assert sorted(found) == sorted(NamedAccount.objects.values_list("public_id", flat=True))
    assert crm.get("/named-accounts", cursor="\u202e").status_code in (400, 422)


def test_published_rulebooks_are_read_and_drafts_are_not(channel, today):
    at = timezone.now()
    publish_rulebook(DEFAULT_RULES, effective_from=today + timedelta(days=9), by=SYSTEM, at=at)
    draft = draft_rulebook(by=vendor("channel_chief"), at=at)
    reader = client_with("deals.read")
    rows = reader.get("/rulebooks").json()["results"]
    assert [(row["version"], row["state"]) for row in rows] == [(1, "in_force"), (2, "announced")]
    shown = reader.get(f"/rulebooks/{rows[0]['public_id']}").json()
    assert shown == rows[0]
    assert shown["rules"][-1]["params"]["minimum_amount"] == "1000"
    assert shown["terms"]["review_days"] == 1
    assert not any(name.startswith("watched") for name in shown["terms"])
    assert reader.get(f"/rulebooks/{draft.public_id}").status_code == 404
    assert client_with("crm.read").get("/rulebooks").status_code == 403
