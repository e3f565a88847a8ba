"""Publishing versions of a programme, and withdrawing one that has not begun."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.verdict import ALLOWED, refusal
from partners import rules as partner_rules
from tiers.actions.scores import ensure_metrics
from tiers.models import Level, Metric, Path, Programme, ProgrammeDraft, ProgrammeVersion, Requirement
from tiers.queries.drafts import proposal_of, readiness_of, surroundings_of
from tiers.queries.overrides import day_of
from tiers.rules import ladder
from tiers.rules.content import programme_from
from tiers.rules.default import default_programme
from tiers.rules.programme_changes import BENEFITS, Publication, may_publish
from tiers.rules.programme_checks import words_to_partners_are_sound


def ensure_default_programme() -> Programme:
    """The programme in which partners are enrolled; without any version when it is new."""
    programme, _is_new = Programme.objects.get_or_create(
        is_default=True, defaults={"code": "partner", "name": "Partner programme"}
    )
    return programme


def publish_default_programme(*, at: datetime, starts_on: date, by: Actor = SYSTEM) -> ProgrammeVersion:
    """Publish the programme that an installation starts with, in force from that day; once, whoever asks again."""
    with transaction.atomic():
        programme = ensure_default_programme()
        first = ProgrammeVersion.objects.filter(programme=programme, number=1).first()
        return first or publish_version(programme.pk, default_programme(), starts_on=starts_on, by=by, at=at)


def publish_version(
    programme_id: int, content: ladder.Programme, *, starts_on: date, by: Actor, at: datetime, words: str = ""
) -> ProgrammeVersion:
    """Put a new version in force from that day; the one before it ends then. Frozen from now on."""
    with transaction.atomic():
        programme = _lock_programme(programme_id)
        earlier = ProgrammeVersion.objects.filter(programme=programme)
        earlier.filter(published_at__isnull=False, ends_on=None).update(ends_on=starts_on)
        version = ProgrammeVersion.objects.create(
            programme=programme,
            number=earlier.count() + 1,
            starts_on=starts_on,
            currency=content.currency,
            notice_days=content.notice_days,
            demotion_period=content.demotion_period,
            words=words,
        )
        _write_levels(version, content.levels)
        version.published_at = at
        version.save(update_fields=["published_at"])
        record("programme.published", on=version, by=by, at=at, number=version.number, starts_on=starts_on)
    return version


def publish_draft(draft_id: int, asked: Publication, *, by: Actor, at: datetime) -> ProgrammeVersion:
    """Make the draft the next version from that day; the version before ends then, and partners' people are told.

    Refuses a draft that was not simulated as it is now, a first day with less than the programme's notice or not after
    the first day of the version before, and whatever stands against the draft itself.
    """
    partner_rules.may(by, "programme.publish").or_refuse()
    with transaction.atomic():
        draft = ProgrammeDraft.objects.select_for_update().filter(pk=draft_id).first()
        if draft is None:
            raise NotFound("draft")
        (refusal("programme.not_draft") if draft.version_id is not None else ALLOWED).or_refuse()
        programme = _lock_programme(draft.programme_id)
        proposal, ready = proposal_of(draft), readiness_of(draft)
        may_publish(asked, proposal, surroundings_of(programme, proposal, day=day_of(at)), ready).or_refuse()
        content = programme_from(proposal.content, number=ready.number)
        version = publish_version(
            programme.pk, content, starts_on=asked.starts_on, by=by, at=at, words=proposal.words.strip()
        )
        draft.version, draft.starts_on = version, asked.starts_on
        draft.save(update_fields=["version", "starts_on"])
        after_commit("tiers.programme_published", at=at, version_id=version.pk)
    return version


def withdraw_version(version_id: int, *, words: str, by: Actor, at: datetime) -> ProgrammeVersion:
    """Take back the last version before its first day: the one before goes on, and partners' people are told why.

    Refuses any other version, and to do it without words.
    """
    partner_rules.may(by, "programme.publish").or_refuse()
    with transaction.atomic():
        version = ProgrammeVersion.objects.filter(pk=version_id).first()
        if version is None:
            raise NotFound("version")
        _lock_programme(version.programme_id)
        version.refresh_from_db()
        is_last = version.published_at is not None and version.ends_on is None and version.starts_on > day_of(at)
        possible = ALLOWED if is_last else refusal("programme.not_announced")
        (possible & words_to_partners_are_sound(words)).or_refuse()
        version.published_at, version.withdrawn_at, version.withdrawn_words = None, at, words.strip()
        version.save(update_fields=["published_at", "withdrawn_at", "withdrawn_words"])
        before = ProgrammeVersion.objects.filter(programme=version.programme_id, published_at__isnull=False)
        before.filter(ends_on=version.starts_on).update(ends_on=None)
        record("programme.withdrawn", on=version, by=by, at=at, number=version.number, words=version.withdrawn_words)
        after_commit("tiers.programme_withdrawn", at=at, version_id=version.pk)
    return version


def _lock_programme(programme_id: int) -> Programme:
    """One publisher at a time until the transaction ends: numbers have no gaps, and periods follow each other."""
    return Programme.objects.select_for_update().get(pk=programme_id)


def _write_levels(version: ProgrammeVersion, levels: Sequence[ladder.Level]) -> None:
    ensure_metrics({asked.metric for level in levels for path in level.paths for asked in path.requirements})
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
