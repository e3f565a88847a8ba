"""Where partners stand, and what was announced."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count

from tiers.choices.standings import NoticeOutcome
from tiers.models import DemotionNotice, Review, Standing
from tiers.models.programmes import in_force_on
from tiers.models.scores import SCORE_SCALE
from tiers.queries.programmes import programme_of
from tiers.rules import ladder
from tiers.rules.standing import Notice


def open_notices(partner_ids: Iterable[int], programme: ladder.Programme) -> dict[int, list[Notice]]:
    """Announced demotions that neither took effect nor were cancelled, by partner, in the programme's ranks."""
    found: dict[int, list[Notice]] = {}
    notices = DemotionNotice.objects.filter(partner_id__in=set(partner_ids), outcome=NoticeOutcome.OPEN)
    for notice in notices.select_related("level").order_by("given_on", "id"):
        rank = programme.rank_of(notice.level.code, otherwise=notice.level.rank)
        found.setdefault(notice.partner_id, []).append(Notice(rank, notice.effective_on, notice.pk))
    return found


@dataclass(frozen=True, slots=True)
class StoredReview:
    """What a review found, by the version that was in force: every requirement beside its value."""

    business_date: date
    version_id: int
    ladder: ladder.Ladder


def review_on(partner_id: int, day: date) -> StoredReview | None:
    """The latest review that is not after the day; None when there is none."""
    found = Review.objects.filter(partner_id=partner_id, business_date__lte=day).order_by("business_date").last()
    programme = programme_of(found.version_id) if found else None
    if found is None or programme is None:
        return None
    figures = zip(programme.ordered_measures, found.totals, found.samples, found.latest, strict=True)
    scores = {
        measure: ladder.Tally(_amount(total), samples, None if latest is None else _amount(latest))
        for measure, total, samples, latest in figures
    }
    return StoredReview(found.business_date, found.version_id, ladder.tier_for(scores, programme))


def _amount(units: int) -> Decimal:
    return Decimal(units) / SCORE_SCALE


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
