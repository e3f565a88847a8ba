"""Versions of programmes as values."""

from dataclasses import dataclass
from datetime import date
from typing import cast

from django.db.models import Q, QuerySet

from common.actor import Actor
from common.period import Measurement
from partners import rules as partner_rules
from tiers.choices.programmes import Aggregation, VersionState, Window
from tiers.choices.scores import METRICS
from tiers.models import Level, Programme, ProgrammeVersion, Requirement
from tiers.models.programmes import in_force_on
from tiers.rules import ladder


def programme_on(day: date, programme_id: int | None = None) -> ladder.Programme | None:
    """The published version in force on the day, of the default programme if none is named; None when there is none."""
    versions = ProgrammeVersion.objects.filter(in_force_on(day), published_at__isnull=False)
    which = Q(programme__is_default=True) if programme_id is None else Q(programme_id=programme_id)
    return _programme(Q(version__in=versions.filter(which)))


def default_programme() -> Programme | None:
    """The programme in which partners are enrolled; None before the installation published one."""
    return Programme.objects.filter(is_default=True).first()


def published_versions(actor: Actor) -> QuerySet[ProgrammeVersion]:
    """Of the default programme, also what is only announced, for whoever may read tiers."""
    versions = ProgrammeVersion.objects.filter(programme__is_default=True, published_at__isnull=False)
    return versions if partner_rules.may(actor, "tier.view") else versions.none()


def state_of(version: ProgrammeVersion, day: date) -> VersionState:
    if version.withdrawn_at is not None:
        return VersionState.WITHDRAWN
    if version.starts_on > day:
        return VersionState.ANNOUNCED
    return VersionState.PAST if version.ends_on is not None and version.ends_on <= day else VersionState.IN_FORCE


@dataclass(frozen=True, slots=True)
class Version:
    """A version in the history. Withdrawn ones never began."""

    row: ProgrammeVersion
    state: VersionState


def versions_for(actor: Actor, *, day: date) -> list[Version]:
    """Every version that was ever announced, newest first, as it stands on the day."""
    if not partner_rules.may(actor, "tier.view"):
        return []
    announced = Q(published_at__isnull=False) | Q(withdrawn_at__isnull=False)
    rows = ProgrammeVersion.objects.filter(announced, programme__is_default=True).order_by("-number")
    return [Version(row, state_of(row, day)) for row in rows]


def withdrawable_version(day: date) -> ProgrammeVersion | None:
    """The last published version, if it has not begun on the day."""
    versions = ProgrammeVersion.objects.filter(programme__is_default=True, published_at__isnull=False)
    found = versions.order_by("-starts_on").first()
    return found if found is not None and found.starts_on > day else None


def programme_of(version_id: int) -> ladder.Programme | None:
    """A version, published or not, as values; None when it has no levels."""
    return _programme(Q(version_id=version_id))


def _programme(which: Q) -> ladder.Programme | None:
    rows = list(Level.objects.filter(which).select_related("version").order_by("rank"))
    if not rows:
        return None
    version = rows[0].version
    paths = _paths_by_level(version.pk)
    levels = (
        ladder.Level(row.rank, row.code, row.name, paths.get(row.pk, ()), level_id=row.pk, terms=_terms_of(row))
        for row in rows
    )
    return ladder.Programme(
        number=version.number,
        levels=tuple(levels),
        notice_days=version.notice_days,
        demotion_period=cast("Measurement", version.demotion_period),
        version_id=version.pk,
        currency=version.currency,
    )


def _paths_by_level(version_id: int) -> dict[int, tuple[ladder.Path, ...]]:
    found: dict[int, dict[int, list[ladder.Requirement]]] = {}
    rows = Requirement.objects.filter(path__level__version_id=version_id).select_related("path", "metric")
    for row in rows.order_by("path__number", "id"):
        requirement = ladder.Requirement(
            metric=row.metric.code,
            window=Window(row.window),
            threshold=row.threshold,
            aggregation=Aggregation(row.aggregation),
            minimum_samples=row.minimum_samples,
            name=str(METRICS.get(row.metric.code, (row.metric.name,))[0]),
            unit=row.metric.unit,
        )
        found.setdefault(row.path.level_id, {}).setdefault(row.path.number, []).append(requirement)
    return {
        level_id: tuple(ladder.Path(number, tuple(asked)) for number, asked in paths.items())
        for level_id, paths in found.items()
    }


def _terms_of(level: Level) -> ladder.Terms:
    return ladder.Terms(
        level_code=level.code,
        level_name=level.name,
        rank=level.rank,
        protection_days=level.protection_days,
        deal_discount=level.deal_discount,
        rebate_multiplier=level.rebate_multiplier,
        mdf_rate=level.mdf_rate,
        programme_version=level.version.number,
        lead_priority=level.lead_priority,
        support_level=level.support_level,
    )
