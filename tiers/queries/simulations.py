"""Drafts tried on the past: how far it is, who would stand where and when, and what it means in money."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, Q, QuerySet, Sum
from django.db.models.fields import DecimalField

from common.actor import Actor
from common.errors import NotFound
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.choices.simulations import Direction
from tiers.models import Level, ProgrammeDraft, SimulatedPartner, Simulation, Standing
from tiers.queries.credits_of import credits_of, frozen_times_of, given_levels_of, held_by, notices_of, open_on
from tiers.queries.nights import nights_for
from tiers.rules.content import read_content
from tiers.rules.simulation import REVENUE, Subject, Trial

PAGE_SIZE = 50
EXTREMES = 5
_MONEY = DecimalField(max_digits=20, decimal_places=4)
_EFFECT = ExpressionWrapper(F("rebate_effect") + F("discount_effect"), output_field=_MONEY)
_OF_DIRECTION = {
    Direction.HIGHER: Q(rank_change__gt=0),
    Direction.LOWER: Q(rank_change__lt=0),
    Direction.SAME: Q(rank_change=0),
}


def simulations_visible_to(actor: Actor) -> QuerySet[Simulation]:
    """For the vendor's channel: what a draft would change tells of all partners."""
    rows = Simulation.objects.select_related("draft")
    return rows if partner_rules.may(actor, "programme.draft") else rows.none()


def find_simulation(actor: Actor, public_id: str) -> Simulation:
    found = simulations_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("simulation")
    return found


def simulations_of(actor: Actor, draft: ProgrammeDraft) -> QuerySet[Simulation]:
    """Newest first."""
    return simulations_visible_to(actor).filter(draft=draft).order_by("-requested_at", "-pk")


def enrolled_partner_ids(programme_id: int, starts_on: date, ends_on: date) -> list[int]:
    """Partners that stood somewhere in the programme on any of the half-open days and have not left, ascending."""
    stood = Standing.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=starts_on), level__version__programme_id=programme_id, starts_on__lt=ends_on
    )
    active = set(partner_queries.active_partner_ids())
    found = stood.order_by("partner_id").values_list("partner_id", flat=True).distinct()
    return [partner_id for partner_id in found if partner_id in active]


def subjects_of(partner_ids: Iterable[int], trial: Trial, programme_id: int, *, knows_today: bool) -> Iterator[Subject]:
    """What is known of each of these partners; seven statements for all of them."""
    ids = list(partner_ids)
    starts_on, ends_on = trial.period
    metrics = {metric for metric, _window in trial.draft.measures} | {REVENUE}
    credits = credits_of(ids, metrics=metrics, before=ends_on)
    held = held_by(ids, programme_id, until=ends_on)
    notices, frozen, given = notices_of(ids), frozen_times_of(ids), given_levels_of(ids)
    nights = None if knows_today else nights_for(ids, since=starts_on, until=ends_on)
    for partner_id in ids:
        yield Subject(
            partner_id=partner_id,
            credits=credits.get(partner_id, ()),
            actual=held.get(partner_id, ()),
            notices=open_on(notices.get(partner_id, ()), starts_on),
            frozen=frozen.get(partner_id, ()),
            given=given.get(partner_id, ()),
            nights=None if nights is None else nights[partner_id],
        )


def totals_of(simulation_id: int) -> dict[str, Any]:
    """How many would rise, fall and stay, from what to what, and the money of all, as JSON values. Two statements."""
    partners = SimulatedPartner.objects.filter(simulation_id=simulation_id).order_by()
    moved = partners.values_list("actual_level", "simulated_level").annotate(Count("pk"))
    counts = {f"{name}_count": Count("pk", filter=which) for name, which in _OF_DIRECTION.items()}
    money = {name: Sum(name, default=Decimal(0)) for name in ("rebate_effect", "discount_effect")}
    found = partners.aggregate(**counts, **money)
    return {"matrix": [list(row) for row in moved], **{name: _as_json(value) for name, value in found.items()}}


def _as_json(value: int | Decimal) -> int | str:
    return str(value) if isinstance(value, Decimal) else value


def done_count(simulation: Simulation) -> int:
    """How many partners were tried so far."""
    return SimulatedPartner.objects.filter(simulation=simulation).count()


