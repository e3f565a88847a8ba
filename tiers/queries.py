"""Where partners stand, what that gives them, and what their scores add up to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from common.period import Measurement
from common.verdict import refusal
from tiers.choices import METRICS, Aggregation, NoticeOutcome, Window
from tiers.models import (
    SCORE_SCALE,
    DemotionNotice,
    Level,
    ProgrammeVersion,
    Requirement,
    Review,
    Standing,
    in_force_on,
)
from tiers.rules import ladder
from tiers.rules.standing import Held, Notice

# A standing names a level; what it gives is read from the version in force on the day, by the level's code (or from its
# own version when no later one has it). A partner that was never enrolled has the default programme's entry level.
_TERMS = "SELECT * FROM tiers_terms_on(%(partners)s::bigint[], %(day)s)"

# Which credits a measure sees from a day. A reversal has its original's validity, so the two always cancel.
_COUNTED = """
FROM unnest(%(metrics)s::text[], %(windows)s::text[], %(starts)s::date[]) AS wanted(metric, seen_through, starts_on)
JOIN tiers_metric metric ON metric.code = wanted.metric
JOIN tiers_scorecredit credit ON credit.metric_id = metric.id AND credit.valid_from >= wanted.starts_on
WHERE credit.partner_id = ANY(%(partners)s) AND credit.valid_from <= %(day)s
  AND (wanted.seen_through <> 'valid_on_day' OR credit.valid_until IS NULL OR credit.valid_until > %(day)s)
  AND (%(known_at)s::timestamptz IS NULL OR credit.recorded_at <= %(known_at)s)
"""
_SCORES = f"""
SELECT credit.partner_id, wanted.metric, wanted.seen_through, sum(credit.units),
       sum(CASE WHEN credit.reverses_id IS NULL THEN 1 ELSE -1 END)
{_COUNTED} GROUP BY 1, 2, 3
"""
_CREDITS = f"""
SELECT metric, seen_through, row_count, title, amount, valid_from, valid_until, is_reversal FROM (
    SELECT wanted.metric, wanted.seen_through, credit.amount, credit.valid_from, credit.valid_until,
           coalesce(nullif(credit.label, ''), credit.source_kind || ' ' || credit.source_key) AS title,
           credit.reverses_id IS NOT NULL AS is_reversal,
           count(*) OVER measure AS row_count,
           row_number() OVER (measure ORDER BY credit.valid_from DESC, credit.id DESC) AS place
    {_COUNTED}
    WINDOW measure AS (PARTITION BY wanted.metric, wanted.seen_through)
) counted WHERE place <= %(limit)s ORDER BY metric, seen_through, place
"""  # noqa: S608 - both parts are ours


def terms_for(partner_id: int, *, day: date) -> ladder.Terms:
    """What the partner's level gives it on the day. Refuses ``tier.no_programme`` when no programme is in force."""
    return terms_for_many([partner_id], day=day)[partner_id]


def terms_for_many(partner_ids: Iterable[int], *, day: date) -> dict[int, ladder.Terms]:
    """Terms of each of these partners on the day, in one statement; refuses as `terms_for` does."""
    wanted = list(set(partner_ids))
    found = {row[0]: ladder.Terms(*row[1:]) for row in _rows(_TERMS, partners=wanted, day=day)}
    if len(found) < len(wanted):
        refusal("tier.no_programme", day=day).or_refuse()
    return found


def scores_on(
    partner_ids: Iterable[int], *, day: date, measures: Iterable[ladder.Measure], known_at: datetime | None = None
) -> dict[int, dict[ladder.Measure, ladder.Tally]]:
    """What the score book adds up to for each partner and measure, seen from the day, in one statement.

    `known_at` leaves out what was recorded later, to see a past day as it was seen then. Measures without any
    credit, and partners without any, are absent.
    """
    found: dict[int, dict[ladder.Measure, ladder.Tally]] = {}
    for partner_id, metric, window, units, samples in _rows(_SCORES, **_counted(partner_ids, day, measures, known_at)):
        tally = ladder.Tally(Decimal(units) / SCORE_SCALE, int(samples))
        found.setdefault(partner_id, {})[metric, window] = tally
    return found


def _counted(
    partner_ids: Iterable[int], day: date, measures: Iterable[ladder.Measure], known_at: datetime | None
) -> dict[str, Any]:
    listed = sorted(measures)
    return {
        "partners": list(set(partner_ids)),
        "metrics": [metric for metric, _ in listed],
        "windows": [window for _, window in listed],
        "starts": [ladder.window_starts_on(window, day) for _, window in listed],
        "day": day,
        "known_at": known_at,
    }


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def programme_on(day: date, programme_id: int | None = None) -> ladder.Programme | None:
    """The published version in force on the day, of the default programme if none is named; None when there is none."""
    versions = ProgrammeVersion.objects.filter(in_force_on(day), published_at__isnull=False)
    which = Q(programme__is_default=True) if programme_id is None else Q(programme_id=programme_id)
    return _programme(Q(version__in=versions.filter(which)))


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
    )


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


