"""Enrolling partners, and the review that lets them rise and fall."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import Refused
from common.verdict import refusal
from partners import queries as partner_queries
from tiers.models import DemotionNotice, Review, Standing
from tiers.queries.programmes import programme_on
from tiers.queries.scores import scores_on
from tiers.queries.standings import latest_reviews, latest_standings, open_notices
from tiers.rules import ladder
from tiers.rules.standing import ONE_DAY, Finding, Held, review


def enrol_partner(partner_id: int, *, day: date, at: datetime, by: Actor = SYSTEM) -> Standing:
    """Let a partner stand at the default programme's entry level from that day; who stands already stays there.

    Refuses ``tier.no_programme`` when no programme is in force on the day.
    """
    with transaction.atomic():
        partner_queries.lock_partners([partner_id])
        standing = Standing.objects.filter(partner_id=partner_id, ends_on=None).first()
        if standing is None:
            _begin([partner_id], day=day, by=by, at=at)
            standing = Standing.objects.get(partner_id=partner_id, ends_on=None)
    return standing


def _begin(partner_ids: Sequence[int], *, day: date, by: Actor, at: datetime) -> int:
    programme = programme_on(day)
    if programme is None:
        raise Refused(refusal("tier.no_programme", day=day).reasons)
    begun = Standing.objects.bulk_create(
        Standing(partner_id=partner_id, level_id=programme.entry.level_id, starts_on=day) for partner_id in partner_ids
    )
    for standing in begun:
        record("standing.began", on=standing, by=by, at=at, partner=standing.partner_id, level=programme.entry.code)
    return len(begun)


def review_partners(partner_ids: Iterable[int], *, day: date, at: datetime) -> int:
    """Measure these partners as of the end of the day; levels change from the next day. Returns how many changed.

    Writes only what differs, so a second run on the same day changes nothing. Partners without a standing begin at the
    entry level on the day; partners whose standing was already decided for a later day are left as they are.
    Without a programme in force there is nothing to review.
    """
    with transaction.atomic():
        locked = partner_queries.lock_partners(partner_ids)
        begun = _begin_missing(locked, day=day, at=at)
        held = latest_standings(locked).values()
        changed = 0
        for programme_id in sorted({standing.programme_id for standing in held}):
            programme = programme_on(day, programme_id)
            if programme is not None:
                enrolled = [standing for standing in held if standing.programme_id == programme_id]
                changed += _review(enrolled, programme, day=day, at=at)
    return begun + changed


def _begin_missing(partner_ids: Sequence[int], *, day: date, at: datetime) -> int:
    standing = set(Standing.objects.filter(partner_id__in=partner_ids).values_list("partner_id", flat=True))
    missing = [partner_id for partner_id in partner_ids if partner_id not in standing]
    joined = partner_queries.partner_profiles(missing) if missing else {}
    wanted = [partner_id for partner_id in missing if joined[partner_id].joined_on <= day]
    return _begin(wanted, day=day, by=SYSTEM, at=at) if wanted and programme_on(day) else 0


def _review(enrolled: Sequence[Held], programme: ladder.Programme, *, day: date, at: datetime) -> int:
    ids = [held.partner_id for held in enrolled]
    scores = scores_on(ids, day=day, measures=programme.measures)
    notices = open_notices(ids, programme)
    reviewed = latest_reviews(ids)
    findings = [
        review(held, scores.get(held.partner_id, {}), notices.get(held.partner_id, ()), day=day, programme=programme)
        for held in enrolled
        if held.starts_on <= day + ONE_DAY and reviewed.get(held.partner_id, (day, ""))[0] <= day
    ]
    known = {partner_id: fingerprint for partner_id, (_, fingerprint) in reviewed.items()}
    _write_reviews([found for found in findings if found.fingerprint != known.get(found.held.partner_id)], day=day)
    moved = [found for found in findings if found.moves_to is not None]
    for found in moved:
        _move(found, day=day, at=at)
    for found in findings:
        _write_notices(found, day=day, at=at)
    return len(moved)


def _write_reviews(findings: Sequence[Finding], *, day: date) -> None:
    reviews = (
        Review(
            partner_id=found.held.partner_id,
            business_date=day,
            version_id=found.ladder.programme.version_id,
            level_id=found.ladder.reached.level_id if found.ladder.reached else None,
            steps=found.steps,
            fingerprint=found.fingerprint,
        )
        for found in findings
    )
    Review.objects.bulk_create(
        reviews,
        update_conflicts=True,
        unique_fields=["partner", "business_date"],
        update_fields=["version", "level", "steps", "fingerprint"],
    )


def _move(found: Finding, *, day: date, at: datetime) -> None:
    """End the standing where the new one begins; one that has not begun yet is replaced."""
    assert found.moves_to is not None
    held, level_id, tomorrow = found.held, found.moves_to.level_id, day + ONE_DAY
    if held.starts_on == tomorrow:
        Standing.objects.filter(pk=held.standing_id).update(level_id=level_id)
        standing = Standing.objects.get(pk=held.standing_id)
    else:
        Standing.objects.filter(pk=held.standing_id).update(ends_on=tomorrow)
        standing = Standing.objects.create(partner_id=held.partner_id, level_id=level_id, starts_on=tomorrow)
    change = {"before": held.level_code, "after": found.moves_to.code, "starts_on": tomorrow}
    record("standing.changed", on=standing, by=SYSTEM, at=at, partner=held.partner_id, **change)


def _write_notices(found: Finding, *, day: date, at: datetime) -> None:
    judgement, partner_id = found.judgement, found.held.partner_id
    for closed in judgement.closed:
        notice = DemotionNotice.objects.get(pk=closed.notice_id)
        notice.outcome, notice.closed_on = judgement.closed_as, day
        notice.save(update_fields=["outcome", "closed_on"])
        record(f"demotion.{judgement.closed_as}", on=notice, by=SYSTEM, at=at, partner=partner_id)
    if judgement.given:
        level = found.ladder.programme.level_of_rank(judgement.given.rank)
        effective_on = judgement.given.effective_on
        notice = DemotionNotice.objects.create(
            partner_id=partner_id, level_id=level.level_id, given_on=day, effective_on=effective_on
        )
        facts = {"level": level.code, "effective_on": effective_on}
        record("demotion.announced", on=notice, by=SYSTEM, at=at, partner=partner_id, **facts)
