"""Publishing versions of a programme."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from tiers.actions.scores import ensure_metrics
from tiers.models import Level, Metric, Path, Programme, ProgrammeVersion, Requirement
from tiers.rules import ladder
from tiers.rules.default import default_programme

BENEFITS = ("protection_days", "deal_discount", "rebate_multiplier", "mdf_rate", "lead_priority", "support_level")


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
