"""The score book of many partners as values, and what else a course is computed from: one statement each."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import cast

from django.db.models import Q

from common.period import Period
from tiers.choices.standings import OverrideStatus
from tiers.models import DemotionNotice, Freeze, Override, ProgrammeVersion, Standing
from tiers.queries.programmes import programme_of
from tiers.queries.scores import rows
from tiers.rules.book import Credit
from tiers.rules.course import Announced, Held, InForce, Outcome
from tiers.rules.simulation import Given

_CREDITS = """
SELECT credit.partner_id, credit.id, metric.code, credit.amount, credit.valid_from, credit.valid_until,
       credit.recorded_at, reversal.recorded_at,
       coalesce(nullif(credit.label, ''), credit.source_kind || ' ' || credit.source_key), credit.holder
FROM tiers_scorecredit credit
JOIN tiers_metric metric ON metric.id = credit.metric_id
LEFT JOIN tiers_scorecredit reversal ON reversal.reverses_id = credit.id
WHERE credit.partner_id = ANY(%(partners)s) AND credit.reverses_id IS NULL
  AND metric.code = ANY(%(metrics)s) AND (%(before)s::date IS NULL OR credit.valid_from < %(before)s)
ORDER BY credit.partner_id, credit.valid_from, credit.id
"""


def credits_of(
    partner_ids: Iterable[int], *, metrics: Collection[str], before: date | None = None
) -> dict[int, list[Credit]]:
    """Every credit of these metrics, also those that were undone, by partner; partners without any are absent.

    `before` leaves out what becomes valid on that day or later.
    """
    found: dict[int, list[Credit]] = {}
    listed = list(set(partner_ids))
    for partner_id, *columns in rows(_CREDITS, partners=listed, metrics=sorted(metrics), before=before):
        found.setdefault(partner_id, []).append(Credit(*columns))
    return found


def versions_of(programme_id: int) -> list[InForce]:
    """Every published version of the programme, oldest first, with the days on which it is in force."""
    published = ProgrammeVersion.objects.filter(programme_id=programme_id, published_at__isnull=False)
    days = published.order_by("starts_on").values_list("pk", "starts_on", "ends_on")
    found = ((programme_of(pk), Period(starts_on, ends_on)) for pk, starts_on, ends_on in days)
    return [InForce(programme, period) for programme, period in found if programme is not None]


def held_by(partner_ids: Iterable[int], programme_id: int, *, until: date) -> dict[int, list[Held]]:
    """Levels held in the programme before `until`, oldest first; what has no end, or a later one, ends there."""
    found: dict[int, list[Held]] = {}
    standings = Standing.objects.filter(
        partner_id__in=set(partner_ids), level__version__programme_id=programme_id, starts_on__lt=until
    ).order_by("partner_id", "starts_on")
    columns = standings.values_list("partner_id", "level__code", "level__rank", "starts_on", "ends_on")
    for partner_id, code, rank, starts_on, ends_on in columns:
        found.setdefault(partner_id, []).append(Held(code, rank, starts_on, min(ends_on or until, until)))
    return found


def notices_of(partner_ids: Iterable[int]) -> dict[int, list[Announced]]:
    """Every notice that was given, oldest first, the less deep of one night first."""
    found: dict[int, list[Announced]] = {}
    notices = DemotionNotice.objects.filter(partner_id__in=set(partner_ids)).order_by("partner_id", "given_on", "id")
    columns = notices.values_list(
        *("partner_id", "level__code", "level__rank", "given_on", "effective_on", "outcome", "closed_on")
    )
    for partner_id, code, rank, given_on, effective_on, outcome, closed_on in columns:
        notice = Announced(code, rank, given_on, effective_on, cast("Outcome", outcome), closed_on)
        found.setdefault(partner_id, []).append(notice)
    return found


def open_on(notices: Iterable[Announced], day: date) -> tuple[Announced, ...]:
    """Those that were given before the day and still ran when it began, as open ones."""
    running = (each for each in notices if each.given_on < day and (each.closed_on is None or each.closed_on >= day))
    return tuple(Announced(each.level_code, each.level_rank, each.given_on, each.effective_on) for each in running)


def frozen_times_of(partner_ids: Iterable[int]) -> dict[int, list[Period]]:
    """When each partner's level neither rises nor falls; freezes that were taken back before a day of theirs: none."""
    found: dict[int, list[Period]] = {}
    freezes = Freeze.objects.filter(partner_id__in=set(partner_ids)).order_by("partner_id", "starts_on")
    for partner_id, starts_on, ends_on in freezes.values_list("partner_id", "starts_on", "ends_on"):
        if starts_on < ends_on:
            found.setdefault(partner_id, []).append(Period(starts_on, ends_on))
    return found


def given_levels_of(partner_ids: Iterable[int]) -> dict[int, list[Given]]:
    """Approved overrides of each partner."""
    found: dict[int, list[Given]] = {}
    approved = Q(partner_id__in=set(partner_ids), status=OverrideStatus.APPROVED)
    columns = ("partner_id", "level__code", "level__rank", "starts_on", "ends_on")
    for partner_id, code, rank, starts_on, ends_on in Override.objects.filter(approved).values_list(*columns):
        if starts_on < ends_on:
            found.setdefault(partner_id, []).append(Given(code, rank, Period(starts_on, ends_on)))
    return found
