import pytest
from django.core.cache import cache
from django.db import connection

from prm import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def silent_beat():
    cache.delete(health.BEAT_KEY)


def test_alive_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz/live").status_code == 200


def test_ready_when_everything_answers(client):
    health.note_heartbeat()
    answer = client.get("/healthz/ready")
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": True, "migrations": True, "broker": True, "beat": True},
    }


def test_a_silent_beat_is_named(client):
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["beat"] is False


def test_a_missing_migration_is_named(client):
    health.note_heartbeat()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'common' AND name LIKE '0003%'")
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] is False


def test_a_broker_that_is_away_is_named(client, settings):
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] is False