# The tier page

SHOWN_CREDITS = 20


@dataclass(frozen=True, slots=True)
class CreditLine:
    title: str
    amount: Decimal
    valid_from: date
    valid_until: date | None
    is_reversal: bool


@dataclass(frozen=True, slots=True)
class CreditGroup:
    """The credits that make up one value: the newest ones, and what the others add up to."""

    requirement: ladder.Requirement  # the first that looks at this measure
    total: Decimal
    lines: list[CreditLine]
    other_count: int
    other_total: Decimal


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    at: date
    title: str
    colour: str
    icon: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class StandingPage:
    """Where a partner stands on a day, why, what the next level asks, and what is announced."""

    day: date
    measured: ladder.Ladder
    held: ladder.LevelStep
    next: ladder.LevelStep | None
    since: date | None  # none: never enrolled
    rises_to: ladder.Level | None  # already met: begins the day after the next review
    notices: list[DemotionNotice]
    credits: list[CreditGroup]
    history: list[HistoryEntry]


def standing_page_for(partner_id: int, *, day: date) -> StandingPage | None:
    """Everything the tier page shows, measured from the score book as of the day; None without a programme in force."""
    standings = list(
        Standing.objects.filter(partner_id=partner_id, starts_on__lte=day).select_related("level__version")
    )
    notices = list(DemotionNotice.objects.filter(partner_id=partner_id, given_on__lte=day).select_related("level"))
    held = next((row for row in standings if row.ends_on is None or day < row.ends_on), None)
    programme = programme_on(day, held.level.version.programme_id if held else None)
    if programme is None:
        return None
    tallies = scores_on([partner_id], day=day, measures=programme.measures).get(partner_id, {})
    found = ladder.tier_for(tallies, programme)
    rank = programme.rank_of(held.level.code, otherwise=held.level.rank) if held else programme.entry.rank
    return StandingPage(
        day=day,
        measured=found,
        held=found.step_of_rank(rank),
        next=found.next_above(rank),
        since=held.starts_on if held else None,
        rises_to=found.level if found.level.rank > rank else None,
        notices=[notice for notice in notices if notice.closed_on is None or day < notice.closed_on],
        credits=_credit_groups(partner_id, day, programme, tallies),
        history=_history(standings, notices, day),
    )


def _credit_groups(
    partner_id: int, day: date, programme: ladder.Programme, tallies: ladder.Scores
) -> list[CreditGroup]:
    counted = _counted([partner_id], day, programme.measures, None)
    lines: dict[ladder.Measure, list[CreditLine]] = {}
    row_counts: dict[ladder.Measure, int] = {}
    for metric, window, row_count, *line in _rows(_CREDITS, **counted, limit=SHOWN_CREDITS):
        lines.setdefault((metric, window), []).append(CreditLine(*line))
        row_counts[metric, window] = row_count
    groups = []
    for measure, requirement in programme.requirement_by_measure.items():
        shown = lines.get(measure, [])
        total = tallies.get(measure, ladder.Tally()).total
        other_count = row_counts.get(measure, 0) - len(shown)
        other_total = total - sum((line.amount for line in shown), Decimal(0))
        groups.append(CreditGroup(requirement, total, shown, other_count, other_total))
    return groups


def _history(standings: Iterable[Standing], notices: Iterable[DemotionNotice], day: date) -> list[HistoryEntry]:
    """What happened until the day, newest first."""
    entries = []
    before = 0
    for row in standings:
        title = (
            _("%(level)s began")
            if not before
            else _("Rose to %(level)s")
            if row.level.rank > before
            else _("Fell to %(level)s")
        )
        icon = "arrow-down" if row.level.rank < before else "medal"
        entries.append(HistoryEntry(row.starts_on, title % {"level": row.level.name}, row.level.code, icon))
        before = row.level.rank
    for notice in notices:
        level = {"level": notice.level.name}
        entries.append(
            HistoryEntry(notice.given_on, _("Demotion to %(level)s announced") % level, "orange", "alert-triangle")
        )
        if notice.outcome == NoticeOutcome.CANCELLED and notice.closed_on and notice.closed_on <= day:
            entries.append(
                HistoryEntry(notice.closed_on, _("Demotion to %(level)s cancelled") % level, "green", "circle-check")
            )
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
