"""Which reviews took place for whom, and until when each knew the score book."""

from collections.abc import Collection
from datetime import date, datetime

from tiers.queries.scores import rows
from tiers.rules.course import Night

NIGHTLY, STAGE = "nightly", "tiers"  # runs and their stage in which partners are reviewed
REVIEWED = "tier.reviewed"  # what is recorded when people have a partner reviewed at once

# A slice that was not done, and a partner that was in none, had no review that night.
_NIGHTS = """
SELECT run.business_date, run.started_at, ARRAY(
    SELECT unnest(%(partners)s::bigint[])
    EXCEPT SELECT unnest(slice.object_ids) FROM common_jobslice slice
    WHERE slice.run_id = run.id AND slice.stage = %(stage)s AND slice.status = 'done'
)
FROM common_jobrun run
WHERE run.kind = %(kind)s AND run.business_date >= %(since)s AND run.business_date < %(until)s
ORDER BY run.business_date, run.started_at, run.id
"""
_BY_HAND = """
SELECT subject_id::bigint, (facts->>'day')::date, at FROM common_auditentry
WHERE subject_kind = 'partners.partner' AND subject_id = ANY(%(partners)s::text[]) AND event = %(event)s
  AND (facts->>'day')::date >= %(since)s AND (facts->>'day')::date < %(until)s
ORDER BY id
"""


def nights_of(partner_ids: Collection[int], *, since: date, until: date) -> dict[int, list[Night]]:
    """The reviews of each partner that measured these days (half-open), in their order. Two statements.

    A night that was done after a later one is left out: it had nothing to decide any more.
    """
    listed = sorted(set(partner_ids))
    days = {"since": since, "until": until}
    runs = rows(_NIGHTS, partners=listed, kind=NIGHTLY, stage=STAGE, **days)
    missed: dict[int, set[tuple[date, datetime]]] = {}
    for day, known_at, absent in runs:
        for partner_id in absent:
            missed.setdefault(partner_id, set()).add((day, known_at))
    by_hand: dict[int, list[Night]] = {}
    for partner_id, day, at in rows(_BY_HAND, partners=[str(each) for each in listed], event=REVIEWED, **days):
        by_hand.setdefault(partner_id, []).append(Night(day, at))
    every = [Night(day, known_at) for day, known_at, _absent in runs]
    usual = _in_turn(every)
    found = {}
    for partner_id in listed:
        if partner_id in missed or partner_id in by_hand:
            own = [night for night in every if (night.day, night.known_at) not in missed.get(partner_id, ())]
            found[partner_id] = _in_turn([*own, *by_hand.get(partner_id, ())])
        else:
            found[partner_id] = usual
    return found


def _in_turn(nights: list[Night]) -> list[Night]:
    """By day; without those that took place when a later day had been measured already."""
    kept: list[Night] = []
    for night in sorted(nights, key=_order, reverse=True):
        if not kept or _instant(night) <= _instant(kept[-1]):
            kept.append(night)
    return kept[::-1]


def _order(night: Night) -> tuple[date, datetime]:
    return night.day, _instant(night)


def _instant(night: Night) -> datetime:
    assert night.known_at is not None
    return night.known_at
