"""Crediting scores, enrolling partners, publishing programmes, and the night's review."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import Refused
from common.period import Period
from common.verdict import refusal
from partners import queries as partner_queries
from tiers import queries
from tiers.choices import METRICS
from tiers.models import (
    DemotionNotice,
    Level,
    Metric,
    Path,
    Programme,
    ProgrammeVersion,
    Requirement,
    Review,
    Standing,
)
from tiers.rules import ladder
from tiers.rules.default import default_programme
from tiers.rules.standing import ONE_DAY, Finding, Held, review

BENEFITS = ("protection_days", "deal_discount", "rebate_multiplier", "mdf_rate")

# The score book


@dataclass(frozen=True, slots=True)
class Source:
    """What a credit comes from. It counts once for ever: put the revision of a thing that can change into its key.

    `label` is what the partner reads; without one it reads kind and key.
    """

    kind: str
    key: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class NewCredit:
    """An amount of a metric (money in the programme's currency, four decimals at most) that is valid for a period."""

    partner_id: int
    metric: str
    amount: Decimal
    period: Period
    source: Source


_GIVEN = """
unnest(%(partner)s::bigint[], %(metric)s::text[], %(amount)s::numeric(18,4)[], %(valid_from)s::date[],
       %(valid_until)s::date[], %(kind)s::text[], %(key)s::text[], %(label)s::text[])
    AS given(partner_id, metric, amount, valid_from, valid_until, kind, key, label)
"""
_CREDIT = f"""
INSERT INTO tiers_scorecredit (partner_id, metric_id, amount, valid_from, valid_until, source_kind, source_key, label,
                               recorded_at)
SELECT given.partner_id, metric.id, given.amount, given.valid_from, given.valid_until, given.kind, given.key,
       given.label, %(at)s
FROM {_GIVEN} JOIN tiers_metric metric ON metric.code = given.metric
ORDER BY given.kind, given.key, given.partner_id, metric.id
ON CONFLICT (source_kind, source_key, partner_id, metric_id) WHERE reverses_id IS NULL DO NOTHING
"""  # noqa: S608 - the parts are ours
_CONTRADICTED = f"""
SELECT given.key, given.metric, reversal.id IS NOT NULL
FROM {_GIVEN} JOIN tiers_metric metric ON metric.code = given.metric
JOIN tiers_scorecredit credit ON credit.reverses_id IS NULL AND credit.source_kind = given.kind
     AND credit.source_key = given.key AND credit.partner_id = given.partner_id AND credit.metric_id = metric.id
LEFT JOIN tiers_scorecredit reversal ON reversal.reverses_id = credit.id
WHERE reversal.id IS NOT NULL OR credit.amount <> given.amount OR credit.valid_from <> given.valid_from
   OR credit.valid_until IS DISTINCT FROM given.valid_until
ORDER BY given.key, given.metric LIMIT 1
"""  # noqa: S608 - the parts are ours
_REVERSE = """
INSERT INTO tiers_scorecredit (partner_id, metric_id, amount, valid_from, valid_until, source_kind, source_key, label,
                               reverses_id, recorded_at)
SELECT partner_id, metric_id, -amount, valid_from, valid_until, source_kind, source_key, label, id, %(at)s
FROM tiers_scorecredit WHERE source_kind = %(kind)s AND source_key = ANY(%(keys)s) AND reverses_id IS NULL
ORDER BY id
ON CONFLICT (reverses_id) WHERE reverses_id IS NOT NULL DO NOTHING
"""


def credit_score(partner_id: int, *, metric: str, amount: Decimal, period: Period, source: Source, at: datetime) -> int:
    """Credit one amount; see `credit_scores`."""
    return credit_scores([NewCredit(partner_id, metric, amount, period, source)], at=at)


def credit_scores(credits: Sequence[NewCredit], *, at: datetime) -> int:
    """Write credits that the score book does not have yet, in one statement; returns how many were new.

    The same credit again changes nothing. Refuses all when a metric is unknown (``metric.unknown``), or a source was
    credited before with another amount or validity (``score.source_differs``) or was reversed
    (``score.source_reversed``).
    """
    if not credits:
        return 0
    with transaction.atomic():
        written = _execute(_CREDIT, **_columns(credits), at=at)
        if written < len(credits):
            added = _ensure_metrics({credit.metric for credit in credits})
            written += _execute(_CREDIT, **_columns(credits), at=at) if added else 0
        if written < len(credits):
            _refuse_contradictions(credits)
    return written


def reverse_credits(source_kind: str, source_keys: Sequence[str], *, at: datetime) -> int:
    """Undo what these sources were credited, for every partner and metric; returns how many credits were undone.

    Each is undone once: asking again, or for an unknown source, changes nothing.
    """
    if not source_keys:
        return 0
    return _execute(_REVERSE, kind=source_kind, keys=list(source_keys), at=at)


def define_metric(code: str, *, name: str, unit: str, by: Actor, at: datetime) -> Metric:
    """Open the score book to a new metric. Refuses one that exists."""
    with transaction.atomic():
        metric, is_new = Metric.objects.get_or_create(code=code, defaults={"name": name, "unit": unit})
        if not is_new or code in METRICS:
            refusal("metric.exists", metric=code).or_refuse()
        record("metric.defined", on=metric, by=by, at=at, code=code, name=name, unit=unit)
    return metric


def _columns(credits: Sequence[NewCredit]) -> dict[str, list[Any]]:
    return {
        "partner": [credit.partner_id for credit in credits],
        "metric": [credit.metric for credit in credits],
        "amount": [credit.amount for credit in credits],
        "valid_from": [credit.period.starts_on for credit in credits],
        "valid_until": [credit.period.ends_on for credit in credits],
        "kind": [credit.source.kind for credit in credits],
        "key": [credit.source.key for credit in credits],
        "label": [credit.source.label for credit in credits],
    }


def _execute(sql: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _ensure_metrics(codes: Iterable[str]) -> bool:
    """Write missing rows of built-in metrics; refuses codes that nobody defined. True if any was missing."""
    wanted = set(codes)
    missing = wanted - set(Metric.objects.filter(code__in=wanted).values_list("code", flat=True))
    for code in sorted(missing - METRICS.keys()):
        refusal("metric.unknown", field="metric", metric=code).or_refuse()
    rows = [Metric(code=code, name=str(METRICS[code][0]), unit=METRICS[code][1]) for code in sorted(missing)]
    Metric.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(missing)


def _refuse_contradictions(credits: Sequence[NewCredit]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CONTRADICTED, _columns(credits))
        found = cursor.fetchone()
    if found:
        key, metric, was_reversed = found
        code = "score.source_reversed" if was_reversed else "score.source_differs"
        refusal(code, key=key, metric=metric).or_refuse()


# Programme


def publish_default_programme(*, at: datetime, starts_on: date, by: Actor = SYSTEM) -> ProgrammeVersion:
    """Publish the programme that an installation starts with, in force from that day; once, whoever asks again."""
    with transaction.atomic():
        programme, is_new = Programme.objects.get_or_create(
            code="partner", defaults={"name": "Partner programme", "is_default": True}
        )
        if not is_new:
            return ProgrammeVersion.objects.get(programme=programme, number=1)
        return publish_version(programme.pk, default_programme(), starts_on=starts_on, by=by, at=at)


def publish_version(
    programme_id: int, content: ladder.Programme, *, starts_on: date, by: Actor, at: datetime
) -> ProgrammeVersion:
    """Put a new version in force from that day; the one before it ends then. Frozen from now on."""
    with transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=programme_id)
        earlier = ProgrammeVersion.objects.filter(programme=programme)
        earlier.filter(published_at__isnull=False, ends_on=None).update(ends_on=starts_on)
        version = ProgrammeVersion.objects.create(
            programme=programme,
            number=earlier.count() + 1,
            starts_on=starts_on,
            currency=content.currency,
            notice_days=content.notice_days,
            demotion_period=content.demotion_period,
        )
        _write_levels(version, content.levels)
        version.published_at = at
        version.save(update_fields=["published_at"])
        record("programme.published", on=version, by=by, at=at, number=version.number, starts_on=starts_on)
    return version


def _write_levels(version: ProgrammeVersion, levels: Sequence[ladder.Level]) -> None:
    _ensure_metrics({asked.metric for level in levels for path in level.paths for asked in path.requirements})
    metrics = dict(Metric.objects.values_list("code", "pk"))
    for level in levels:
        benefits = {name: getattr(level.terms, name) for name in BENEFITS}
        stored = Level.objects.create(version=version, rank=level.rank, code=level.code, name=level.name, **benefits)
        for path in level.paths:
            way = Path.objects.create(level=stored, number=path.number)
            Requirement.objects.bulk_create(
                Requirement(
                    path=way,
                    metric_id=metrics[asked.metric],
                    window=asked.window,
                    aggregation=asked.aggregation,
                    threshold=asked.threshold,
                    minimum_samples=asked.minimum_samples,
                )
                for asked in path.requirements
            )


# Standing


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
    programme = queries.programme_on(day)
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
        held = queries.latest_standings(locked).values()
        changed = 0
        for programme_id in sorted({standing.programme_id for standing in held}):
            programme = queries.programme_on(day, programme_id)
            if programme is not None:
                enrolled = [standing for standing in held if standing.programme_id == programme_id]
                changed += _review(enrolled, programme, day=day, at=at)
    return begun + changed


def _begin_missing(partner_ids: Sequence[int], *, day: date, at: datetime) -> int:
    standing = set(Standing.objects.filter(partner_id__in=partner_ids).values_list("partner_id", flat=True))
    missing = [partner_id for partner_id in partner_ids if partner_id not in standing]
    joined = partner_queries.partner_profiles(missing) if missing else {}
    wanted = [partner_id for partner_id in missing if joined[partner_id].joined_on <= day]
    return _begin(wanted, day=day, by=SYSTEM, at=at) if wanted and queries.programme_on(day) else 0


def _review(enrolled: Sequence[Held], programme: ladder.Programme, *, day: date, at: datetime) -> int:
    ids = [held.partner_id for held in enrolled]
    scores = queries.scores_on(ids, day=day, measures=programme.measures)
    notices = queries.open_notices(ids, programme)
    reviewed = queries.latest_reviews(ids)
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
