from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from common.money import Money
from common.period import Period
from incentives import choices
from incentives.rules import plans, postings
from incentives.rules.earnings import PlanTerms, compute_earning
from incentives.rules.plans import ExistingVersion, KnownWords
from incentives.rules.postings import AccrualKey, Held, Target, VolumePart, volume_of
from incentives.rules.statements import content_hash, may_close
from tests.factories.incentives import GROWTH, bands, terms
from tests.incentives.worked_examples import number, numbers, table

ATTACH = (("0", "0.03"), ("10000", "0.05"), ("40000", "0.07"))
KNOWN = KnownWords(frozenset({"var", "msp"}), frozenset({"software"}), frozenset({"product"}), "EUR")
MINOR = Decimal("0.01")


def earning(plan: PlanTerms, volume: str | Decimal, multiplier: str | Decimal = "1"):
    return compute_earning(plan, volume=Decimal(volume), multiplier=Decimal(multiplier))


# What a volume earns


@pytest.mark.parametrize(
    ("plan", "row"),
    [(terms(*GROWTH, uses_tier_multiplier=True), row) for row in table("growth")]
    + [(terms(*ATTACH, calculation="whole_volume"), row) for row in table("attach")],
    ids=lambda value: value["volume"] + " x " + value["multiplier"] if isinstance(value, dict) else value.calculation,
)
def test_worked_examples(plan, row):
    found = earning(plan, number(row["volume"]), number(row["multiplier"]))
    by_code = [step for step in found.steps if step.code != "step.tier_multiplier"]
    tier = [step for step in found.steps if step.code == "step.tier_multiplier"]
    assert found.amount == Money(number(row["amount"]), "EUR")
    assert [step.amount for step in by_code] == (numbers(row["slices"]) if by_code else [])
    assert sum(numbers(row["slices"])) == sum(step.amount for step in by_code)
    assert bool(tier) == (row["tier"] != "none")
    assert sum(step.amount for step in tier) == number(row["tier"])


@pytest.mark.parametrize(("volume", "step"), [("120000.1249", "2800.00"), ("120000.1250", "2800.01")])
def test_halves_are_rounded_away_from_zero(volume, step):
    assert earning(terms(), volume).steps[1].amount == Decimal(step)


def test_steps_say_where_they_come_from():
    plan = terms(uses_tier_multiplier=True)
    found = compute_earning(plan, volume=Decimal(120000), multiplier=Decimal("1.1"), level_name="Silver")
    assert [(step.code, dict(step.params)) for step in found.steps] == [
        ("step.slice", {"rate": "0.02", "from": "0", "to": "50000", "slice": "50000"}),
        ("step.slice", {"rate": "0.04", "from": "50000", "to": "200000", "slice": "70000"}),
        ("step.tier_multiplier", {"level": "Silver", "multiplier": "1.1", "base": "3800"}),
    ]
    assert earning(terms(), "-1").steps[0].code == "step.negative_volume"
    assert earning(terms(calculation="whole_volume"), "50000").steps[0].params["rate"] == "0.04"


def test_equal_numbers_are_spelled_alike():
    assert earning(terms(), "70000.0000").steps == earning(terms(), "7E4").steps


volumes = some.decimals(min_value=-10_000, max_value=5_000_000, places=4)
multipliers = some.decimals(min_value=0, max_value=3, places=2)
any_bands = some.lists(
    some.tuples(some.integers(1, 900_000), some.integers(0, 300)), max_size=5, unique_by=lambda band: band[0]
).map(lambda found: bands(("0", "0.015"), *((str(low), str(Decimal(rate) / 1000)) for low, rate in sorted(found))))


@given(any_bands, volumes, multipliers, some.sampled_from(["marginal", "whole_volume"]))
def test_the_naive_engine_in_exact_fractions_agrees(made, volume, multiplier, calculation):
    plan = terms(calculation=calculation, bands=made, uses_tier_multiplier=True)
    found = earning(plan, volume, multiplier)
    assert found.amount.amount == naive(plan, volume, multiplier)
    assert sum(step.amount for step in found.steps) == found.amount.amount
    assert all(step.amount == round(step.amount, 2) for step in found.steps)


def naive(plan: PlanTerms, volume: Decimal, multiplier: Decimal) -> Decimal:
    """Cent by cent in the head: where does each part of the volume lie, and what is its rate?"""
    if volume <= 0:
        return Decimal(0)
    edges = [*(band.lower_bound for band in plan.bands), Decimal("Infinity")]
    parts = []
    for place, band in enumerate(plan.bands):
        if plan.calculation == "marginal":
            inside = max(Decimal(0), min(volume, edges[place + 1]) - band.lower_bound)
            parts.append(cents(Fraction(inside) * Fraction(band.rate)))
        elif band.lower_bound <= volume < edges[place + 1]:
            parts.append(cents(Fraction(volume) * Fraction(band.rate)))
    return Decimal(cents(Fraction(sum(parts), 100) * Fraction(multiplier))) / 100


def cents(amount: Fraction) -> int:
    """The nearest cent of a positive amount, halves up."""
    return int(amount * 100 + Fraction(1, 2))


