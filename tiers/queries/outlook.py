"""A partner's next twelve months, and whom its level hangs on: what the rules look at, read in a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from common.period import Period, add_months
from tiers.choices.programmes import Aggregation
from tiers.models import ProgrammeVersion
from tiers.models.scores import SCORE_SCALE
from tiers.queries.credits_of import frozen_times_of, notices_of, open_on
from tiers.queries.programmes import programme_of
from tiers.queries.scores import rows
from tiers.rules import ladder
from tiers.rules.book import Credit
from tiers.rules.bus_factor import BusFactor, bus_factor
from tiers.rules.course import InForce, Start
from tiers.rules.outlook import MONTHS, Outlook, outlook

# What counts on the day or will: windows only move on, so nothing that they passed comes back. Of a metric that is only
# summed, what begins and ends on the same days is one row; it has a name where it is one credit.
_AHEAD = """
SELECT min(credit.id), metric.code, sum(credit.units)::numeric / %(scale)s, credit.valid_from, credit.valid_until,
       min(credit.recorded_at), NULL,
       CASE WHEN count(*) = 1
            THEN min(coalesce(nullif(credit.label, ''), credit.source_kind || ' ' || credit.source_key)) ELSE '' END,
       credit.holder
FROM tiers_scorecredit credit
JOIN tiers_metric metric ON metric.id = credit.metric_id
WHERE credit.partner_id = %(partner)s AND credit.reverses_id IS NULL AND metric.code = ANY(%(metrics)s)
  AND (%(known_at)s::timestamptz IS NULL OR credit.recorded_at <= %(known_at)s)
  AND NOT EXISTS (SELECT FROM tiers_scorecredit reversal WHERE reversal.reverses_id = credit.id
                  AND (%(known_at)s::timestamptz IS NULL OR reversal.recorded_at <= %(known_at)s))
  AND EXISTS (SELECT FROM unnest(%(metrics)s::text[], %(windows)s::text[], %(starts)s::date[])
                  AS wanted(metric, seen_through, starts_on)
              WHERE wanted.metric = metric.code
                AND CASE wanted.seen_through WHEN 'valid_on_day'
                    THEN credit.valid_until IS NULL OR credit.valid_until > %(day)s
                    ELSE credit.valid_from >= wanted.starts_on END)
GROUP BY metric.code, credit.valid_from, credit.valid_until, credit.holder,
         CASE WHEN metric.code = ANY(%(summed)s::text[]) THEN 0 ELSE credit.id END
"""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes if nothing happens, and on whom the level rests; `versions` are those of the twelve months."""

    outlook: Outlook
    bus_factor: BusFactor
    versions: Sequence[InForce]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a partner stands on a day: the level's code and rank in its version, and the programme in force."""

    partner_id: int
    level_code: str
    level_rank: int
    programme: ladder.Programme


def ahead_of(seat: Seat, *, day: date, known_at: datetime | None = None) -> Ahead:
    """From the day on, as it was known at the instant. A fixed number of statements, and two for each new version."""
    versions = _versions_ahead(seat, day, known_at)
    credits = _credits_ahead(seat.partner_id, [each.programme for each in versions], day=day, known_at=known_at)
    notices = open_on(notices_of([seat.partner_id]).get(seat.partner_id, ()), day)
    start = Start(day, seat.level_code, seat.level_rank, notices)
    frozen = frozen_times_of([seat.partner_id]).get(seat.partner_id, ())
    rank = seat.programme.rank_of(seat.level_code, otherwise=seat.level_rank)
    return Ahead(
        outlook(credits, versions, start=start, frozen=frozen),
        bus_factor(credits, held_rank=rank, day=day, programme=seat.programme),
        versions,
    )


def _versions_ahead(seat: Seat, day: date, known_at: datetime | None) -> list[InForce]:
    """The one in force, and what was published of the next twelve months; the last of them without an end."""
    later = ProgrammeVersion.objects.filter(
        Q(published_at__lte=known_at) if known_at else Q(published_at__isnull=False),
        programme__versions=seat.programme.version_id,
        starts_on__gt=day,
        starts_on__lte=add_months(day, MONTHS),
    ).order_by("starts_on")
    firsts = [(seat.programme, date.min)]
    for version_id, starts_on in later.values_list("pk", "starts_on"):
        programme = programme_of(version_id)
        if programme is not None:
            firsts.append((programme, starts_on))
    ends = [*(starts_on for _programme, starts_on in firsts[1:]), None]
    return [
        InForce(programme, Period(starts_on, ends_on))
        for (programme, starts_on), ends_on in zip(firsts, ends, strict=True)
    ]


def _credits_ahead(
    partner_id: int, programmes: Iterable[ladder.Programme], *, day: date, known_at: datetime | None
) -> list[Credit]:
    asked = [
        requirement
        for programme in programmes
        for level in programme.levels
        for path in level.paths
        for requirement in path.requirements
    ]
    measures = sorted({requirement.measure for requirement in asked})
    singly = {each.metric for each in asked if each.aggregation != Aggregation.SUM or each.minimum_samples}
    found = rows(
        _AHEAD,
        partner=partner_id,
        metrics=[metric for metric, _window in measures],
        windows=[window for _metric, window in measures],
        starts=[ladder.window_starts_on(window, day) for _metric, window in measures],
        summed=sorted({each.metric for each in asked} - singly),
        day=day,
        known_at=known_at,
        scale=SCORE_SCALE,
    )
    return [Credit(*columns) for columns in found]