@dataclass(frozen=True, slots=True)
class LevelName:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """How many of those who stand at a level would stand at each level, in the order of the columns."""

    level: LevelName
    cells: tuple[tuple[LevelName, int, str], ...]  # level, number of partners, direction
    total: int


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """How many stood at each level on a day, and would have stood, in the order of the levels."""

    day: date
    counts: tuple[tuple[LevelName, int, int], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished simulation found. Money in the programme's currency: what the draft would have given more."""

    currency: str
    levels: tuple[LevelName, ...]  # lowest first; those of the draft, and others that somebody stands at
    higher_count: int
    lower_count: int
    same_count: int
    revenue: Decimal
    base_rate: Decimal | None
    rebate_effect: Decimal
    discount_effect: Decimal
    matrix: tuple[MatrixRow, ...]
    distribution: tuple[DistributionRow, ...]
    winners: list[SimulatedPartner]
    losers: list[SimulatedPartner]

    @property
    def effect(self) -> Decimal:
        return self.rebate_effect + self.discount_effect

    @property
    def names(self) -> dict[str, str]:
        return {level.code: level.name for level in self.levels}


def result_of(simulation: Simulation) -> Result:
    """Three statements, however many partners there are."""
    totals = simulation.totals
    content = read_content(simulation.content)
    draft_levels = [LevelName(level.code, level.name) for level in content.levels]
    levels = (*draft_levels, *_other_levels(totals, {level.code for level in draft_levels}))
    ranked = _effects(simulation)
    rate = totals.get("base_rate")
    return Result(
        currency=content.currency,
        levels=levels,
        higher_count=totals["higher_count"],
        lower_count=totals["lower_count"],
        same_count=totals["same_count"],
        revenue=Decimal(totals["revenue"]),
        base_rate=None if rate is None else Decimal(rate),
        rebate_effect=Decimal(totals["rebate_effect"]),
        discount_effect=Decimal(totals["discount_effect"]),
        matrix=tuple(_matrix(totals["matrix"], levels, draft_levels)),
        distribution=tuple(_distribution(totals["distribution"], levels)),
        winners=list(ranked.filter(effect__gt=0).order_by("-effect", "pk")[:EXTREMES]),
        losers=list(ranked.filter(effect__lt=0).order_by("effect", "pk")[:EXTREMES]),
    )


def _effects(simulation: Simulation) -> QuerySet[Any]:
    return SimulatedPartner.objects.filter(simulation=simulation).select_related("partner").annotate(effect=_EFFECT)


def _other_levels(totals: dict[str, Any], known: set[str]) -> list[LevelName]:
    """Levels that somebody stands at and the draft no longer has, by the name that they had last."""
    counted = [row[0] for row in totals["matrix"]]
    counted += [code for row in totals["distribution"] for side in ("actual", "simulated") for code in row[side]]
    missing = set(counted) - known
    if not missing:
        return []
    last = Level.objects.filter(code__in=missing).order_by("rank", "code", "version_id")
    names = dict(last.values_list("code", "name"))
    return [LevelName(code, name) for code, name in names.items()]


def _matrix(counted: list[list[Any]], levels: Iterable[LevelName], draft: list[LevelName]) -> Iterator[MatrixRow]:
    found = {(actual, simulated): count for actual, simulated, count in counted}
    place = {level.code: number for number, level in enumerate(draft)}
    for row in levels:
        cells = []
        for column in draft:
            here, there = place.get(row.code), place[column.code]
            direction = "" if here is None or here == there else "higher" if there > here else "lower"
            cells.append((column, found.get((row.code, column.code), 0), direction))
        if total := sum(count for _level, count, _direction in cells):
            yield MatrixRow(row, tuple(cells), total)


def _distribution(counted: list[dict[str, Any]], levels: Iterable[LevelName]) -> Iterator[DistributionRow]:
    listed = list(levels)
    for row in counted:
        counts = tuple(
            (level, row["actual"].get(level.code, 0), row["simulated"].get(level.code, 0)) for level in listed
        )
        yield DistributionRow(date.fromisoformat(row["day"]), counts)


@dataclass(frozen=True, slots=True)
class PartnerPage:
    rows: list[SimulatedPartner]
    next_cursor: str  # empty: there is no more


def partners_of(simulation: Simulation, *, direction: str = "", search: str = "", cursor: str = "") -> PartnerPage:
    """Who was tried, by name, from where the cursor left off; any page costs what the first does. One statement."""
    rows = _effects(simulation)
    if direction in Direction.values:
        rows = rows.filter(_OF_DIRECTION[Direction(direction)])
    if text := search.strip():
        rows = rows.filter(partner__name__icontains=text)
    after = cursor.rpartition("~")
    if after[0] and after[2].isdecimal():
        name, pk = after[0], int(after[2])
        rows = rows.filter(Q(partner__name__gt=name) | Q(partner__name=name, pk__gt=pk))
    found = list(rows.order_by("partner__name", "pk")[: PAGE_SIZE + 1])
    more = len(found) > PAGE_SIZE
    last = found[PAGE_SIZE - 1] if more else None
    return PartnerPage(found[:PAGE_SIZE], f"{last.partner.name}~{last.pk}" if last else "")


COLUMNS = (
    *("partner", "partner_name", "actual_level", "simulated_level", "direction", "levels_up", "moves", "actual_moves"),
    *("revenue", "rebate_effect", "discount_effect", "effect", "currency"),
)


def partner_cells(simulation: Simulation) -> Iterator[list[Any]]:
    """The cells of `COLUMNS` for everybody, without holding them all in memory."""
    currency = read_content(simulation.content).currency
    for row in _effects(simulation).order_by("partner__name", "pk").iterator(chunk_size=1000):
        yield [
            *(row.partner.public_id, row.partner.name, row.actual_level, row.simulated_level),
            *(direction_of(row).value, row.rank_change, _written(row.moves), _written(row.actual_moves)),
            *(row.revenue, row.rebate_effect, row.discount_effect, row.effect, currency),
        ]


def direction_of(row: SimulatedPartner) -> Direction:
    if row.rank_change == 0:
        return Direction.SAME
    return Direction.HIGHER if row.rank_change > 0 else Direction.LOWER


def _written(moves: list[dict[str, Any]]) -> str:
    return "; ".join(f"{move['day']} {move['before']} > {move['after']}" for move in moves)
