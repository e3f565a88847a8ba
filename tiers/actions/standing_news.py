"""Telling partners' people how their level changes. Run from the outbox, after the night's review is committed."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from partners import queries as partner_queries
from partners import rules as partner_rules
from partners.actions.notices import notify
from tiers.models import DemotionNotice, Standing


def tell_of_changed_standings(*, standing_ids: Sequence[int], at: datetime) -> None:
    """Everybody at the partner who sees its level, of each change once."""
    changed = Standing.objects.filter(pk__in=standing_ids).select_related("level").order_by("pk")
    ended = Standing.objects.filter(partner_id__in=[each.partner_id for each in changed], ends_on__isnull=False)
    before = {(each.partner_id, each.ends_on): each.level.rank for each in ended.select_related("level")}
    for standing in changed:
        rose = standing.level.rank >= before.get((standing.partner_id, standing.starts_on), 0)
        code = "notice.tier_risen" if rose else "notice.tier_fallen"
        params = {"level": standing.level.name, "day": standing.starts_on.isoformat()}
        dedup = f"{code} {standing.pk} {standing.level.code}"
        _tell(standing.partner_id, "tiers.standing", code, params, dedup=dedup, at=at)


def tell_of_announced_demotions(*, notice_ids: Sequence[int], at: datetime) -> None:
    """Which level is at risk, where the partner would fall to, and when."""
    notices = DemotionNotice.objects.filter(pk__in=notice_ids).select_related("level").order_by("pk")
    held = _held([notice.partner_id for notice in notices])
    for notice in notices:
        params = {
            "held": held[notice.partner_id],
            "level": notice.level.name,
            "day": notice.effective_on.isoformat(),
        }
        code = "notice.demotion_announced"
        _tell(notice.partner_id, "tiers.demotion", code, params, dedup=f"{code} {notice.pk}", at=at)


def tell_of_cancelled_demotions(*, notice_ids: Sequence[int], at: datetime) -> None:
    """That the partner has recovered."""
    notices = DemotionNotice.objects.filter(pk__in=notice_ids).select_related("level").order_by("pk")
    for notice in notices:
        code = "notice.demotion_cancelled"
        params = {"level": notice.level.name}
        _tell(notice.partner_id, "tiers.demotion", code, params, dedup=f"{code} {notice.pk}", at=at)


def _held(partner_ids: Sequence[int]) -> dict[int, str]:
    latest = Standing.objects.filter(partner_id__in=partner_ids, ends_on=None)
    return dict(latest.values_list("partner_id", "level__name"))


def _tell(partner_id: int, kind: str, code: str, params: dict[str, str], *, dedup: str, at: datetime) -> None:
    roles = partner_rules.CAPABILITIES["tier.view"].partner_roles
    people = partner_queries.people_of_partner(partner_id, roles)
    notify(people, kind=kind, code=code, at=at, params=params, url=reverse("tiers:standing"), dedup=dedup)
