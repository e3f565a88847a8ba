"""Overrides, freezes and reviews by hand over REST."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from partners.models import Partner
from tests.factories.overrides import REASON, Bench
from tests.journeys.world import api_client
from tiers.actions.overrides import approve_override
from tiers.models import Freeze, Override

pytestmark = pytest.mark.django_db
OVERRIDES, FREEZES, REVIEWS = "/api/v1/tier-overrides", "/api/v1/tier-freezes", "/api/v1/tier-reviews"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def machine() -> Client:
    return api_client("tiers.read", "tiers.write")


def post(machine: Client, url: str, body: object = None, key: str = ""):
    headers = {"Idempotency-Key": key or f"key-{url}-{hash(str(body))}"}
    return machine.post(url, body or {}, content_type="application/json", headers=headers)


def asked(bench: Bench, **other: object) -> dict[str, object]:
    today = timezone.localdate()
    return {
        "partner": Partner.objects.get(pk=bench.partner_id).public_id,
        "starts_on": str(today),
        "ends_on": str(today + timedelta(days=30)),
        "reason": REASON,
        **other,
    }


def test_a_program_asks_and_a_person_decides(bench: Bench, machine: Client) -> None:
    answer = post(machine, OVERRIDES, asked(bench, level="gold"))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["level"], made["status"], made["state"], made["requested_by"]) == (
        "gold",
        "requested",
        "waiting",
        "CRM",
    )
    assert Override.objects.get().requested_by_id is None
    approve_override(made["public_id"], answer="Agreed", by=bench.chief, at=timezone.now())
    shown = machine.get(f"{OVERRIDES}/{made['public_id']}").json()
    assert (shown["state"], shown["decided_by"], shown["answer"]) == ("live", bench.chief.label, "Agreed")
    day = timezone.localdate()
    for query, count in ((f"live_on={day}", 1), (f"live_on={day - timedelta(days=1)}", 0), ("status=declined", 0)):
        assert len(machine.get(f"{OVERRIDES}?{query}").json()["results"]) == count
    ended = post(machine, f"{OVERRIDES}/{made['public_id']}/end", {"reason": REASON})
    assert ended.json()["ends_on"] == str(day + timedelta(days=1))


def test_a_program_withdraws_what_a_program_asked(bench: Bench, machine: Client) -> None:
    public_id = post(machine, OVERRIDES, asked(bench, level="gold")).json()["public_id"]
    assert post(machine, f"{OVERRIDES}/{public_id}/withdraw").json()["status"] == "withdrawn"
    again = post(machine, f"{OVERRIDES}/{public_id}/withdraw", key="another")
    assert (again.status_code, again.json()["reasons"][0]["code"]) == (409, "override.not_waiting")


def test_refusals_come_all_at_once(bench: Bench, machine: Client) -> None:
    answer = post(machine, OVERRIDES, asked(bench, level="bronze", reason="no", starts_on="2020-01-01"))
    assert answer.status_code == 409
    codes = [reason["code"] for reason in answer.json()["reasons"]]
    assert codes == ["override.level_held", "override.words_missing", "override.in_past", "override.too_long"]
    unknown = post(machine, OVERRIDES, asked(bench, level="gold", partner="ptn_nobody"))
    assert unknown.json()["reasons"][0]["code"] == "override.partner_unknown"
    assert not Override.objects.exists()


def test_the_same_key_asks_once(bench: Bench, machine: Client) -> None:
    body = asked(bench, level="gold")
    first, second = (post(machine, OVERRIDES, body, key="once") for _ in range(2))
    assert first.json() == second.json()
    assert Override.objects.count() == 1


def test_a_freeze_over_rest(bench: Bench, machine: Client) -> None:
    made = post(machine, FREEZES, asked(bench)).json()
    assert (made["state"], made["set_by"]) == ("live", "CRM")
    assert machine.get(f"{FREEZES}/{made['public_id']}").json() == made
    partner = asked(bench)["partner"]
    assert len(machine.get(f"{FREEZES}?partner={partner}").json()["results"]) == 1
    ended = post(machine, f"{FREEZES}/{made['public_id']}/end", {"reason": REASON})
    assert ended.status_code == 200
    assert Freeze.objects.get().ends_on == timezone.localdate() + timedelta(days=1)


def test_a_review_over_rest(bench: Bench, machine: Client) -> None:
    answer = post(machine, REVIEWS, {"partner": asked(bench)["partner"]})
    assert answer.status_code == 200, answer.content
    assert answer.json()["before"] == answer.json()["after"]
    assert answer.json()["after"]["level"] == "bronze"


def test_without_the_scopes(bench: Bench) -> None:
    body = asked(bench, level="gold")
    reader, writer = api_client("tiers.read"), api_client("tiers.write")
    assert reader.get(OVERRIDES).status_code == 200
    assert post(reader, OVERRIDES, body).status_code == 403
    assert writer.get(OVERRIDES).status_code == 403
    assert post(writer, OVERRIDES, body).status_code == 403
    assert post(reader, REVIEWS, body).status_code == 403
    assert not Override.objects.exists()
