"""A draft tried on the past: where a partner would have stood beside where it stood, and what that means in money."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from common.period import Period, add_months, month_of
from common.verdict import Reason, Verdict, objections
from tiers.rules.book import Credit
from tiers.rules.course import Announced, Course, Held, InForce, Move, Night, Start, course, programme_in_force
from tiers.rules.ladder import ONE_DAY, Level, Programme, Terms

LONGEST_MONTHS = 24
REVENUE = "channel_revenue"
ONE_PERCENT = Decimal("0.01")
_STEP = Decimal("0.0001")
_TWO_DAYS = timedelta(days=2)


def may_simulate(period: tuple[date, date], *, today: date, is_running: bool, problems: Verdict) -> Verdict:
    """Half-open days of which none is to come, 24 months back at most, of a sound draft that is not being tried."""
    starts_on, ends_on = period
    first = add_months(month_of(today).starts_on, -LONGEST_MONTHS)
    return problems & objections(
        [
            None if first <= starts_on else Reason("simulation.too_long", {"months": LONGEST_MONTHS}, "starts_on"),
            None if starts_on < ends_on <= today + ONE_DAY else Reason("simulation.period", field="ends_on"),
            Reason("simulation.running") if is_running else None,
        ]
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A level that people gave for the half-open days, whatever the review found."""

    level_code: str
    level_rank: int
    period: Period


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a partner: all its credits, the levels it held, oldest first, and what lay over them.

    `notices` are those that were open when the simulated days began; `nights` the reviews that took place.
    """

    partner_id: int
    credits: Sequence[Credit]
    actual: Sequence[Held]
    notices: tuple[Announced, ...] = ()
    frozen: Sequence[Period] = ()
    given: Sequence[Given] = ()
    nights: Sequence[Night] | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The draft, the half-open days, the published versions, and what a rebate multiplier of 1.0 is worth: a share."""

    draft: Programme
    period: tuple[date, date]
    versions: Sequence[InForce]
    base_rate: Decimal


@dataclass(frozen=True, slots=True)
class Simulated:
    """Money over the simulated days, in the programme's currency: what the draft would have given more."""

    partner_id: int
    moves: tuple[Move, ...]
    actual_moves: tuple[Move, ...]
    actual_level: str
    simulated_level: str
    rank_change: int
    revenue: Decimal
    rebate_effect: Decimal
    discount_effect: Decimal
    levels: tuple[tuple[str, str], ...]  # actual and simulated, on each of `chart_days`; empty before it stood


def simulate(subject: Subject, trial: Trial) -> Simulated | None:
    """Let the draft be in force from the first of the days on; None for who stood nowhere on any of them."""
    actual = list(_within(subject.actual, trial.period))
    if not actual:
        return None
    ends_on = trial.period[1]
    found = _course_by(trial.draft, subject, actual[0], trial.period)
    simulated = found.held[-1]
    sides = _Sides(subject, trial, actual, found.held)
    revenue, weighted, discount = Decimal(0), Decimal(0), Decimal(0)
    for credit in subject.credits:
        if (
            credit.metric == REVENUE
            and credit.reversed_at is None
            and actual[0].starts_on <= credit.valid_from < ends_on
        ):
            was, would = sides.terms_on(credit.valid_from)
            revenue += credit.amount
            weighted += credit.amount * (would.rebate_multiplier - was.rebate_multiplier)
            discount += credit.amount * (would.deal_discount - was.deal_discount)
    return Simulated(
        partner_id=subject.partner_id,
        moves=tuple(move for move in found.moves if move.day < ends_on),
        actual_moves=tuple(_moves(actual)),
        actual_level=actual[-1].level_code,
        simulated_level=simulated.level_code,
        rank_change=_rank(trial.draft, simulated) - _rank(trial.draft, actual[-1]),
        revenue=revenue,
        rebate_effect=(weighted * trial.base_rate).quantize(_STEP, ROUND_HALF_UP),
        discount_effect=discount.quantize(_STEP, ROUND_HALF_UP),
        levels=tuple((_code_on(actual, day), _code_on(found.held, day)) for day in chart_days(trial.period)),
    )


