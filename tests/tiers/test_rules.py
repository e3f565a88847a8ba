"""Which level scores give, and when a standing changes: tables of examples around each boundary."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiers.choices.programmes import Aggregation, Window
from tiers.rules import ladder, standing
from tiers.rules.default import default_programme
from tiers.rules.ladder import Level, Path, Programme, Requirement, Tally
from tiers.rules.standing import Judgement, Notice

PROGRAMME = default_programme()
BRONZE, SILVER, GOLD, PLATINUM = 1, 2, 3, 4


def scores(revenue: str = "0", customers: int = 0, certified: int = 0) -> dict[ladder.Measure, Tally]:
    return {
        ("channel_revenue", "trailing_12_months"): Tally(Decimal(revenue), 1),
        ("new_customers", "trailing_12_months"): Tally(Decimal(customers), customers),
        ("certified_people", "valid_on_day"): Tally(Decimal(certified), certified),
    }


@pytest.mark.parametrize(
    ("revenue", "customers", "certified", "level"),
    [
        ("0", 0, 0, None),  # not even Bronze: one certified person is missing
        ("0", 0, 1, "bronze"),
        ("99999.99", 2, 3, "bronze"),  # one cent below Silver
        ("100000", 2, 3, "silver"),
        ("100000.01", 2, 3, "silver"),
        ("100000", 1, 3, "bronze"),  # one customer below
        ("100000", 2, 2, "bronze"),  # one certificate below
        ("39999.99", 2, 4, "bronze"),  # second path: one cent below
        ("40000", 2, 4, "silver"),
        ("40000", 2, 3, "bronze"),  # second path: one certificate below
        ("40000", 1, 4, "bronze"),
        ("499999.99", 5, 7, "silver"),
        ("500000", 5, 7, "gold"),
        ("200000", 5, 9, "silver"),
        ("200000", 5, 10, "gold"),
        ("1499999.99", 12, 14, "gold"),
        ("1500000", 12, 14, "platinum"),
        ("599999.99", 12, 20, "gold"),
        ("600000", 12, 20, "platinum"),
        ("9000000", 0, 99, "bronze"),  # revenue alone does not help
        ("-500", 0, 1, "bronze"),
    ],
)
def test_level_by_the_default_table(revenue: str, customers: int, certified: int, level: str | None) -> None:
    found = ladder.tier_for(scores(revenue, customers, certified), PROGRAMME)
    assert (found.reached.code if found.reached else None) == level
    assert found.level.code == (level or "bronze")


def test_steps_say_what_was_found_and_what_is_missing() -> None:
    found = ladder.tier_for(scores("60000", 2, 3), PROGRAMME)
    silver = found.step_of_rank(SILVER)
    first, second = silver.paths
    assert [(step.value, step.target, step.missing, step.met) for step in first.requirements] == [
        (Decimal(60000), Decimal(100000), Decimal(40000), False),
        (Decimal(2), Decimal(2), Decimal(0), True),
        (Decimal(3), Decimal(3), Decimal(0), True),
    ]
    assert [step.requirement.metric for step in second.unmet] == ["certified_people"]
    assert silver.nearest == second  # 1, 1 and 3/4 against 0.6, 1 and 1
    assert found.next_above(BRONZE) == silver
    assert found.next_above(PLATINUM) is None


def test_nothing_in_the_score_book_is_zero() -> None:
    found = ladder.tier_for({}, PROGRAMME)
    assert found.reached is None
    assert all(step.value == 0 for level in found.steps for path in level.paths for step in path.requirements)


@pytest.mark.parametrize(
    ("total", "samples", "value", "met"),
    [
        ("0", 0, None, False),
        ("50", 9, "5.5555", False),  # enough on average, too few answers
        ("44.9999", 10, "4.4999", False),  # cut, not rounded up to the target
        ("45", 10, "4.5", True),
        ("45.001", 10, "4.5001", True),
    ],
)
def test_an_average_needs_enough_samples(total: str, samples: int, value: str | None, met: bool) -> None:
    asked = Requirement("csat", Window.TRAILING_12_MONTHS, Decimal("4.5"), Aggregation.AVERAGE, minimum_samples=10)
    programme = Programme(1, (Level(1, "entry", "Entry", (Path(1, (asked,)),)),), 90, "year")
    found = ladder.tier_for({asked.measure: Tally(Decimal(total), samples)}, programme)
    step = found.steps[0].paths[0].requirements[0]
    assert (step.value, step.met) == (None if value is None else Decimal(value), met)


def test_a_count_counts_credits_not_amounts() -> None:
    assert ladder.value_of(Tally(Decimal(900), 3), "count") == 3


@pytest.mark.parametrize("ranks", [(), (2, 1), (1, 1)])
def test_levels_out_of_order_are_no_programme(ranks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rising rank"):
        Programme(1, tuple(Level(rank, f"l{rank}", "L", ()) for rank in ranks), 90, "year")


def test_a_level_that_a_version_no_longer_has_maps_to_the_one_below() -> None:
    assert PROGRAMME.rank_of("gold", otherwise=9) == GOLD
    assert PROGRAMME.rank_of("diamond", otherwise=5) == PLATINUM
    assert PROGRAMME.rank_of("starter", otherwise=0) == BRONZE


@pytest.mark.parametrize(
    ("window", "day", "starts_on"),
    [
        ("trailing_12_months", date(2026, 10, 14), date(2025, 10, 15)),
        ("trailing_12_months", date(2025, 2, 28), date(2024, 3, 1)),
        ("trailing_12_months", date(2024, 2, 29), date(2023, 3, 1)),
        ("trailing_12_months", date(2025, 12, 31), date(2025, 1, 1)),
        ("trailing_3_months", date(2026, 5, 29), date(2026, 2, 28)),
        ("trailing_3_months", date(2026, 5, 31), date(2026, 3, 1)),
        ("trailing_3_months", date(2026, 1, 31), date(2025, 11, 1)),
        ("trailing_6_months", date(2026, 8, 30), date(2026, 2, 28)),
        ("trailing_6_months", date(2026, 8, 31), date(2026, 3, 1)),
        ("trailing_24_months", date(2026, 2, 27), date(2024, 2, 28)),
        ("trailing_24_months", date(2026, 2, 28), date(2024, 3, 1)),
        ("fiscal_quarter", date(2026, 3, 31), date(2026, 1, 1)),
        ("fiscal_quarter", date(2026, 4, 1), date(2026, 4, 1)),
        ("fiscal_quarter", date(2026, 12, 31), date(2026, 10, 1)),
        ("fiscal_quarter", date(2027, 1, 1), date(2027, 1, 1)),
        ("fiscal_year", date(2026, 1, 1), date(2026, 1, 1)),
        ("fiscal_year", date(2025, 12, 31), date(2025, 1, 1)),
        ("since_joining", date(2026, 1, 1), date.min),
        ("valid_on_day", date(2026, 1, 1), date.min),
    ],
)
def test_windows(window: str, day: date, starts_on: date) -> None:
    assert ladder.window_starts_on(window, day) == starts_on


@pytest.mark.parametrize(
    ("notice_on", "effective_on"),
    [
        (date(2026, 10, 2), date(2027, 1, 1)),  # 91 days before the year ends
        (date(2026, 10, 3), date(2027, 1, 1)),  # 90 days
        (date(2026, 10, 4), date(2028, 1, 1)),  # 89 days: not before the next year's end
        (date(2026, 1, 1), date(2027, 1, 1)),
        (date(2026, 12, 31), date(2028, 1, 1)),
        (date(2027, 10, 3), date(2028, 1, 1)),  # the notice does not run into the leap day
        (date(2028, 10, 3), date(2029, 1, 1)),
    ],
)
def test_a_demotion_takes_effect_at_a_year_end_after_ninety_days(notice_on: date, effective_on: date) -> None:
    assert standing.demotion_effective_on(notice_on, notice_days=90, period="year") == effective_on


def test_a_demotion_may_take_effect_at_a_quarter_end_when_the_programme_says_so() -> None:
    assert standing.demotion_effective_on(date(2026, 10, 4), notice_days=90, period="quarter") == date(2027, 4, 1)


DAY = date(2026, 10, 14)
LAST_DAY = date(2026, 12, 31)
SOON, LATER = date(2027, 1, 1), date(2028, 1, 1)


@pytest.mark.parametrize(
    ("held", "reached", "notices", "day", "expected"),
    [
        # holding on, rising by one, rising by two
        (SILVER, SILVER, (), DAY, Judgement(SILVER)),
        (SILVER, GOLD, (), DAY, Judgement(GOLD)),
        (BRONZE, PLATINUM, (), DAY, Judgement(PLATINUM)),
        # sinking: announced once, held meanwhile
        (GOLD, SILVER, (), DAY, Judgement(GOLD, (), "took_effect", Notice(SILVER, LATER))),
        (GOLD, SILVER, (Notice(SILVER, SOON),), DAY, Judgement(GOLD, (), "took_effect")),
        # recovery before the date, and on the last evening
        (GOLD, GOLD, (Notice(SILVER, SOON),), DAY, Judgement(GOLD, (Notice(SILVER, SOON),))),
        (GOLD, PLATINUM, (Notice(SILVER, SOON),), LAST_DAY, Judgement(PLATINUM, (Notice(SILVER, SOON),))),
        # the day before the last, the last, and one after it
        (GOLD, SILVER, (Notice(SILVER, SOON),), date(2026, 12, 30), Judgement(GOLD, (), "took_effect")),
        (GOLD, SILVER, (Notice(SILVER, SOON),), LAST_DAY, Judgement(SILVER, (Notice(SILVER, SOON),), "took_effect")),
        (GOLD, SILVER, (Notice(SILVER, SOON),), SOON, Judgement(SILVER, (Notice(SILVER, SOON),), "took_effect")),
        # recovered in part: falls less deep than announced
        (PLATINUM, GOLD, (Notice(SILVER, SOON),), LAST_DAY, Judgement(GOLD, (Notice(SILVER, SOON),), "took_effect")),
        # sank deeper than announced: falls as announced, the rest is announced anew
        (
            *(GOLD, BRONZE, (Notice(SILVER, SOON),), LAST_DAY),
            Judgement(SILVER, (Notice(SILVER, SOON),), "took_effect", Notice(BRONZE, LATER)),
        ),
        # sinks deeper while the first notice runs: a second notice with a time of its own
        (GOLD, BRONZE, (Notice(SILVER, SOON),), DAY, Judgement(GOLD, (), "took_effect", Notice(BRONZE, LATER))),
        (GOLD, BRONZE, (Notice(SILVER, SOON), Notice(BRONZE, LATER)), DAY, Judgement(GOLD, (), "took_effect")),
        # the first of two has run; the second still stands
        (
            *(GOLD, BRONZE, (Notice(SILVER, SOON), Notice(BRONZE, LATER)), LAST_DAY),
            Judgement(SILVER, (Notice(SILVER, SOON),), "took_effect"),
        ),
    ],
)
def test_judge(held: int, reached: int, notices: tuple[Notice, ...], day: date, expected: Judgement) -> None:
    judged = standing.judge(held, reached, notices, day=day, programme=PROGRAMME)
    assert (judged.rank, judged.closed, judged.given) == (expected.rank, expected.closed, expected.given)
    if judged.closed:
        assert judged.closed_as == expected.closed_as


amounts = st.decimals(min_value=0, max_value=2_000_000, places=2)
sets = st.tuples(amounts, st.integers(0, 15), st.integers(0, 25))


@given(sets, sets)
def test_more_credit_never_lowers_a_level(have: tuple[Decimal, int, int], more: tuple[Decimal, int, int]) -> None:
    before = ladder.tier_for(scores(str(have[0]), *have[1:]), PROGRAMME)
    together = [mine + added for mine, added in zip(have, more, strict=True)]
    after = ladder.tier_for(scores(str(together[0]), int(together[1]), int(together[2])), PROGRAMME)
    assert after.level.rank >= before.level.rank


@given(sets, st.integers(1, 4), st.dates(date(2025, 1, 1), date(2030, 1, 1)))
def test_a_level_is_never_lost_the_day_it_is_missed(have: tuple[Decimal, int, int], held: int, day: date) -> None:
    reached = ladder.tier_for(scores(str(have[0]), *have[1:]), PROGRAMME).level.rank
    judged = standing.judge(held, reached, (), day=day, programme=PROGRAMME)
    assert judged.rank == max(held, reached)
    if judged.given:
        assert (judged.given.effective_on - day).days >= PROGRAMME.notice_days
        assert (judged.given.effective_on.month, judged.given.effective_on.day) == (1, 1)
