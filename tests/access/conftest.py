"""The world that every access test looks at, set up once: what a test changes is rolled back to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests.access.objects import owned_objects
from tests.journeys.world import World, build_world


@pytest.fixture(scope="module")
def owned(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[World, dict[str, str]]]:
    """Never committed: each test's transaction is a savepoint inside of this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = build_world(today=timezone.localdate(), now=timezone.now())
        yield world, owned_objects(world)
        transaction.set_rollback(True)


@pytest.fixture
def world(owned: tuple[World, dict[str, str]]) -> World:
    return owned[0]


@pytest.fixture
def ids(owned: tuple[World, dict[str, str]]) -> dict[str, str]:
    """Public ids of the owner's objects by kind."""
    return dict(owned[1])
