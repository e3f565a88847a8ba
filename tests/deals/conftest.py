import pytest

from tests.factories.deals import Channel, a_channel


@pytest.fixture
def channel(db: None) -> Channel:
    return a_channel()
