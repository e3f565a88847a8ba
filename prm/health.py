"""Health for supervisors: alive, and ready to serve."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from redis import Redis, RedisError

BEAT_KEY = "beat-heartbeat"
BEAT_LIMIT = timedelta(minutes=2)


def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing else, so that a slow database does not get the process killed."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, migrations, broker, and a beat that has been heard of lately; 503 names what is missing."""
    checks = {"database": _database(), "broker": _broker()}
    checks["migrations"] = checks["database"] and _migrated()
    checks["beat"] = checks["broker"] and _beat()
    status = 200 if all(checks.values()) else 503
    return JsonResponse({"status": "ok" if status == 200 else "unavailable", "checks": checks}, status=status)


def note_heartbeat() -> None:
    """Called by the task that beat starts every few seconds: beat sent it and a worker took it."""
    cache.set(BEAT_KEY, timezone.now().isoformat(), timeout=None)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as broker:
            return bool(broker.ping())
    except RedisError:
        return False


def _beat() -> bool:
    heard = parse_datetime(cache.get(BEAT_KEY) or "")
    return heard is not None and timezone.now() - heard < BEAT_LIMIT
