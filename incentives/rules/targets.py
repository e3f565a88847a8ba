"""What every accrual of some partners ought to be on a day. Pure: a what-if hands in other volumes or levels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.period import Period, period_of
from incentives.rules.earnings import Earning, PlanTerms, compute_earning, nothing
from incentives.rules.plans import (
    depends_on_tier,
    level_takes_part,
    looks_back_to,
    measured_periods,
    tier_day,
    type_takes_part,
)
from incentives.rules.postings import AccrualKey, Held, Target, Volume, VolumePart, volume_of

NO_VOLUME = volume_of(())


@dataclass(frozen=True, slots=True)
class Promise:
    """A published plan version."""

    version_id: int
    plan_name: str
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class Level:
    """The tier held on a day, as far as a rebate depends on it."""

    code: str
    name: str
    multiplier: Decimal


NO_LEVEL = Level("", "", Decimal(1))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a recalculation looks at. `volumes` hold the sales booked until the end of `day`, by partner;
    `levels` are by partner and day; `held` are the accruals of these partners within the horizon."""

    day: date
    promises: Sequence[Promise]
    types: Mapping[int, Sequence[str]]
    volumes: Mapping[int, Sequence[VolumePart]]
    levels: Mapping[tuple[int, date], Level]
    held: Mapping[AccrualKey, Held]


def targets(facts: Facts) -> Iterator[Target]:
    """One target for every accrual that has sales, and one of zero for every accrual held that has none any more."""
    counted: dict[tuple[int, int], dict[date, Volume]] = {}  # by plan version and partner
    for promise in facts.promises:
        periods = {period.starts_on: period for period in measured_periods(promise.terms, day=facts.day)}
        for partner_id, types in facts.types.items():
            volumes = _volumes(promise.terms, facts.volumes.get(partner_id, ()))
            counted[promise.version_id, partner_id] = volumes
            takes_part = type_takes_part(promise.terms, types)
            for starts_on in sorted((volumes.keys() & periods.keys()) if takes_part else ()):
                key = AccrualKey(partner_id, promise.version_id, starts_on)
                yield _target(facts, promise.terms, key, periods[starts_on], volumes[starts_on])
    yield from _withdrawn(facts, counted)


def _volumes(terms: PlanTerms, parts: Sequence[VolumePart]) -> dict[date, Volume]:
    """What counts for the plan, by the first day of its measurement period."""
    grouped: dict[date, list[VolumePart]] = {}
    for part in parts:
        if counts(terms, part.family_code, part.kind):
            grouped.setdefault(period_of(part.month_starts_on, terms.measurement).starts_on, []).append(part)
    return {starts_on: volume_of(found) for starts_on, found in grouped.items()}


def counts(terms: PlanTerms, family_code: str, kind: str) -> bool:
    """Whether products of this family and kind belong to the plan's volume."""
    return (not terms.family_codes or family_code in terms.family_codes) and (
        not terms.product_kinds or kind in terms.product_kinds
    )


def _target(facts: Facts, terms: PlanTerms, key: AccrualKey, period: Period, volume: Volume) -> Target:
    tested_on = tier_day(period, day=facts.day)
    level = facts.levels[key.partner_id, tested_on] if depends_on_tier(terms) else NO_LEVEL
    if level_takes_part(terms, level.code):
        earning = compute_earning(terms, volume=volume.amount, multiplier=level.multiplier, level_name=level.name)
    else:
        earning = nothing("step.level_not_eligible", terms.currency, level=level.name)
    return _as_target(facts.day, key, period, volume, earning)


def _as_target(day: date, key: AccrualKey, period: Period, volume: Volume, earning: Earning) -> Target:
    return Target(
        key=key,
        period=period,
        computed_on=day,
        volume=volume.amount,
        amount=earning.amount.amount,
        currency=earning.amount.currency,
        steps=earning.steps,
        inputs_hash=volume.inputs_hash,
    )


def _withdrawn(facts: Facts, counted: Mapping[tuple[int, int], Mapping[date, Volume]]) -> Iterator[Target]:
    """Accruals held within the horizon for which nothing counts now: their sales, type or plan version went."""
    promises = {promise.version_id: promise for promise in facts.promises}
    for key, held in facts.held.items():
        promise = promises.get(key.version_id)
        if promise is None or key.starts_on < looks_back_to(promise.terms, day=facts.day):
            continue
        terms = promise.terms
        volume = counted.get((key.version_id, key.partner_id), {}).get(key.starts_on)
        if key.starts_on not in terms.period:
            code = "step.version_ended"
        elif not type_takes_part(terms, facts.types.get(key.partner_id, ())):
            code = "step.type_not_eligible"
        elif volume is None:
            code = "step.no_sales"
        else:
            continue
        yield _as_target(facts.day, key, held.period, volume or NO_VOLUME, nothing(code, terms.currency))
