import pytest

from common import reasons
from partners.choices import NOTICE_KINDS
from tests.factories.notices import declare


@pytest.fixture
def kinds(monkeypatch):
    """The kinds of `tests.factories.notices` and no other."""
    monkeypatch.setattr(reasons, "_sentences", dict(reasons._sentences))
    before = dict(NOTICE_KINDS)
    NOTICE_KINDS.clear()
    declare()
    yield
    NOTICE_KINDS.clear()
    NOTICE_KINDS.update(before)
