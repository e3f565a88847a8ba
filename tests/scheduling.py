"""Pytest plugin: which test runs when, and beside which others."""

from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling


class Scheduling(LoadScopeScheduling):
    """A module stays on one worker: what it sets up is set up once. Browser tests share nothing and go one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith("tests/e2e/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, or one worker would still be busy with it when the others have finished."""
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, -sizes[item.path]))
