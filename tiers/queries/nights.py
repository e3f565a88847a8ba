"""Which reviews took place for whom, and until when each knew the score book."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from tiers.queries.scores import rows
from tiers.rules.course import Night

NIGHTLY, STAGE = "nightly", "tiers"  # runs and their stage in which partners are reviewed
REVIEWED = "tier.reviewed"  # what is recorded when people have a partner reviewed at once

_RUNS = """
SELECT business_date, started_at FROM common_jobrun
WHERE kind = %(kind)s AND business_date >= %(since)s AND business_date < %(until)s
ORDER BY business_date, started_at, id
"""
# Whom a run names anywhere took part in the night, also who was not due for a review; the stage of reviews may have
# failed for some.
_NIGHTS = """
SELECT run.business_date, run.started_at, ARRAY(
    SELECT unnest(%(partners)s::bigint[])
    INTERSECT SELECT unnest(slice.object_ids) FROM common_jobslice slice WHERE slice.run_id = run.id
    EXCEPT SELECT unnest(slice.object_ids) FROM common_jobslice slice
           WHERE slice.run_id = run.id AND slice.stage = %(stage)s AND slice.status <> 'done'
)
FROM common_jobrun run
WHERE run.kind = %(kind)s AND run.business_date >= %(since)s AND run.business_date < %(until)s
ORDER BY run.business_date, run.started_at, run.id
"""
# A worker looks at the book when it comes to the slice: what was recorded since the run began is seen, too.
_LATE = """
SELECT run.business_date, slice.finished_at, ARRAY(
    SELECT unnest(%(partners)s::bigint[]) INTERSECT SELECT unnest(slice.object_ids)
)
FROM common_jobrun run JOIN common_jobslice slice ON slice.run_id = run.id
     AND slice.stage = %(stage)s AND slice.status = 'done' AND slice.finished_at IS NOT NULL
WHERE run.kind = %(kind)s AND run.business_date >= %(since)s AND run.business_date < %(until)s
"""
_BY_HAND = """
SELECT subject_id::bigint, (facts->>'day')::date, at FROM common_auditentry
WHERE subject_kind = 'partners.partner' AND subject_id = ANY(%(partners)s::text[]) AND event = %(event)s
  AND (facts->>'day')::date >= %(since)s AND (facts->>'day')::date < %(until)s
ORDER BY id
"""


def nights_for(partner_ids: Collection[int], *, since: date, until: date) -> dict[int, list[Night]]:
    """The nights that measured these days (half-open) and the reviews by hand, for partners that took part in all of
    them. Two statements."""
    every = _in_turn(Night(*row) for row in rows(_RUNS, kind=NIGHTLY, since=since, until=until))
    by_hand = _by_hand(partner_ids, since, until)
    return {each: _in_turn([*every, *by_hand[each]]) if each in by_hand else every for each in partner_ids}


def nights_of(
    partner_ids: Collection[int], *, since: date, until: date, as_worked: bool = False
) -> dict[int, list[Night]]:
    """The reviews of each partner that measured these days (half-open), in their order; two statements, or three.

    Each knew what was recorded when the night began or, `as_worked`, when a worker came to the partner.
    """
    asked = {"partners": list(partner_ids), "kind": NIGHTLY, "stage": STAGE, "since": since, "until": until}
    found: dict[int, list[Night]] = {partner_id: [] for partner_id in partner_ids}
    late = {
        (day, partner_id): finished_at
        for day, finished_at, present in (rows(_LATE, **asked) if as_worked else ())
        for partner_id in present
    }
    for day, started_at, present in rows(_NIGHTS, **asked):
        night = Night(day, started_at)
        for partner_id in present:
            known_at = late.get((day, partner_id))
            found[partner_id].append(night if known_at is None else Night(day, known_at))
    by_hand = _by_hand(partner_ids, since, until)
    return {each: _in_turn([*nights, *by_hand.get(each, ())]) for each, nights in found.items()}


def _by_hand(partner_ids: Collection[int], since: date, until: date) -> dict[int, list[Night]]:
    found: dict[int, list[Night]] = {}
    listed = [str(each) for each in partner_ids]
    for partner_id, day, at in rows(_BY_HAND, partners=listed, event=REVIEWED, since=since, until=until):
        found.setdefault(partner_id, []).append(Night(day, at))
    return found


def _in_turn(nights: Iterable[Night]) -> list[Night]:
    """By day; without those that took place when a later day had been measured already: they decided nothing."""
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
