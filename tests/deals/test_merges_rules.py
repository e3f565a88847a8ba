"""What becomes of protections and entries of lists when two customers are one, by example."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from deals.rules.merges import Held, Listed, Moved, Piece, join_lists, join_protections

NOW = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WHOLE = (None, None)
KEPT = Held(1, "reg_one", 1, "Alpha", 7, WHOLE, False, NOW - 10 * DAY, NOW + 50 * DAY)
LOST = replace(KEPT, pk=2, registration="reg_other")
RIVAL = replace(LOST, partner_id=2, partner="Rival")
MOVED = (Piece(2, NOW, LOST.ends_at),)


@pytest.mark.parametrize(
    ("kept", "lost", "pieces", "codes"),
    [
        pytest.param([], [LOST], MOVED, [], id="alone"),
        pytest.param([], [replace(LOST, starts_at=NOW + DAY)], [Piece(2, NOW + DAY, LOST.ends_at)], [], id="later"),
        pytest.param([KEPT], [], [], [], id="nothing to move"),
        pytest.param([KEPT], [RIVAL], [], ["merge.protected_twice"], id="rivals"),
        pytest.param([KEPT], [replace(RIVAL, family_id=8)], MOVED, [], id="another family"),
        pytest.param([replace(KEPT, is_shared=True)], [RIVAL], MOVED, [], id="a tender excludes nobody"),
        pytest.param([KEPT], [replace(RIVAL, is_shared=True)], MOVED, [], id="nobody is excluded from a tender"),
        pytest.param([replace(KEPT, span=(1, 2))], [replace(RIVAL, span=(2, 3))], MOVED, [], id="other sites"),
        pytest.param([replace(KEPT, span=(1, 2))], [RIVAL], [], ["merge.protected_twice"], id="a site of all"),
        pytest.param([KEPT, replace(KEPT, pk=3, family_id=8)], [RIVAL, replace(RIVAL, pk=4, family_id=8)], [],
                     ["merge.protected_twice"], id="in two families one conflict"),
        pytest.param([replace(KEPT, ends_at=NOW + DAY)], [replace(RIVAL, starts_at=NOW + DAY)],
                     [Piece(2, NOW + DAY, RIVAL.ends_at)], [], id="half-open: one begins when the other ends"),
        pytest.param([replace(KEPT, starts_at=KEPT.ends_at)], [RIVAL], MOVED, [], id="empty meets nobody"),
        pytest.param([KEPT], [replace(LOST, registration="reg_one")], [], [], id="both records of one registration"),
        pytest.param([KEPT], [replace(LOST, ends_at=NOW + 60 * DAY)],
                     [Piece(2, NOW + 50 * DAY, NOW + 60 * DAY)], [], id="one partner: kept first"),
        pytest.param([KEPT], [replace(LOST, ends_at=NOW + 40 * DAY)],
                     [Piece(2, NOW, NOW + 40 * DAY), Piece(1, NOW + 40 * DAY, NOW + 50 * DAY)], [],
                     id="one partner: lost first"),
        pytest.param([KEPT], [LOST], [Piece(2, LOST.ends_at, LOST.ends_at)], [], id="one partner: same end"),
        pytest.param([KEPT], [replace(LOST, span=(1, 2))], [], ["merge.sites_overlap"], id="one partner: site of all"),
        pytest.param([replace(KEPT, starts_at=NOW + DAY)], [LOST], [], ["merge.sites_overlap"], id="not yet begun"),
    ],
)  # fmt: skip
def test_protections_are_joined(kept, lost, pieces, codes):
    joined = join_protections(kept, lost, NOW)
    assert (list(joined.pieces), [reason.code for reason in joined.reasons]) == (list(pieces), codes)


def test_a_conflict_names_both():
    (reason,) = join_protections([KEPT], [RIVAL], NOW).reasons
    assert reason.params == {
        "one": "reg_one", "one_partner": "Alpha", "other": "reg_other", "other_partner": "Rival"
    }  # fmt: skip


def test_a_second_record_of_a_registration_only_ends():
    assert join_protections([KEPT], [replace(LOST, registration="reg_one")], NOW).ended == (2,)


TODAY = date(2026, 10, 14)
OPEN = Listed(1, date(2026, 1, 1), None)


@pytest.mark.parametrize(
    ("kept", "lost", "moved"),
    [
        pytest.param([], [OPEN], (Moved(1, date(2026, 1, 1)),), id="whole"),
        pytest.param([], [replace(OPEN, ends_on=TODAY)], (), id="what ended today stays"),
        pytest.param([], [replace(OPEN, ends_on=date(2026, 10, 15))], (Moved(1, OPEN.starts_on),), id="ends tomorrow"),
        pytest.param([replace(OPEN, pk=2)], [OPEN], None, id="both at once"),
        pytest.param([replace(OPEN, pk=2, ends_on=TODAY)], [OPEN], (Moved(1, TODAY),), id="goes on where it ended"),
        pytest.param([replace(OPEN, pk=2, ends_on=date(2026, 10, 15))], [OPEN], None, id="for one day at once"),
        pytest.param([replace(OPEN, pk=2, starts_on=date(2027, 1, 1))], [OPEN], None, id="at once later"),
        pytest.param([replace(OPEN, pk=2, starts_on=date(2027, 1, 1))], [replace(OPEN, ends_on=date(2027, 1, 1))],
                     (Moved(1, date(2026, 1, 1)),), id="one after the other"),
    ],
)  # fmt: skip
def test_lists_are_joined(kept, lost, moved):
    assert join_lists(kept, lost, TODAY) == moved
