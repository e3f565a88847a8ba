"""What the database finds is what the rules say, for any programme and any scores."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiers.choices.programmes import Aggregation, Window
from tiers.queries.measuring import rank_sql
from tiers.queries.scores import rows
from tiers.rules import ladder
from tiers.rules.ladder import Level, Path, Programme, Requirement, Tally

pytestmark = pytest.mark.django_db
MEASURES = [("csat", "valid_on_day"), ("revenue", "fiscal_quarter"), ("revenue", "trailing_12_months")]
SMALL = st.decimals(min_value=Decimal(-3), max_value=Decimal(6), places=4)
NEAR = st.sampled_from([Decimal("0.0001"), Decimal(1), Decimal("1.9999"), Decimal(2), Decimal("2.0001")])
requirement = st.builds(
    lambda measure, threshold, aggregation, samples: Requirement(
        measure[0], Window(measure[1]), threshold, aggregation, samples
    ),
    st.sampled_from(MEASURES),
    NEAR,
    st.sampled_from(list(Aggregation)),
    st.integers(0, 3),
)
paths = st.lists(st.lists(requirement, max_size=3), max_size=3)
programmes = st.lists(paths, min_size=1, max_size=4).map(
    lambda levels: Programme(
        1,
        tuple(
            Level(rank * 2, f"l{rank}", "L", tuple(Path(number, tuple(asked)) for number, asked in enumerate(ways)))
            for rank, ways in enumerate(levels, start=1)
        ),
        90,
        "year",
    )
)
tallies = st.builds(Tally, SMALL | NEAR, st.integers(0, 4), st.none() | NEAR)
scores = st.dictionaries(st.sampled_from(MEASURES), tallies)


def rank_in_sql(programme: Programme, found: ladder.Scores) -> int | None:
    columns = []
    for place, measure in enumerate(programme.ordered_measures):
        tally = found.get(measure, Tally())
        latest = "NULL" if tally.latest is None else int(tally.latest * 10_000)
        columns += [
            f"{int(tally.total * 10_000)}::bigint AS total{place}",
            f"{tally.samples} AS samples{place}",
            f"{latest}::bigint AS latest{place}",
        ]
    return rows(f"SELECT {rank_sql(programme)} FROM (SELECT {', '.join(columns) or '1'}) measured")[0][0]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programmes, scores)
def test_the_condition_in_sql_gives_the_level_of_the_rules(programme: Programme, found: ladder.Scores) -> None:
    reached = ladder.tier_for(found, programme).reached
    assert rank_in_sql(programme, found) == (reached.rank if reached else None)


@pytest.mark.parametrize(
    ("aggregation", "tally", "is_met"),
    [
        (Aggregation.SUM, Tally(Decimal("1.9999"), 9), False),
        (Aggregation.SUM, Tally(Decimal(2), 1), True),
        (Aggregation.COUNT, Tally(Decimal(9), 1), False),
        (Aggregation.COUNT, Tally(Decimal(0), 2), True),
        (Aggregation.AVERAGE, Tally(Decimal("5.9999"), 3), False),
        (Aggregation.AVERAGE, Tally(Decimal(6), 3), True),
        (Aggregation.AVERAGE, Tally(Decimal(6), 0), False),
        (Aggregation.LATEST, Tally(Decimal(9), 3), False),
        (Aggregation.LATEST, Tally(Decimal(9), 3, Decimal("1.9999")), False),
        (Aggregation.LATEST, Tally(Decimal(0), 1, Decimal(2)), True),
        (Aggregation.SUM, Tally(Decimal(10) ** 14 - Decimal("0.0001"), 10**6), True),
        (Aggregation.AVERAGE, Tally(Decimal(10) ** 14 - Decimal("0.0001"), 2_000_000_000), True),
    ],
)
def test_one_requirement(aggregation: Aggregation, tally: Tally, is_met: bool) -> None:
    asked = Requirement("csat", Window.VALID_ON_DAY, Decimal(2), aggregation)
    programme = Programme(1, (Level(3, "only", "Only", (Path(1, (asked,)),)),), 90, "year")
    assert rank_in_sql(programme, {asked.measure: tally}) == (3 if is_met else None)
    assert (ladder.tier_for({asked.measure: tally}, programme).reached is not None) is is_met


def test_the_largest_threshold_does_not_overflow() -> None:
    asked = Requirement("csat", Window.VALID_ON_DAY, Decimal(10) ** 14 - 1, Aggregation.AVERAGE)
    programme = Programme(1, (Level(1, "only", "Only", (Path(1, (asked,)),)),), 90, "year")
    assert rank_in_sql(programme, {asked.measure: Tally(Decimal(5), 2_000_000_000)}) is None
