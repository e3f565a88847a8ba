"""Enrolling partners, and the review that lets them rise and fall."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import entry_of, record_all
from common.errors import Refused
from common.outbox import after_commit
from common.verdict import refusal
from partners import queries as partner_queries
from tiers.choices.standings import NoticeOutcome
from tiers.models import DemotionNotice, DueReview, Level, Standing
from tiers.queries.due import versions_in_force
from tiers.queries.measuring import measuring
from tiers.queries.programmes import programme_of, programme_on
from tiers.queries.scores import rows
from tiers.queries.standings import open_notices
from tiers.rules.ladder import Programme
from tiers.rules.standing import ONE_DAY, Held, Judgement, judge

TOLD_AT_ONCE = 100  # standings or notices in one piece of news

# What is measured is no longer due, and is stored where it differs. Both see the same instant of the score book as the
# measuring does: what is recorded meanwhile stays due. Whom a freeze holds on the day that follows is not judged.
_REVIEW = """
WITH found AS MATERIALIZED ({measured}), settled AS (
    DELETE FROM tiers_duereview
    WHERE partner_id = ANY(%(partners)s) AND partner_id IN (SELECT partner_id FROM found)
), written AS (
    INSERT INTO tiers_review (partner_id, business_date, version_id, level_id, totals, samples, latest)
    SELECT partner_id, %(day)s, %(version)s, level.id, totals, samples, latest
    FROM found LEFT JOIN tiers_level level ON level.version_id = %(version)s AND level.rank = found.rank
    WHERE is_new ORDER BY partner_id
    ON CONFLICT (partner_id, business_date) DO UPDATE SET version_id = excluded.version_id,
        level_id = excluded.level_id, totals = excluded.totals, samples = excluded.samples, latest = excluded.latest
)
SELECT partner_id, standing_id, starts_on, known.code, known.rank, coalesce(found.rank, %(entry)s)
FROM found JOIN unnest(%(levels)s::bigint[], %(codes)s::text[], %(ranks)s::integer[]) AS known(level_id, code, rank)
     USING (level_id)
WHERE (known.rank <> coalesce(found.rank, %(entry)s)
       OR EXISTS (SELECT FROM tiers_demotionnotice notice
                  WHERE notice.partner_id = found.partner_id AND notice.outcome = 'open'))
  AND NOT EXISTS (SELECT FROM tiers_freeze frozen WHERE frozen.partner_id = found.partner_id
                  AND frozen.starts_on <= %(tomorrow)s AND frozen.ends_on > %(tomorrow)s)
ORDER BY partner_id
"""


_MISSING = """
SELECT wanted.id FROM unnest(%(partners)s::bigint[]) AS wanted(id)
WHERE NOT EXISTS (SELECT FROM tiers_standing latest WHERE latest.partner_id = wanted.id AND latest.ends_on IS NULL)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class _Judged:
    held: Held
    judgement: Judgement


def enrol_partner(partner_id: int, *, day: date, at: datetime, by: Actor = SYSTEM) -> Standing:
    """Let a partner stand at the default programme's entry level from that day; who stands already stays there.

    Refuses ``tier.no_programme`` when no programme is in force on the day.
    """
    with transaction.atomic():
        partner_queries.lock_partners([partner_id])
        standing = Standing.objects.filter(partner_id=partner_id, ends_on=None).first()
        if standing is None:
            _begin([partner_id], day=day, by=by, at=at)
            keep_due([partner_id])
            standing = Standing.objects.get(partner_id=partner_id, ends_on=None)
    return standing


def _begin(partner_ids: Sequence[int], *, day: date, by: Actor, at: datetime) -> int:
    programme = programme_on(day)
    if programme is None:
        raise Refused(refusal("tier.no_programme", day=day).reasons)
    begun = Standing.objects.bulk_create(
        Standing(partner_id=partner_id, level_id=programme.entry.level_id, starts_on=day) for partner_id in partner_ids
    )
    level = programme.entry.code
    record_all(
        entry_of("standing.began", on=standing, by=by, at=at, partner=standing.partner_id, level=level)
        for standing in begun
    )
    return len(begun)


def keep_due(partner_ids: Iterable[int]) -> int:
    """Have these partners measured by the next night that reviews them, whatever changes; returns how many were not
    due before."""
    wanted = set(partner_ids)
    new = wanted - set(DueReview.objects.filter(partner_id__in=wanted).values_list("partner_id", flat=True))
    return len(DueReview.objects.bulk_create(DueReview(partner_id=partner_id) for partner_id in sorted(new)))


def review_partners(partner_ids: Iterable[int], *, day: date, at: datetime) -> int:
    """Measure these partners as of the end of the day; levels change from the next day. Returns how many changed.

    Writes only what differs, so a second run on the same day changes nothing. Partners without a standing begin at the
    entry level on the day; partners whose standing was already decided for a later day are left as they are. In a
    freeze a partner is measured but not judged. Without a programme in force there is nothing to review.
    """
    with transaction.atomic():
        locked = partner_queries.lock_partners(partner_ids)
        changed = _begin_missing(locked, day=day, at=at)
        for version_id in versions_in_force(day):
            changed += _review(locked, version_id, day=day, at=at)
    return changed


