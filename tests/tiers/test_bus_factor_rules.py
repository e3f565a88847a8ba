"""On whom alone a level hangs: boundaries by one person, one certificate and one aggregation each."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiers.choices.programmes import Aggregation, Window
from tiers.rules.book import Credit, scores_of
from tiers.rules.bus_factor import BusFactor, bus_factor
from tiers.rules.default import default_programme
from tiers.rules.ladder import Level, Path, Programme, Requirement, tier_for

DAY = date(2026, 10, 14)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PROGRAMME = default_programme()
_keys = count(1)


def a_credit(metric: str, amount: str | int, holder: str = "", **more) -> Credit:
    valid_from, until = more.get("valid_from", date(2026, 1, 1)), more.get("valid_until")
    return Credit(
        next(_keys), metric, Decimal(amount), valid_from, until, LONG_AGO, None, more.get("label", ""), holder
    )


def certified(*people: str) -> list[Credit]:
    return [a_credit("certified_people", 1, who, label=f"Certificate of {who}") for who in people]


def business(revenue: int = 150_000, customers: int = 2) -> list[Credit]:
    return [a_credit("channel_revenue", revenue), a_credit("new_customers", customers)]


def looked_at(credits: list[Credit], held_rank: int = 2, programme: Programme = PROGRAMME) -> BusFactor:
    return bus_factor(credits, held_rank=held_rank, day=DAY, programme=programme)


@pytest.mark.parametrize(
    ("people", "alone"),
    [
        (("Anna", "Jan"), ()),  # Silver is not reached: nothing but Bronze is left to lose
        (("Anna", "Jan", "Péter"), ("Anna", "Jan", "Péter")),
        (("Anna", "Jan", "Péter", "Zoë"), ()),
        (("Anna", "Anna", "Jan", "Péter"), ("Anna",)),
    ],
)
def test_silver_needs_three_people(people: tuple[str, ...], alone: tuple[str, ...]) -> None:
    found = looked_at(business() + certified(*people))
    assert tuple(each.holder for each in found.dependences) == alone
    assert found.people == tuple(sorted(set(people)))


def test_one_certificate_or_all_of_a_person() -> None:
    single = looked_at(business() + certified("Anna", "Jan", "Péter")).dependences[0]
    assert single.credit is not None
    assert (single.credit.label, single.kept.code, single.falls_to.code) == ("Certificate of Anna", "silver", "bronze")
    both = looked_at(business() + certified("Anna", "Anna", "Jan", "Péter")).dependences[0]
    assert (both.holder, both.credit) == ("Anna", None)


def test_what_makes_it_safe_does() -> None:
    credits = business() + certified("Anna", "Jan", "Péter")
    (more,) = looked_at(credits).more
    assert (more.requirement.metric, more.missing) == ("certified_people", 1)
    assert looked_at(credits + certified("Zoë")).dependences == ()


def test_of_several_falls_the_deepest_is_first_and_the_most_is_missing() -> None:
    people = certified("Anna", "Anna", "Anna", "Anna", "Anna", "Jan", "Péter")
    found = looked_at(business(600_000, 5) + people, held_rank=3)
    assert [(each.holder, each.falls_to.code) for each in found.dependences] == [
        *(("Anna", "bronze"), ("Jan", "silver"), ("Péter", "silver")),
    ]
    assert [(step.requirement.metric, step.missing) for step in found.more] == [("certified_people", 5)]


def test_revenue_of_a_person_counts_as_well() -> None:
    found = looked_at(
        [*certified("A", "B", "C", "D"), a_credit("new_customers", 2), a_credit("channel_revenue", 150_000, "Sven")]
    )
    assert [(each.holder, each.falls_to.code) for each in found.dependences] == [("Sven", "bronze")]


def test_a_higher_level_that_is_only_reached_is_not_lost() -> None:
    found = looked_at(business(600_000, 5) + certified(*"ABCDEFG"), held_rank=2)
    assert (found.level.code, found.dependences) == ("silver", ())


def test_what_ended_or_has_not_begun_holds_nothing() -> None:
    ended = a_credit("certified_people", 1, "Gone", valid_until=DAY)
    coming = a_credit("certified_people", 1, "Later", valid_from=date(2026, 10, 15))
    found = looked_at([*business(), *certified("Anna", "Jan", "Péter"), ended, coming])
    assert found.people == ("Anna", "Jan", "Péter")


@pytest.mark.parametrize(
    ("aggregation", "amounts", "alone"),
    [
        (Aggregation.LATEST, ((8, "Anna"), (2, "Jan"), (9, "Zoë")), ("Zoë",)),  # without Zoë the newest is Jan's
        (Aggregation.AVERAGE, ((9, "Anna"), (1, "Jan"), (9, "Zoë")), ("Anna", "Zoë")),
        (Aggregation.COUNT, ((1, "Anna"), (1, "Jan"), (1, "Zoë")), ()),
    ],
)
def test_other_aggregations(
    aggregation: Aggregation, amounts: tuple[tuple[int, str], ...], alone: tuple[str, ...]
) -> None:
    threshold = Decimal(2) if aggregation == Aggregation.COUNT else Decimal(6)
    asked = Requirement("csat", Window.TRAILING_12_MONTHS, threshold, aggregation)
    programme = Programme(1, (Level(1, "low", "Low", ()), Level(2, "high", "High", (Path(1, (asked,)),))), 90, "year")
    credits = [a_credit("csat", *each, valid_from=date(2026, place, 1)) for place, each in enumerate(amounts, start=1)]
    assert tuple(each.holder for each in looked_at(credits, programme=programme).dependences) == alone


some_credits = st.lists(
    st.tuples(
        st.sampled_from(["channel_revenue", "new_customers", "certified_people"]),
        st.sampled_from([1, 2, 3, 40_000, 100_000, 250_000]),
        st.sampled_from(["", "Anna", "Jan", "Zoë"]),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(some_credits, st.integers(1, 4))
def test_the_same_as_measuring_without_each(drawn: list[tuple[str, int, str]], held_rank: int) -> None:
    credits = [a_credit(*each) for each in drawn]

    def rank(kept: list[Credit]) -> int:
        return tier_for(scores_of(kept, day=DAY, measures=PROGRAMME.measures), PROGRAMME).level.rank

    kept = min(held_rank, rank(credits))
    people = {each.holder for each in credits if each.holder}
    expected = {who for who in people if rank([each for each in credits if each.holder != who]) < kept}
    assert {each.holder for each in looked_at(credits, held_rank).dependences} == expected
