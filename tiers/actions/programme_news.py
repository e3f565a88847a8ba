"""Telling partners' people that the programme will change, or does not after all. Run from the outbox."""

from datetime import datetime

from django.urls import reverse

from partners import queries as partner_queries
from partners import rules as partner_rules
from partners.actions.notices import notify
from tiers.models import ProgrammeVersion


def tell_of_published_programme(*, version_id: int, at: datetime) -> None:
    """Everybody at a partner who may read tiers, once: from which day, and where it is written what it means."""
    version = ProgrammeVersion.objects.get(pk=version_id)
    if version.withdrawn_at is None:
        _tell(version, "notice.programme_published", at=at)


def tell_of_withdrawn_programme(*, version_id: int, at: datetime) -> None:
    _tell(ProgrammeVersion.objects.get(pk=version_id), "notice.programme_withdrawn", at=at)


def _tell(version: ProgrammeVersion, code: str, *, at: datetime) -> None:
    notify(
        partner_queries.people_of_all_partners(partner_rules.CAPABILITIES["tier.view"].partner_roles),
        kind="programme.changed",
        code=code,
        at=at,
        params={"number": version.number, "day": version.starts_on.isoformat()},
        url=reverse("tiers:programme"),
        about=str(version.programme_id),
        dedup=f"{code}:{version.programme_id}:{version.number}",
    )