def _course_by(draft: Programme, subject: Subject, first: Held, period: tuple[date, date]) -> Course:
    """Who stood before the days goes on from there; who came later begins at the draft's entry level."""
    starts_on, ends_on = period
    stood_before = first.starts_on == starts_on
    entry = draft.entry
    level = (first.level_code, first.level_rank) if stood_before else (entry.code, entry.rank)
    nights = subject.nights
    if nights is None:
        nights = [Night(first.starts_on + ONE_DAY * offset) for offset in range((ends_on - first.starts_on).days)]
    return course(
        subject.credits,
        [InForce(draft, Period(date.min))],
        start=Start(first.starts_on, *level, subject.notices if stood_before else ()),
        until=ends_on,
        frozen=subject.frozen,
        nights=[night for night in nights if first.starts_on <= night.day <= ends_on - _TWO_DAYS],
    )


def _within(held: Iterable[Held], period: tuple[date, date]) -> Iterator[Held]:
    starts_on, ends_on = period
    for each in held:
        first, last = max(each.starts_on, starts_on), min(each.ends_on, ends_on)
        if first < last:
            yield Held(each.level_code, each.level_rank, first, last)


def _moves(held: Sequence[Held]) -> Iterator[Move]:
    for before, after in pairwise(held):
        rises = after.level_rank > before.level_rank
        yield Move(after.starts_on, before.level_code, after.level_code, rises)


def _rank(programme: Programme, held: Held | Given) -> int:
    return programme.rank_of(held.level_code, otherwise=held.level_rank)


def _code_on(held: Iterable[Held], day: date) -> str:
    return next((each.level_code for each in held if each.starts_on <= day < each.ends_on), "")


def chart_days(period: tuple[date, date]) -> list[date]:
    """The first day, the first of every month after it, and the last day."""
    starts_on, ends_on = period
    days = {starts_on, ends_on - ONE_DAY}
    first = add_months(month_of(starts_on).starts_on, 1)
    while first < ends_on:
        days.add(first)
        first = add_months(first, 1)
    return sorted(days)


@dataclass(frozen=True, slots=True)
class _Sides:
    """What was given on a day, and what the draft would have given. A level given by people lies over both."""

    subject: Subject
    trial: Trial
    actual: Sequence[Held]
    simulated: Sequence[Held]

    def terms_on(self, day: date) -> tuple[Terms, Terms]:
        given = next((each for each in self.subject.given if day in each.period), None)
        was = given or _on(self.actual, day)
        would = given or _on(self.simulated, day)
        draft = self.trial.draft
        return self._terms_then(was, day), _terms_of(draft.level_of_rank(_rank(draft, would)))

    def _terms_then(self, held: Held | Given, day: date) -> Terms:
        """By the version in force, or the one that last had the level: as `tiers_terms_on` does."""
        versions = self.trial.versions
        current = programme_in_force(versions, day)
        known = [current] if current else []
        known += [each.programme for each in reversed(versions)]
        for programme in known:
            for level in programme.levels:
                if level.code == held.level_code:
                    return _terms_of(level)
        raise ValueError(f"no version has the level {held.level_code}")


def _on(held: Sequence[Held], day: date) -> Held:
    return next(each for each in held if each.starts_on <= day < each.ends_on)


def _terms_of(level: Level) -> Terms:
    assert level.terms is not None
    return level.terms


def base_rate_of(rebates: Decimal | None, weighted_revenue: Decimal) -> Decimal | None:
    """What a multiplier of 1.0 is worth: rebates by revenue that counts by its level's multiplier; None if unknown."""
    if rebates is None or rebates <= 0 or weighted_revenue <= 0:
        return None
    return (rebates / weighted_revenue).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def distribution_of(simulated: Iterable[Simulated], days: Sequence[date]) -> list[dict[str, Any]]:
    """How many partners stood, and would have stood, at each level on each of the days; as JSON values."""
    found: list[dict[str, Any]] = [{"day": day.isoformat(), "actual": {}, "simulated": {}} for day in days]
    for each in simulated:
        for counted, (actual, would) in zip(found, each.levels, strict=True):
            for side, code in (("actual", actual), ("simulated", would)):
                if code:
                    counted[side][code] = counted[side].get(code, 0) + 1
    return found


def added(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Revenue and distributions of several slices together; a slice without any counts for nothing."""
    revenue = Decimal(0)
    total: list[dict[str, Any]] = []
    for part in parts:
        revenue += Decimal(part.get("revenue", 0))
        for place, counted in enumerate(part.get("distribution", ())):
            if place == len(total):
                total.append({"day": counted["day"], "actual": {}, "simulated": {}})
            for side in ("actual", "simulated"):
                for code, count in counted[side].items():
                    total[place][side][code] = total[place][side].get(code, 0) + count
    return {"revenue": str(revenue), "distribution": total}
