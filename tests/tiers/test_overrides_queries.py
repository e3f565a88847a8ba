"""The list in the database and the rules in Python say the same of every kind of row on every kind of day."""

from datetime import date, timedelta

import pytest

from tests.factories.overrides import NOW, REASON, Bench
from tests.factories.tiers import enrolled_partner_id
from tiers.choices.standings import OverrideStatus
from tiers.models import Freeze, Level, Override
from tiers.queries.overlays import Narrowing, overlay_list, overlay_rows, override_page
from tiers.queries.overrides import overlay_on
from tiers.queries.terms import terms_for_many
from tiers.rules.overrides import override_state, state_on

pytestmark = pytest.mark.django_db
FIRST, END = date(2026, 12, 15), date(2027, 1, 15)
ONE_DAY = timedelta(days=1)
DAYS = (FIRST - ONE_DAY, FIRST, date(2026, 12, 31), date(2027, 1, 1), END - ONE_DAY, END)
PERIODS = ((FIRST, END), (FIRST, FIRST + ONE_DAY), (FIRST, FIRST))


def stored(bench: Bench, status: str, starts_on: date, ends_on: date) -> Override:
    decided = status in ("approved", "declined")
    return Override.objects.create(
        partner_id=enrolled_partner_id(),
        level=Level.objects.get(code="gold"),
        reason=REASON,
        starts_on=starts_on,
        ends_on=ends_on,
        status=status,
        requested_by_id=bench.manager.user_id,
        requested_label=bench.manager.label,
        requested_at=NOW,
        decided_by_id=bench.chief.user_id if decided else None,
        decided_at=NOW if decided else None,
    )


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("day", DAYS)
def test_a_state_is_the_same_in_both(bench: Bench, day: date) -> None:
    expected = {}
    for starts_on, ends_on in PERIODS:
        for status in OverrideStatus.values:
            row = stored(bench, status, starts_on, ends_on)
            expected[row.public_id] = override_state(status, starts_on, ends_on, day)
        days = {"starts_on": starts_on, "ends_on": ends_on}
        freeze = Freeze.objects.create(
            partner_id=enrolled_partner_id(), reason=REASON, set_by="Somebody", set_at=NOW, **days
        )
        expected[freeze.public_id] = state_on(starts_on, ends_on, day)
    rows = overlay_rows(overlay_list(bench.manager, Narrowing(), day=day))
    assert {row.public_id: row.state for row in rows} == expected
    for state in set(expected.values()):
        narrowed = overlay_rows(overlay_list(bench.manager, Narrowing(state=state), day=day))
        assert {row.public_id for row in narrowed} == {key for key, value in expected.items() if value == state}


@pytest.mark.parametrize("day", DAYS)
def test_what_is_live_is_what_gives_the_terms(bench: Bench, day: date) -> None:
    rows = [stored(bench, status, *period) for period in PERIODS for status in OverrideStatus.values]
    terms = terms_for_many([row.partner_id for row in rows], day=day)
    for row in rows:
        is_live = override_state(row.status, row.starts_on, row.ends_on, day) == "live"
        assert (terms[row.partner_id].level_code == "gold") is is_live
        assert (overlay_on(row.partner_id, day).override is not None) is is_live


def test_a_page_compares_with_the_level_held_on_its_day(bench: Bench) -> None:
    """Before it begins that of its first day, while it is in force that of today, afterwards that of its last day."""
    row = stored(bench, "approved", FIRST, END)
    for at_day, compared in ((NOW.date(), FIRST), (date(2027, 1, 1), date(2027, 1, 1)), (END + ONE_DAY, END - ONE_DAY)):
        at = NOW.replace(year=at_day.year, month=at_day.month, day=at_day.day)
        page = override_page(bench.chief, row.public_id, at=at)
        assert (page.day, page.held.code, page.given.code) == (compared, "bronze", "gold")
