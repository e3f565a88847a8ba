"""Metrics and standings over REST."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from common.models import AuditEntry
from partners.models import Partner
from tests.api.conftest import quick_secrets
from tests.factories.partners import UserFactory
from tests.factories.tiers import a_credit, credit, enrolled_partner_id, hold_level
from tests.tiers.test_api_scores import a_row, client_with, outcomes, sent
from tiers.models import Level, Metric, Override

__all__ = ["quick_secrets"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return Partner.objects.get(pk=enrolled_partner_id())


@pytest.fixture
def client(partner):
    return client_with("tiers.read", "tiers.write")


def test_a_metric_is_data(client, partner):
    webinars = {"code": "webinars", "name": "Webinars", "unit": "number"}
    made = client.post("/metrics", webinars, key="k1")
    assert (made.status_code, made.json()) == (201, webinars)
    assert client.post("/metrics", webinars, key="k1").status_code == 201
    again = client.post("/metrics", webinars, key="k2")
    assert (again.status_code, again.json()["code"]) == (409, "metric.exists")
    built_in = client.post("/metrics", {**webinars, "code": "won_deals"}, key="k3")
    assert (built_in.status_code, built_in.json()["code"]) == (409, "metric.exists")
    wrong = client.post("/metrics", {**webinars, "code": "Web inars"}, key="k4")
    assert (wrong.status_code, wrong.json()["reasons"][0]["field"]) == (409, "code")
    assert Metric.objects.filter(code="webinars").count() == 1
    assert AuditEntry.objects.filter(event="metric.defined").count() == 1
    assert outcomes(sent(client, a_row(partner, metric="webinars", amount="3"))) == ["created"]


def test_metrics_say_how_often_they_were_credited_and_what_asks_for_them(client, partner):
    credit(*[a_credit(partner.pk, "training", 1, date(2026, 5, 1)) for _ in range(3)])
    found = {row["code"]: row for row in client.get("/metrics").json()["results"]}
    assert (found["training"]["credit_count"], found["training"]["required_by"]) == (3, [])
    asked = found["channel_revenue"]["required_by"]
    silver = next(row for row in asked if row["level"] == "Silver" and row["threshold"] == "100000.0000")
    assert (silver["version"], silver["window"], silver["aggregation"]) == (1, "trailing_12_months", "sum")
    assert found["won_deals"]["is_built_in"]


def standing(client, partner, on=None):
    answer = client.get(f"/partners/{partner.public_id}/standing", **({"on": str(on)} if on else {}))
    assert answer.status_code == 200, answer.content
    return answer.json()


def requirement(answer, level, metric, path=0):
    (found,) = [row for row in answer["levels"] if row["level"] == level]
    return next(row for row in found["paths"][path]["requirements"] if row["metric"] == metric)


def test_a_standing_with_every_requirement(client, partner):
    today = timezone.localdate()
    credit(a_credit(partner.pk, "channel_revenue", "99999.99", today))
    answer = standing(client, partner)
    assert (answer["on"], answer["held"]["level"], answer["override"]) == (str(today), "bronze", None)
    assert (answer["terms"]["level"], answer["terms"]["protection_days"]) == ("bronze", 60)
    asked = requirement(answer, "silver", "channel_revenue")
    assert (asked["value"], asked["target"], asked["met"]) == ("99999.9900", "100000.0000", False)
    credit(a_credit(partner.pk, "channel_revenue", "0.01", today))
    assert requirement(standing(client, partner), "silver", "channel_revenue")["met"]


def test_a_past_day_reads_as_it_was_known_at_its_end(client, partner):
    midnight = datetime(2026, 3, 14, 23, 0, tzinfo=UTC)  # where the vendor is
    day = date(2026, 3, 14)
    seen = [a_credit(partner.pk, "channel_revenue", 1, day) for _ in range(2)]
    credit(seen[0], at=midnight - timedelta(seconds=1))
    credit(seen[1], at=midnight + timedelta(seconds=1))
    values = [
        requirement(standing(client, partner, on), "silver", "channel_revenue")["value"]
        for on in (day, day + timedelta(days=1))
    ]
    assert values == ["1.0000", "2.0000"]
    assert (
        requirement(standing(client, partner, day - timedelta(days=1)), "silver", "channel_revenue")["value"]
        == "0.0000"
    )


def test_levels_and_overrides_of_past_days(client, partner):
    hold_level(partner.pk, "silver", starts_on=date(2026, 2, 1))
    boss, chief = UserFactory(), UserFactory()
    at = datetime(2026, 2, 1, tzinfo=UTC)
    Override.objects.create(
        partner=partner,
        level=Level.objects.get(code="gold"),
        reason="Secret",
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 4, 1),
        status="approved",
        requested_by=boss,
        requested_at=at,
        decided_by=chief,
        decided_at=at,
    )
    days = [
        date(2026, 1, 31),
        date(2026, 2, 1),
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 31),
        date(2026, 4, 1),
    ]
    found = [standing(client, partner, day) for day in days]
    assert [answer["held"]["level"] for answer in found] == ["bronze", *["silver"] * 5]
    assert [answer["terms"]["level"] for answer in found] == ["bronze", "silver", "silver", "gold", "gold", "silver"]
    assert [bool(answer["override"]) for answer in found] == [False, False, False, True, True, False]
    assert found[3]["override"] == {"level": "gold", "name": "Gold", "starts_on": "2026-03-01", "ends_on": "2026-04-01"}
    assert "Secret" not in str(found)


def test_what_is_no_day_and_who_is_no_partner(client, partner):
    address = f"/partners/{partner.public_id}/standing"
    tomorrow = timezone.localdate() + timedelta(days=1)
    for text in (str(tomorrow), "yesterday", "2026-02-31", "0001-01-01", ""):
        answer = client.get(address, on=text)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["on"]), text
    assert client.get("/partners/ptn_missing/standing").status_code == 404
    assert client.get(address, on="1999-01-01").status_code == 404  # no programme was in force
