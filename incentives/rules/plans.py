"""Which plans may be published, who takes part in them, and which periods they measure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from common.period import Period, add_months, period_of
from common.verdict import Reason, Verdict, objections
from incentives.rules.earnings import BandTerms, PlanTerms

HORIZON_MONTHS = 24  # how far back corrected sales still move an accrual
CALCULATIONS = ("marginal", "whole_volume")
MEASUREMENTS = ("month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class ExistingVersion:
    """A published version of the same plan, as far as a new one must get along with it."""

    number: int
    measurement: str
    period: Period


@dataclass(frozen=True, slots=True)
class KnownWords:
    """What terms may refer to: partner types, product families, and the currency that volumes are measured in."""

    partner_types: frozenset[str]
    family_codes: frozenset[str]
    product_kinds: frozenset[str]
    base_currency: str


def may_publish(terms: PlanTerms, *, beside: Sequence[ExistingVersion], known: KnownWords) -> Verdict:
    """Everything that is wrong with the terms, at once: bands, words, dates, and versions of the same plan."""
    return objections(
        (*_against_bands(terms.bands), *_against_words(terms, known), *_against_dates(terms), *_clashes(terms, beside))
    )


def predecessor(terms: PlanTerms, beside: Iterable[ExistingVersion]) -> ExistingVersion | None:
    """The open-ended version that ends when this one starts; None if there is none."""
    return next((old for old in beside if _gives_way(old, terms)), None)


def _gives_way(old: ExistingVersion, terms: PlanTerms) -> bool:
    return old.period.ends_on is None and old.period.starts_on < terms.period.starts_on


def _against_bands(bands: Sequence[BandTerms]) -> Iterator[Reason]:
    if not bands:
        yield Reason("plan.bands_missing", field="bands")
    numbers = [number for band in bands for number in (band.lower_bound, band.rate)]
    odd = [number for number in numbers if not number.is_finite() or number != round(number, 6)]
    for number in odd:
        yield Reason("plan.number_not_exact", {"value": str(number)}, "bands")
    if odd:
        return
    if bands and bands[0].lower_bound != 0:
        yield Reason("plan.first_band_not_zero", {"lower_bound": str(bands[0].lower_bound)}, "bands")
    for low, high in pairwise(bands):
        if high.lower_bound <= low.lower_bound:
            bounds = {"lower_bound": str(high.lower_bound), "previous": str(low.lower_bound)}
            yield Reason("plan.bands_not_rising", bounds, "bands")
    for band in bands:
        if band.rate < 0:
            yield Reason("plan.rate_negative", {"rate": str(band.rate)}, "bands")


def _against_words(terms: PlanTerms, known: KnownWords) -> Iterator[Reason]:
    if terms.calculation not in CALCULATIONS:
        yield Reason("plan.word_unknown", {"value": terms.calculation}, "calculation")
    if terms.measurement not in MEASUREMENTS:
        yield Reason("plan.word_unknown", {"value": terms.measurement}, "measurement")
    if terms.currency != known.base_currency:
        currencies = {"currency": terms.currency, "base_currency": known.base_currency}
        yield Reason("plan.currency_not_base", currencies, "currency")
    if not terms.eligible_types:
        yield Reason("plan.no_eligible_type", field="eligible_types")
    for word in sorted(terms.eligible_types - known.partner_types):
        yield Reason("plan.type_unknown", {"type": word}, "eligible_types")
    for code in sorted(terms.family_codes - known.family_codes):
        yield Reason("plan.family_unknown", {"family": code}, "family_codes")
    for kind in sorted(terms.product_kinds - known.product_kinds):
        yield Reason("plan.word_unknown", {"value": kind}, "product_kinds")


def _against_dates(terms: PlanTerms) -> Iterator[Reason]:
    starts_on, ends_on = terms.period.starts_on, terms.period.ends_on
    if terms.measurement not in MEASUREMENTS:
        return
    if period_of(starts_on, terms.measurement).starts_on != starts_on:
        yield Reason("plan.starts_off_period_edge", {"starts_on": str(starts_on)}, "starts_on")
    if ends_on is not None and period_of(ends_on, terms.measurement).starts_on != ends_on:
        yield Reason("plan.ends_off_period_edge", {"ends_on": str(ends_on)}, "ends_on")


def _clashes(terms: PlanTerms, beside: Sequence[ExistingVersion]) -> Iterator[Reason]:
    starts_on = terms.period.starts_on
    for old in beside:
        if _gives_way(old, terms):
            if period_of(starts_on, old.measurement).starts_on != starts_on:  # type: ignore[arg-type]
                clash = {"starts_on": str(starts_on), "number": old.number}
                yield Reason("plan.cuts_predecessor", clash, "starts_on")
        elif old.period.overlaps(terms.period):
            yield Reason("plan.versions_overlap", {"number": old.number}, "starts_on")


def type_takes_part(terms: PlanTerms, partner_types: Iterable[str]) -> bool:
    return not terms.eligible_types.isdisjoint(partner_types)


def level_takes_part(terms: PlanTerms, level_code: str) -> bool:
    return not terms.eligible_levels or level_code in terms.eligible_levels


def looks_back_to(terms: PlanTerms, *, day: date) -> date:
    """The first day of the oldest period that a recalculation on the day still moves."""
    return period_of(add_months(day, -HORIZON_MONTHS), terms.measurement).starts_on


def measured_periods(terms: PlanTerms, *, day: date) -> list[Period]:
    """The version's measurement periods that had begun on the day and lie within the horizon, oldest first."""
    period = period_of(max(terms.period.starts_on, looks_back_to(terms, day=day)), terms.measurement)
    periods = []
    while period.starts_on <= day and period.starts_on in terms.period:
        periods.append(period)
        assert period.ends_on is not None
        period = period_of(period.ends_on, terms.measurement)
    return periods


def depends_on_tier(terms: PlanTerms) -> bool:
    return terms.uses_tier_multiplier or bool(terms.eligible_levels)


def tier_day(period: Period, *, day: date) -> date:
    """The day whose tier counts: the period's last, or the business date while the period runs."""
    last = period.last_day
    return day if last is None else min(day, last)
