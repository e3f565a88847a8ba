"""Where partners stand, and what was announced."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from tiers.choices.standings import NoticeOutcome
from tiers.models import DemotionNotice, Review, Standing
from tiers.models.programmes import in_force_on
from tiers.rules import ladder
from tiers.rules.standing import Held, Notice


def latest_standings(partner_ids: Iterable[int]) -> dict[int, Held]:
    """The standing without an end of each partner that has one."""
    rows = Standing.objects.filter(partner_id__in=set(partner_ids), ends_on=None).values_list(
        *("partner_id", "pk", "starts_on", "level__code", "level__rank", "level__version__programme_id")
    )
    return {row[0]: Held(*row) for row in rows}


def open_notices(partner_ids: Iterable[int], programme: ladder.Programme) -> dict[int, list[Notice]]:
    """Announced demotions that neither took effect nor were cancelled, by partner, in the programme's ranks."""
    found: dict[int, list[Notice]] = {}
    notices = DemotionNotice.objects.filter(partner_id__in=set(partner_ids), outcome=NoticeOutcome.OPEN)
    for notice in notices.select_related("level").order_by("given_on", "id"):
        rank = programme.rank_of(notice.level.code, otherwise=notice.level.rank)
        found.setdefault(notice.partner_id, []).append(Notice(rank, notice.effective_on, notice.pk))
    return found


def latest_reviews(partner_ids: Iterable[int]) -> dict[int, tuple[date, str]]:
    """Business date and fingerprint of each partner's last review."""
    rows = Review.objects.filter(partner_id__in=set(partner_ids)).order_by("partner_id", "-business_date")
    found = rows.distinct("partner_id").values_list("partner_id", "business_date", "fingerprint")
    return {partner_id: (business_date, fingerprint) for partner_id, business_date, fingerprint in found}


@dataclass(frozen=True, slots=True)
class StandingPeriod:
    level_code: str
    level_name: str
    rank: int
    starts_on: date
    ends_on: date | None


def standings_of(partner_id: int) -> list[StandingPeriod]:
    """Every level the partner held, oldest first."""
    rows = Standing.objects.filter(partner_id=partner_id).order_by("starts_on")
    found = rows.values_list("level__code", "level__name", "level__rank", "starts_on", "ends_on")
    return [StandingPeriod(*row) for row in found]


@dataclass(frozen=True, slots=True)
class LevelCount:
    level_code: str
    level_name: str
    rank: int
    partner_count: int


def level_counts(day: date) -> list[LevelCount]:
    """How many partners hold each level on the day, lowest level first; levels that nobody holds are absent."""
    rows = Standing.objects.filter(in_force_on(day)).values_list("level__code", "level__name", "level__rank")
    counted = rows.annotate(partner_count=Count("pk")).order_by("level__rank", "level__code")
    return [LevelCount(*row) for row in counted]
