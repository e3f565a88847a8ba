"""The tier page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tiers.models import DemotionNotice, Standing
from tiers.queries.gains import REVENUE, business_of
from tiers.queries.history import HistoryEntry, history_of
from tiers.queries.outlook import Ahead, Seat, ahead_of
from tiers.queries.overrides import Overlay, overlay_on
from tiers.queries.programmes import programme_on
from tiers.queries.scores import newest_credits, scores_on
from tiers.queries.terms import terms_for
from tiers.rules import ladder
from tiers.rules.bus_factor import Dependence
from tiers.rules.gains import Business, Difference, difference
from tiers.rules.outlook import Turn

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
class Position:
    """Where a partner stands on a day and why, what the next level asks, what is announced and what puts it at risk.

    `held` is what the ladder gives, `terms` what applies: an override may lie over it.
    """

    partner_id: int
    day: date
    known_at: datetime | None
    measured: ladder.Ladder
    scores: ladder.Scores
    held: ladder.LevelStep
    next: ladder.LevelStep | None
    rises_to: ladder.Level | None  # already met: begins the day after the next review
    standings: Sequence[Standing]  # until the day, oldest first
    given_notices: Sequence[DemotionNotice]  # until the day, oldest first
    overlay: Overlay
    terms: ladder.Terms
    ahead: Ahead

    @property
    def since(self) -> date | None:
        """None: never enrolled."""
        last = self.standings[-1] if self.standings else None
        return last.starts_on if last and (last.ends_on is None or self.day < last.ends_on) else None

    @property
    def notices(self) -> list[DemotionNotice]:
        """Those that run."""
        return [each for each in self.given_notices if each.closed_on is None or self.day < each.closed_on]

    @property
    def first_loss(self) -> Turn | None:
        return self.ahead.outlook.first_loss

    @property
    def dependences(self) -> Sequence[Dependence]:
        return self.ahead.bus_factor.dependences


@dataclass(frozen=True, slots=True)
class StandingPage:
    """The position with what it rests on and what it is worth; money in the programme's currency."""

    position: Position
    business: Business
    gain: Difference | None  # at the next level; None at the top
    loss: Difference | None  # by what is lost first in the twelve months, or by what is announced
    stakes: Sequence[tuple[Dependence, Difference]]
    credits: list[CreditGroup]
    history: list[HistoryEntry]


def position_of(partner_id: int, *, day: date, known_at: datetime | None = None) -> Position | None:
    """Measured from the score book as of the day, as it was known at the instant; None without a programme in force."""
    standings = list(
        Standing.objects.filter(partner_id=partner_id, starts_on__lte=day).select_related("level__version")
    )
    notices = DemotionNotice.objects.filter(partner_id=partner_id, given_on__lte=day).select_related("level")
    row = next((each for each in standings if each.ends_on is None or day < each.ends_on), None)
    programme = programme_on(day, row.level.version.programme_id if row else None)
    if programme is None:
        return None
    measures = programme.measures | {REVENUE}
    scores = scores_on([partner_id], day=day, measures=measures, known_at=known_at).get(partner_id, {})
    measured = ladder.tier_for(scores, programme)
    code, rank = (row.level.code, row.level.rank) if row else (programme.entry.code, programme.entry.rank)
    held = measured.step_of_rank(programme.rank_of(code, otherwise=rank))
    overlay = overlay_on(partner_id, day)
    rises = measured.level.rank > held.level.rank and overlay.freeze is None
    return Position(
        partner_id=partner_id,
        day=day,
        known_at=known_at,
        measured=measured,
        scores=scores,
        held=held,
        next=measured.next_above(held.level.rank),
        rises_to=measured.level if rises else None,
        standings=standings,
        given_notices=list(notices),
        overlay=overlay,
        terms=terms_for(partner_id, day=day),
        ahead=ahead_of(Seat(partner_id, code, rank, programme), day=day, known_at=known_at),
    )


def standing_page_for(
    partner_id: int, *, day: date, known_at: datetime | None = None, sees_money: bool = False
) -> StandingPage | None:
    """Everything the tier page shows; None without a programme in force.

    `sees_money`: rebates are for this reader, too. The number of statements does not depend on the credits.
    """
    position = position_of(partner_id, day=day, known_at=known_at)
    if position is None:
        return None
    currency = position.measured.programme.currency
    business = business_of(partner_id, position.scores, day=day, currency=currency, with_rebates=sees_money)
    return StandingPage(
        position=position,
        business=business,
        gain=_difference(position.held.level, position.next.level, business) if position.next else None,
        loss=_loss(position, business),
        stakes=[(each, _difference(each.kept, each.falls_to, business)) for each in position.dependences],
        credits=_credit_groups(position),
        history=history_of(
            position.standings, position.given_notices, partner_id=partner_id, day=day, known_at=known_at
        ),
    )


def _difference(before: ladder.Level, after: ladder.Level, business: Business) -> Difference:
    assert before.terms is not None
    assert after.terms is not None
    return difference(before.terms, after.terms, business)


def _loss(position: Position, business: Business) -> Difference | None:
    """Of the level held, to the one that is announced or would be reached."""
    held, programme = position.held.level, position.measured.programme
    if position.notices:
        first = min(position.notices, key=lambda notice: notice.effective_on).level
        return _difference(held, programme.level_of_rank(programme.rank_of(first.code, otherwise=first.rank)), business)
    turn = position.first_loss
    return _difference(held, turn.reaches or turn.level, business) if turn else None


def _credit_groups(position: Position) -> list[CreditGroup]:
    programme = position.measured.programme
    lines: dict[ladder.Measure, list[CreditLine]] = {}
    row_counts: dict[ladder.Measure, int] = {}
    found = newest_credits(
        position.partner_id,
        day=position.day,
        measures=programme.measures,
        limit=SHOWN_CREDITS,
        known_at=position.known_at,
    )
    for metric, window, row_count, *line in found:
        lines.setdefault((metric, window), []).append(CreditLine(*line))
        row_counts[metric, window] = row_count
    groups = []
    for measure, requirement in programme.requirement_by_measure.items():
        shown = lines.get(measure, [])
        total = position.scores.get(measure, ladder.Tally()).total
        other_count = row_counts.get(measure, 0) - len(shown)
        other_total = total - sum((line.amount for line in shown), Decimal(0))
        groups.append(CreditGroup(requirement, total, shown, other_count, other_total))
    return groups