@given(any_bands, volumes, some.decimals(min_value=0, max_value=1000, places=4), multipliers)
def test_selling_more_never_pays_less_when_bands_are_marginal_and_rates_are_any(made, volume, more, multiplier):
    plan = terms(bands=made, uses_tier_multiplier=True)
    assert earning(plan, volume + more, multiplier).amount >= earning(plan, volume, multiplier).amount


# What may be published


def publish_codes(beside=(), **other) -> tuple[str, ...]:
    return plans.may_publish(terms(**other), beside=beside, known=KNOWN).codes


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ({"bands": ()}, "plan.bands_missing"),
        ({"bands": bands(("0.01", "0.02"))}, "plan.first_band_not_zero"),
        ({"bands": bands(("0", "0.02"), ("100", "0.03"), ("100", "0.04"))}, "plan.bands_not_rising"),
        ({"bands": bands(("0", "0.02"), ("100", "0.03"), ("99.99", "0.04"))}, "plan.bands_not_rising"),
        ({"bands": bands(("0", "-0.01"))}, "plan.rate_negative"),
        ({"bands": bands(("0", "NaN"))}, "plan.number_not_exact"),
        ({"bands": bands(("0", "0.02"), ("Infinity", "0.03"))}, "plan.number_not_exact"),
        ({"bands": bands(("0", "0.0200001"))}, "plan.number_not_exact"),
        ({"currency": "PLN"}, "plan.currency_not_base"),
        ({"calculation": "tiered"}, "plan.word_unknown"),
        ({"measurement": "week"}, "plan.word_unknown"),
        ({"product_kinds": frozenset({"licence"})}, "plan.word_unknown"),
        ({"eligible_types": frozenset()}, "plan.no_eligible_type"),
        ({"eligible_types": frozenset({"var", "friend"})}, "plan.type_unknown"),
        ({"family_codes": frozenset({"hardware"})}, "plan.family_unknown"),
        ({"period": Period(date(2026, 2, 1))}, "plan.starts_off_period_edge"),
        ({"period": Period(date(2026, 1, 1), date(2026, 9, 30))}, "plan.ends_off_period_edge"),
    ],
)
def test_a_plan_is_refused(problem, code):
    assert publish_codes(**problem) == (code,)
    assert publish_codes() == ()


def test_a_plan_is_refused_with_everything_that_is_wrong():
    found = publish_codes(
        bands=bands(("5", "0.02"), ("4", "-0.03")),
        currency="PLN",
        eligible_types=frozenset(),
        period=Period(date(2026, 2, 1)),
        beside=[ExistingVersion(1, "quarter", Period(date(2026, 1, 1), date(2027, 1, 1)))],
    )
    assert found == (
        *("plan.first_band_not_zero", "plan.bands_not_rising", "plan.rate_negative", "plan.currency_not_base"),
        *("plan.no_eligible_type", "plan.starts_off_period_edge", "plan.versions_overlap"),
    )
    assert {*found} <= choices.REASONS.keys()


@pytest.mark.parametrize(
    ("old", "codes", "ends"),
    [
        (ExistingVersion(1, "quarter", Period(date(2025, 1, 1), date(2026, 1, 1))), (), False),
        (ExistingVersion(1, "quarter", Period(date(2025, 1, 1), date(2026, 4, 1))), ("plan.versions_overlap",), False),
        (ExistingVersion(1, "quarter", Period(date(2025, 1, 1))), (), True),
        (ExistingVersion(1, "quarter", Period(date(2026, 1, 1))), ("plan.versions_overlap",), False),
        (ExistingVersion(1, "quarter", Period(date(2026, 4, 1))), ("plan.versions_overlap",), False),
        (ExistingVersion(1, "year", Period(date(2025, 1, 1))), (), True),
    ],
)
def test_versions_of_a_plan_do_not_overlap(old, codes, ends):
    assert publish_codes(beside=[old]) == codes
    assert bool(plans.predecessor(terms(), [old])) == ends


def test_a_successor_does_not_cut_a_measured_period_in_two():
    yearly = ExistingVersion(1, "year", Period(date(2025, 1, 1)))
    assert publish_codes(beside=[yearly], period=Period(date(2026, 4, 1))) == ("plan.cuts_predecessor",)


# Which periods, which tier


@pytest.mark.parametrize(
    ("measurement", "day", "first", "count"),
    [
        ("quarter", date(2026, 3, 31), date(2026, 1, 1), 1),
        ("quarter", date(2026, 4, 1), date(2026, 1, 1), 2),
        ("month", date(2026, 12, 31), date(2026, 1, 1), 12),
        ("month", date(2028, 6, 15), date(2026, 6, 1), 25),
        ("year", date(2028, 6, 15), date(2026, 1, 1), 3),
    ],
)
def test_measured_periods(measurement, day, first, count):
    found = plans.measured_periods(terms(measurement=measurement), day=day)
    assert (found[0].starts_on, len(found)) == (first, count)
    assert day in found[-1]


