"""Fixtures that more than one app's tests use."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    """A fixed instant on a working day: Wednesday, 14 October 2026, 10:00 UTC."""
    return datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