def _begin_missing(partner_ids: Sequence[int], *, day: date, at: datetime) -> int:
    missing = [row[0] for row in rows(_MISSING, partners=list(partner_ids))]
    joined = partner_queries.partner_profiles(missing) if missing else {}
    wanted = [partner_id for partner_id in missing if joined[partner_id].joined_on <= day]
    return _begin(wanted, day=day, by=SYSTEM, at=at) if wanted and programme_on(day) else 0


def _review(partner_ids: Sequence[int], version_id: int, *, day: date, at: datetime) -> int:
    """Measure and store in the database; judge here those who reached another level than they hold, or are announced
    to fall."""
    programme = programme_of(version_id)
    if programme is None:
        return 0
    same_programme = Level.objects.filter(version__programme__versions=version_id)
    levels = list(same_programme.values_list("pk", "code", "rank"))
    statement = measuring(programme, day=day, level_ids=[pk for pk, _, _ in levels])
    found = rows(
        _REVIEW.format(measured=statement.sql),
        **statement.parameters,
        partners=list(partner_ids),
        entry=programme.entry.rank,
        codes=[code for _, code, _ in levels],
        ranks=[programme.rank_of(code, otherwise=rank) for _, code, rank in levels],
    )
    if not found:
        return 0
    notices = open_notices([row[0] for row in found], programme)
    judged = []
    for *columns, reached in found:
        held = Held(*columns)
        of_partner = notices.get(held.partner_id, ())
        judged.append(_Judged(held, judge(held.rank, reached, of_partner, day=day, programme=programme)))
    moved = [each for each in judged if each.judgement.rank != each.held.rank]
    _move(moved, programme, day=day, at=at)
    _close_notices(judged, day=day, at=at)
    _give_notices(judged, programme, day=day, at=at)
    return len(moved)


def _move(moved: Sequence[_Judged], programme: Programme, *, day: date, at: datetime) -> None:
    """End the standings where the new ones begin; those that have not begun yet are replaced."""
    tomorrow = day + ONE_DAY
    ended = {each.held.standing_id for each in moved if each.held.starts_on < tomorrow}
    standings = [
        Standing(
            pk=None if each.held.standing_id in ended else each.held.standing_id,
            partner_id=each.held.partner_id,
            level_id=programme.level_of_rank(each.judgement.rank).level_id,
            starts_on=tomorrow,
        )
        for each in moved
    ]
    begun, replaced = ([each for each in standings if (each.pk is None) is is_new] for is_new in (True, False))
    Standing.objects.filter(pk__in=ended).update(ends_on=tomorrow)
    Standing.objects.bulk_update(replaced, ["level"])
    Standing.objects.bulk_create(begun)
    entries = []
    for each, standing in zip(moved, standings, strict=True):
        change = {"before": each.held.level_code, "after": programme.level_of_rank(each.judgement.rank).code}
        who = each.held.partner_id
        entries.append(
            entry_of("standing.changed", on=standing, by=SYSTEM, at=at, partner=who, **change, starts_on=tomorrow)
        )
    record_all(entries)
    _announce("tiers.standing_changed", standing_ids=[each.pk for each in standings], at=at)


def _close_notices(judged: Sequence[_Judged], *, day: date, at: datetime) -> None:
    for outcome in (NoticeOutcome.CANCELLED, NoticeOutcome.TOOK_EFFECT):
        closed = [
            DemotionNotice(pk=notice.notice_id, partner_id=each.held.partner_id)
            for each in judged
            for notice in each.judgement.closed
            if each.judgement.closed_as == outcome
        ]
        ids = [notice.pk for notice in closed]
        DemotionNotice.objects.filter(pk__in=ids).update(outcome=outcome, closed_on=day)
        record_all(
            entry_of(f"demotion.{outcome}", on=notice, by=SYSTEM, at=at, partner=notice.partner_id) for notice in closed
        )
        if outcome == NoticeOutcome.CANCELLED:
            _announce("tiers.demotion_cancelled", notice_ids=ids, at=at)


def _give_notices(judged: Sequence[_Judged], programme: Programme, *, day: date, at: datetime) -> None:
    given = DemotionNotice.objects.bulk_create(
        DemotionNotice(
            partner_id=each.held.partner_id,
            level_id=programme.level_of_rank(each.judgement.given.rank).level_id,
            given_on=day,
            effective_on=each.judgement.given.effective_on,
        )
        for each in judged
        if each.judgement.given
    )
    codes = {level.level_id: level.code for level in programme.levels}
    entries = []
    for notice in given:
        facts = {"level": codes[notice.level_id], "effective_on": notice.effective_on}
        who = notice.partner_id
        entries.append(entry_of("demotion.announced", on=notice, by=SYSTEM, at=at, partner=who, **facts))
    record_all(entries)
    _announce("tiers.demotion_announced", notice_ids=[notice.pk for notice in given], at=at)


def _announce(topic: str, *, at: datetime, **listed: Sequence[int]) -> None:
    """So many in one piece of news that telling of them is done in a moment, or done again."""
    for name, ids in listed.items():
        for start in range(0, len(ids), TOLD_AT_ONCE):
            after_commit(topic, at=at, **{name: list(ids[start : start + TOLD_AT_ONCE])})
