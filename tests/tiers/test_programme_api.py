"""The programme over REST: published versions for programs with the scope, drafts for none."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.factories.deals import vendor
from tests.factories.programmes import WORDS, drafted, published
from tests.factories.tiers import default_programme
from tiers.actions.programmes import withdraw_version

pytestmark = pytest.mark.django_db
__all__ = ["quick_secrets"]
VERSIONS = "/programme-versions"


def client(*scopes: str) -> ApiClient:
    return ApiClient(ask_token(*register("Portal", *scopes)).json()["access_token"])


@pytest.fixture
def portal():
    return client("tiers.read")


def test_versions_are_listed_with_their_state(portal):
    default_programme()
    assert portal.get(VERSIONS).json() == {
        "next": None,
        "results": [
            {
                "number": 1,
                "state": "in_force",
                "starts_on": "2025-01-01",
                "ends_on": None,
                "published_at": "2025-01-01T08:00:00Z",
                "currency": "EUR",
                "notice_days": 90,
                "demotion_period": "year",
                "words": "",
            }
        ],
    }
    version = published(at=timezone.now())
    first, second = portal.get(VERSIONS).json()["results"]
    assert first["ends_on"] == second["starts_on"] == version.starts_on.isoformat()
    assert (second["state"], second["words"]) == ("announced", WORDS)


def test_a_version_has_its_levels(portal):
    default_programme()
    version = portal.get(f"{VERSIONS}/1").json()
    assert [level["level"] for level in version["levels"]] == ["bronze", "silver", "gold", "platinum"]
    gold = version["levels"][2]
    assert (gold["deal_discount"], gold["protection_days"], gold["support_level"]) == ("0.0900", 120, "priority")
    assert gold["paths"][1]["requirements"][0] == {
        "metric": "channel_revenue",
        "name": "Channel revenue",
        "window": "trailing_12_months",
        "aggregation": "sum",
        "threshold": "200000.0000",
        "minimum_samples": 0,
    }


def test_drafts_and_withdrawn_versions_are_not_there(portal):
    default_programme()
    at, chief = timezone.now(), vendor("channel_chief")
    drafted(at=at, by=chief)
    version = published(at=at, by=chief)
    withdraw_version(version.pk, words="No.", by=chief, at=at + timedelta(hours=1))
    assert [row["number"] for row in portal.get(VERSIONS).json()["results"]] == [1]
    assert portal.get(f"{VERSIONS}/2").status_code == 404
    assert portal.get(f"{VERSIONS}/99").status_code == 404


def test_without_the_scope_nothing_is_told():
    default_programme()
    stranger = client("deals.read")
    assert stranger.get(VERSIONS).status_code == 403
    assert stranger.get(f"{VERSIONS}/1").status_code == stranger.get(f"{VERSIONS}/99").status_code == 403
