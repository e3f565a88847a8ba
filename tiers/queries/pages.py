"""The tier page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from tiers.choices.standings import NoticeOutcome
from tiers.models import DemotionNotice, Standing
from tiers.queries.programmes import programme_on
from tiers.queries.scores import newest_credits, scores_on
from tiers.rules import ladder

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
    lines: dict[ladder.Measure, list[CreditLine]] = {}
    row_counts: dict[ladder.Measure, int] = {}
    found = newest_credits(partner_id, day=day, measures=programme.measures, limit=SHOWN_CREDITS)
    for metric, window, row_count, *line in found:
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
