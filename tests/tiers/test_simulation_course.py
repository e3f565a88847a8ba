"""The course of a partner: the same as reviewing it night by night, whatever credits come, go and are late."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.period import Period
from tiers.choices.programmes import Aggregation, Window
from tiers.rules import ladder, standing
from tiers.rules.book import Credit, days_of_change, scores_of, seen_until
from tiers.rules.course import Course, InForce, Night, Start, course
from tiers.rules.default import default_programme
from tiers.rules.ladder import Level, Path, Programme, Requirement

FIRST = date(2024, 1, 30)
DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALWAYS = Period(date(2000, 1, 1))


def a_credit(amount: str | int, on: date, until: date | None = None, *, metric: str = "revenue", **known) -> Credit:
    return Credit(known.pop("pk", 1), metric, Decimal(amount), on, until, known.pop("recorded_at", LONG_AGO), **known)


def a_level(rank: int, code: str, *asked: Requirement) -> Level:
    return Level(rank, code, code.title(), (Path(1, asked),) if asked else ())


def asks(threshold: int, window=Window.TRAILING_12_MONTHS, aggregation=Aggregation.SUM) -> Requirement:
    return Requirement("revenue", window, Decimal(threshold), aggregation)


def a_programme(*levels: Level, notice_days: int = 30, period="month", number: int = 1) -> Programme:
    return Programme(number, levels or LEVELS, notice_days, period)


LEVELS = (a_level(1, "low"), a_level(2, "middle", asks(10)), a_level(3, "high", asks(100)))


def walked(credits, *, until: date, versions=None, start=None, **more) -> Course:
    versions = versions or [InForce(a_programme(), ALWAYS)]
    return course(credits, versions, start=start or Start(FIRST, "low", 1), until=until, **more)


def moves(found: Course) -> list[tuple[date, str, str]]:
    return [(move.day, move.before, move.after) for move in found.moves]


def test_rising_begins_the_next_day_and_falling_after_notice_at_a_period_s_end() -> None:
    found = walked([a_credit(10, date(2024, 3, 5))], until=date(2026, 1, 1))
    assert moves(found) == [(date(2024, 3, 6), "low", "middle"), (date(2025, 5, 1), "middle", "low")]
    (notice,) = found.notices
    # from 5 March 2025 on the window sees it no more; thirty days later is in April
    assert (notice.level_code, notice.given_on, notice.effective_on) == ("low", date(2025, 3, 5), date(2025, 5, 1))
    assert (notice.outcome, notice.closed_on) == ("took_effect", date(2025, 4, 30))
    assert [(held.level_code, held.starts_on, held.ends_on) for held in found.held] == [
        ("low", FIRST, date(2024, 3, 6)),
        ("middle", date(2024, 3, 6), date(2025, 5, 1)),
        ("low", date(2025, 5, 1), date(2026, 1, 1)),
    ]
    assert found.level_on(date(2025, 4, 30)).level_code == "middle"
    assert found.level_on(date(2026, 1, 1)) is None


def test_a_notice_lapses_when_the_level_is_reached_again() -> None:
    again = [a_credit(10, date(2024, 3, 5)), a_credit(10, date(2025, 4, 30), pk=2)]
    found = walked(again, until=date(2026, 1, 1))
    assert moves(found) == [(date(2024, 3, 6), "low", "middle")]
    assert [(notice.outcome, notice.closed_on) for notice in found.notices] == [("cancelled", date(2025, 4, 30))]
    one_day_late = [a_credit(10, date(2024, 3, 5)), a_credit(10, date(2025, 5, 1), pk=2)]
    assert [day for day, *_ in moves(walked(one_day_late, until=date(2026, 1, 1)))] == [
        date(2024, 3, 6),
        date(2025, 5, 1),
        date(2025, 5, 2),
    ]


def test_a_version_asks_from_its_first_day() -> None:
    easier = a_programme(a_level(1, "low"), a_level(2, "middle", asks(5)), number=2)
    change = date(2024, 6, 1)
    versions = [InForce(a_programme(), Period(FIRST, change)), InForce(easier, Period(change))]
    found = walked([a_credit(5, date(2024, 3, 5))], until=date(2024, 9, 1), versions=versions)
    assert moves(found) == [(date(2024, 6, 2), "low", "middle")]
    assert [(each.day, each.level_code, each.programme_number) for each in found.reached] == [
        (FIRST, "low", 1),
        (change, "middle", 2),
    ]


def test_what_is_late_counts_from_the_night_that_knows_it() -> None:
    nights = [Night(FIRST + DAY * n, datetime(2024, 1, 31, 2, tzinfo=UTC) + DAY * n) for n in range(60)]
    late = a_credit(10, date(2024, 2, 1), recorded_at=datetime(2024, 2, 10, 2, tzinfo=UTC))
    found = walked([late], until=date(2024, 3, 20), nights=nights)
    assert moves(found) == [(date(2024, 2, 10), "low", "middle")]  # the night of the 9th runs at that instant
    undone = a_credit(10, date(2024, 2, 1), reversed_at=datetime(2024, 2, 20, 2, tzinfo=UTC))
    found = walked([undone], until=date(2024, 3, 20), nights=nights)
    assert [notice.given_on for notice in found.notices] == [date(2024, 2, 19)]
    assert walked([undone], until=date(2024, 3, 20)).notices == ()  # known from the first day on: never there


@pytest.mark.parametrize("window", Window.values)
@pytest.mark.parametrize("day", [date(2023, 2, 28), date(2024, 2, 28), date(2024, 2, 29), date(2024, 11, 30)])
@pytest.mark.parametrize("offset", [-1, 0, 1, 2])
def test_the_day_from_which_a_window_sees_a_credit_no_more(window, day, offset) -> None:
    credit = a_credit(1, day + DAY * offset, day + DAY * 40)
    gone, measure = seen_until(credit, window), ("revenue", window)
    if gone is None:
        assert scores_of([credit], day=day + DAY * 2000, measures=[measure])
    else:
        assert scores_of([credit], day=gone - DAY, measures=[measure])
        assert not scores_of([credit], day=gone, measures=[measure])
        assert gone in days_of_change([credit], after=day, until=day + DAY * 2000, windows=[window])


def night_by_night(credits, versions, start: Start, nights, frozen) -> list[tuple[date, str, str]]:
    """The plain way: measure and judge every night. Returns the moves."""
    code, rank, moves, notices = start.level_code, start.level_rank, [], []
    for night in nights:
        programme = next(each.programme for each in versions if night.day in each.period)
        scores = scores_of(credits, day=night.day, measures=programme.measures, known_at=night.known_at)
        found = ladder.tier_for(scores, programme)
        if any(night.day + DAY in period for period in frozen):
            continue
        now = programme.rank_of(code, otherwise=rank)
        known = [
            standing.Notice(programme.rank_of(told, otherwise=old), effective_on, number)
            for number, (told, old, effective_on) in enumerate(notices)
        ]
        judgement = standing.judge(now, found.level.rank, known, day=night.day, programme=programme)
        closed = {notice.notice_id for notice in judgement.closed}
        notices = [notice for number, notice in enumerate(notices) if number not in closed]
        if judgement.given:
            to = programme.level_of_rank(judgement.given.rank)
            notices.append((to.code, to.rank, judgement.given.effective_on))
        if judgement.rank != now:
            to = programme.level_of_rank(judgement.rank)
            moves.append((night.day + DAY, code, to.code))
            code, rank = to.code, to.rank
    return moves


SPAN = 500
days = st.integers(-400, SPAN).map(lambda offset: FIRST + DAY * offset)
instants = st.integers(-400, SPAN).map(lambda offset: datetime(2024, 1, 31, 2, tzinfo=UTC) + DAY * offset)


@st.composite
def some_credits(draw) -> list[Credit]:
    found = []
    for pk in range(draw(st.integers(0, 8))):
        on, lasts, at = draw(days), draw(st.sampled_from([None, 1, 90, 300])), draw(instants)
        undone = draw(st.one_of(st.none(), st.integers(0, 200)))
        found.append(
            a_credit(
                draw(st.sampled_from([-20, 5, 10, 50, 100])),
                on,
                None if lasts is None else on + DAY * lasts,
                pk=pk,
                recorded_at=at,
                reversed_at=None if undone is None else at + DAY * undone,
            )
        )
    return found


@st.composite
def a_programme_of_any_kind(draw, number: int) -> Programme:
    def level(rank: int, code: str, least: int) -> Level:
        windows, sums = st.sampled_from(list(Window)), st.sampled_from(list(Aggregation))
        ways = [asks(draw(st.integers(1, least)), draw(windows), draw(sums)) for _ in range(draw(st.integers(1, 2)))]
        return Level(rank, code, code, tuple(Path(place, (way,)) for place, way in enumerate(ways, start=1)))

    codes = draw(st.sampled_from([("low", "middle", "high"), ("low", "high"), ("low", "new", "middle", "high")]))
    levels = [a_level(1, "low"), *(level(rank, code, 60 * rank) for rank, code in enumerate(codes[1:], start=2))]
    notice_days, period = draw(st.sampled_from([0, 30, 90])), draw(st.sampled_from(["month", "quarter", "year"]))
    return a_programme(*levels, notice_days=notice_days, period=period, number=number)


@settings(max_examples=300, deadline=None)
@given(
    credits=some_credits(),
    first=a_programme_of_any_kind(1),
    second=a_programme_of_any_kind(2),
    change=st.integers(1, SPAN),
    frozen=st.one_of(st.none(), st.tuples(st.integers(0, SPAN), st.integers(1, 120))),
    knows_all=st.booleans(),
)
def test_the_same_as_night_by_night(credits, first, second, change, frozen, knows_all) -> None:
    begins = FIRST + DAY * change
    versions = [InForce(first, Period(date(2000, 1, 1), begins)), InForce(second, Period(begins))]
    periods = [Period(FIRST + DAY * frozen[0], FIRST + DAY * sum(frozen))] if frozen else []
    nights = [
        Night(FIRST + DAY * n, None if knows_all else datetime(2024, 1, 31, 2, tzinfo=UTC) + DAY * n)
        for n in range(SPAN)
    ]
    start = Start(FIRST, "low", 1)
    found = walked(credits, until=FIRST + DAY * SPAN, versions=versions, start=start, frozen=periods, nights=nights)
    assert moves(found) == night_by_night(credits, versions, start, nights, periods)


def test_the_default_programme_asks_for_a_certified_person() -> None:
    """Not even the entry level's requirements are met: nobody falls below it."""
    found = walked([], until=FIRST + DAY, versions=[InForce(default_programme(), ALWAYS)])
    assert [(each.level_code, found.moves) for each in found.reached] == [(None, ())]