def test_a_version_that_ended_measures_no_later_period():
    ended = terms(period=Period(date(2026, 1, 1), date(2026, 7, 1)))
    assert [str(period) for period in plans.measured_periods(ended, day=date(2026, 12, 1))] == [
        *("2026-01-01 … 2026-04-01", "2026-04-01 … 2026-07-01"),
    ]
    assert plans.measured_periods(terms(), day=date(2025, 12, 31)) == []


@pytest.mark.parametrize(
    ("day", "tested_on"),
    [
        (date(2026, 8, 5), date(2026, 8, 5)),
        (date(2026, 9, 30), date(2026, 9, 30)),
        (date(2026, 10, 1), date(2026, 9, 30)),
    ],
)
def test_the_tier_that_counts(day, tested_on):
    assert plans.tier_day(Period(date(2026, 7, 1), date(2026, 10, 1)), day=day) == tested_on


# From target to posting

KEY = AccrualKey(1, 1, date(2026, 7, 1))
QUARTER = Period(date(2026, 7, 1), date(2026, 10, 1))


def target(amount: str, volume: str, day: date) -> Target:
    return Target(KEY, QUARTER, day, Decimal(volume), Decimal(amount), "EUR", (), "hash")


def held(amount: str, volume: str, *, day: date = date(2026, 9, 1), count: int = 1) -> Held:
    return Held(QUARTER, day, Decimal(volume), Decimal(amount), count, "hash", [])


@pytest.mark.parametrize(
    ("day", "before", "kind"),
    [
        (date(2026, 9, 30), held("100", "1000"), "accrual"),
        (date(2026, 10, 1), held("100", "1000"), "clawback"),
        (date(2026, 10, 1), held("100", "800"), "adjustment"),
        (date(2026, 10, 1), held("50", "1000"), "adjustment"),
        (date(2026, 10, 1), held("0", "1000", count=0), "accrual"),
        (date(2026, 10, 1), None, "accrual"),
    ],
)
def test_what_a_difference_is_posted_as(day, before, kind):
    [change] = postings.changes([target("80", "800", day)], {KEY: before} if before else {})
    assert change.kind == kind
    assert change.difference == 80 - (before.amount if before else 0)


@pytest.mark.parametrize("day", [date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2)])
def test_the_same_target_and_an_older_night_change_nothing(day):
    assert postings.changes([target("100", "1000", day)], {KEY: held("100", "1000")}) == []
    moved = postings.changes([target("90", "900", day)], {KEY: held("100", "1000")})
    assert bool(moved) == (day >= date(2026, 9, 1))


@given(some.decimals(0, 10**6, places=2), some.decimals(0, 10**6, places=2))
def test_the_steps_of_a_line_add_up_to_the_line(amount, before):
    whole = earning(terms(("0", "1")), amount)
    found = postings.line_steps(whole.steps, target_amount=whole.amount.amount, line_amount=amount - before)
    assert sum(step.amount for step in found) == amount - before


def test_the_fingerprint_of_a_volume_depends_on_its_lines_and_not_on_their_order():
    june = VolumePart(date(2026, 6, 1), "software", "product", Decimal("10.5"), 2, "aa")
    july = VolumePart(date(2026, 7, 1), "software", "product", Decimal("4.5"), 1, "bb")
    other = VolumePart(date(2026, 7, 1), "software", "product", Decimal("4.5"), 1, "cc")
    assert volume_of([june, july]) == volume_of([july, june])
    assert volume_of([june, july]).amount == 15
    assert volume_of([june, july]).inputs_hash != volume_of([june, other]).inputs_hash


@pytest.mark.parametrize(
    ("amount", "codes"),
    [
        ("99.99", ()),
        ("100.00", ()),
        ("100.01", ("payout.exceeds_balance",)),
        ("0", ("payout.amount_not_positive",)),
        ("-1", ("payout.amount_not_positive",)),
        ("0.001", ("payout.amount_too_fine",)),
    ],
)
def test_what_may_be_paid(amount, codes):
    wanted = Money(Decimal(amount), "EUR")
    assert postings.may_pay(wanted, balance=Decimal("100.00"), reference="B-1").codes == codes
    assert postings.may_pay(wanted, balance=Decimal("100.00"), reference=" ").codes == (
        *codes,
        "payout.reference_missing",
    )


# Statements


@pytest.mark.parametrize(
    ("today", "earliest_open", "codes"),
    [
        (date(2026, 9, 30), None, ("statement.month_not_over",)),
        (date(2026, 10, 1), None, ()),
        (date(2026, 10, 1), date(2026, 9, 1), ()),
        (date(2026, 10, 1), date(2026, 8, 1), ("statement.earlier_month_open",)),
    ],
)
def test_when_a_month_may_be_closed(today, earliest_open, codes):
    assert (
        may_close(Period(date(2026, 9, 1), date(2026, 10, 1)), today=today, earliest_open=earliest_open).codes == codes
    )


def test_the_content_hash_is_what_the_document_says():
    assert content_hash({"b": "1.00", "a": [None]}) == content_hash({"a": [None], "b": "1.00"})
    known = "6fe9eaf390d074c652fa91ba7d00a30f59d6f630e2b602d42758962c95439d56"
    assert content_hash({"a": "ó"}) == known  # of the bytes {"a":"ó"}
