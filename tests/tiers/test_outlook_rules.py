"""The twelve months ahead: what turns on which day, why, and what it leads to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from common.period import Period
from tiers.rules.book import Credit
from tiers.rules.course import Announced, InForce, Start
from tiers.rules.default import default_programme
from tiers.rules.ladder import Level, Programme
from tiers.rules.outlook import SHOWN_TURNS, Outlook, outlook

DAY = date(2026, 10, 14)
ONE_DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PROGRAMME = default_programme()
ALWAYS = InForce(PROGRAMME, Period(date.min))
SILVER = Start(DAY, "silver", 2)
_keys = count(1)


def a_credit(metric: str, amount: int, valid_from: date, valid_until: date | None = None, who: str = "") -> Credit:
    label = f"Certificate of {who}" if who else f"Sale of {valid_from}"
    return Credit(next(_keys), metric, Decimal(amount), valid_from, valid_until, LONG_AGO, None, label, who)


def certified(until: date | None, *people: str) -> list[Credit]:
    return [a_credit("certified_people", 1, date(2026, 1, 1), until, who) for who in people]


def lasting(revenue: int = 150_000, customers: int = 2) -> list[Credit]:
    """Business of the last day, which the windows see for the whole year but its end."""
    return [a_credit("channel_revenue", revenue, DAY), a_credit("new_customers", customers, DAY)]


def ahead(credits: list[Credit], start: Start = SILVER, *versions: InForce, **more) -> Outlook:
    return outlook(credits, versions or [ALWAYS], start=start, **more)


def told(found: Outlook) -> list[tuple[date, str, str]]:
    return [(turn.day, turn.kind, turn.level.code) for turn in found.turns]


def test_the_certificate_of_one_person_expires() -> None:
    ends_on = date(2027, 3, 3)
    credits = lasting() + certified(None, "Anna", "Péter") + certified(ends_on, "Jan Kowalski")
    found = ahead(credits)
    turn = found.turns[0]
    assert found.first_loss is turn
    assert (turn.day, turn.kind, turn.level.code, turn.version) == (ends_on, "lost", "silver", None)
    assert turn.reaches is not None
    assert turn.reaches.code == "bronze"
    (cause,) = turn.causes
    assert (cause.requirement.metric, cause.before, cause.after, cause.missing) == ("certified_people", 3, 2, 1)
    assert [credit.label for credit in cause.credits] == ["Certificate of Jan Kowalski"]
    assert cause.expires
    assert turn.announces is not None
    assert (turn.announces.level.code, turn.announces.effective_on) == ("bronze", date(2028, 1, 1))


@pytest.mark.parametrize(
    ("ends_on", "is_told"),
    [(DAY, False), (DAY + ONE_DAY, True), (date(2027, 10, 14), True), (date(2027, 10, 15), False)],
)
def test_twelve_months_and_not_a_day_more(ends_on: date, is_told: bool) -> None:
    """What ended today is no change to come; business of today is seen until the day before the twelve months end."""
    people = certified(None, "Anna", "Péter") + certified(ends_on, "Jan")
    forever = [a_credit("channel_revenue", 150_000, day) for day in (DAY, date(2027, 10, 1))]
    customers = [a_credit("new_customers", 2, day) for day in (DAY, date(2027, 10, 1))]
    found = ahead([*forever, *customers, *people])
    assert [turn.day for turn in found.turns if turn.kind == "lost"] == ([ends_on] if is_told else [])


def test_revenue_leaves_the_window_of_twelve_months() -> None:
    sold_on = date(2025, 11, 20)
    credits = [*certified(None, "Anna", "Jan", "Péter"), a_credit("new_customers", 2, DAY)]
    credits += [a_credit("channel_revenue", 70_000, sold_on), a_credit("channel_revenue", 80_000, DAY)]
    turn = ahead(credits).turns[0]
    (cause,) = turn.causes
    assert (turn.day, cause.before, cause.after, cause.missing) == (date(2026, 11, 20), 150_000, 80_000, 20_000)
    assert [credit.label for credit in cause.credits] == ["Sale of 2025-11-20"]
    assert not cause.expires


def test_a_notice_that_runs_takes_effect_and_is_not_told_again() -> None:
    notice = Announced("bronze", 1, date(2026, 9, 1), date(2027, 1, 1))
    found = ahead(certified(None, "Anna"), Start(DAY, "silver", 2, (notice,)))
    assert told(found) == [(date(2027, 1, 1), "fell", "bronze")]


def test_a_demotion_that_tonight_announces() -> None:
    found = ahead(certified(None, "Anna"))
    assert told(found)[0] == (DAY, "announced", "bronze")
    announced = found.turns[0].announces
    assert announced is not None
    assert announced.effective_on == date(2028, 1, 1)  # ninety days later is in the year that ends then
    assert found.first_loss is found.turns[0]


def test_a_rise_is_no_loss() -> None:
    coming = date(2026, 12, 1)
    credits = lasting() + certified(None, "Anna", "Jan") + [a_credit("certified_people", 1, coming, None, "Zoë")]
    found = ahead(credits, Start(DAY, "bronze", 1))
    assert told(found)[:2] == [(coming, "met", "silver"), (coming + ONE_DAY, "rose", "silver")]
    assert [credit.label for credit in found.turns[0].causes[0].credits] == ["Certificate of Zoë"]
    assert all(turn.kind != "lost" or turn.day > coming for turn in found.turns)


def test_while_frozen_nothing_falls() -> None:
    notice = Announced("bronze", 1, date(2026, 9, 1), date(2027, 1, 1))
    start = Start(DAY, "silver", 2, (notice,))
    frozen = [Period(DAY, date(2027, 3, 1))]
    assert [
        turn for turn in ahead(certified(None, "Anna"), start, frozen=frozen).turns if turn.day < date(2027, 3, 1)
    ] == []


def test_a_new_version_is_why() -> None:
    levels = (PROGRAMME.levels[0], PROGRAMME.levels[2], PROGRAMME.levels[3])
    ranked = tuple(
        Level(rank, level.code, level.name, level.paths, terms=level.terms)
        for rank, level in enumerate(levels, start=1)
    )
    begins = date(2027, 1, 1)
    versions = [
        InForce(PROGRAMME, Period(date.min, begins)),
        InForce(Programme(2, ranked, 90, "year"), Period(begins)),
    ]
    credits = lasting(600_000, 5) + certified(None, *"ABCDEFG")
    kept = ahead(credits, Start(DAY, "gold", 3), *versions)
    assert [turn for turn in kept.turns if turn.day <= begins] == []  # Gold is another rank now, and still met
    harder = Programme(2, tuple(_harder(level) for level in PROGRAMME.levels), 90, "year")
    lost = ahead(credits, Start(DAY, "gold", 3), versions[0], InForce(harder, Period(begins))).turns[0]
    assert (lost.day, lost.kind, lost.level.code, lost.version) == (begins, "lost", "gold", 2)
    assert {cause.requirement.metric for cause in lost.causes} == {"certified_people"}


def _harder(level: Level) -> Level:
    first = level.paths[0]
    from_more = tuple(
        each if each.metric != "certified_people" else type(each)(each.metric, each.window, each.threshold + 3)
        for each in first.requirements
    )
    return Level(level.rank, level.code, level.name, (type(first)(1, from_more),), terms=level.terms)


def test_many_changes_are_counted_and_the_first_are_told() -> None:
    """Silver for one day in each week."""
    days = [DAY + 7 * ONE_DAY * number for number in range(1, 30)]
    credits = lasting() + certified(None, "Anna", "Jan")
    credits += [a_credit("certified_people", 1, day, day + ONE_DAY, "Zoë") for day in days]
    found = ahead(credits, Start(DAY, "bronze", 1))
    assert len(found.turns) == SHOWN_TURNS < found.turn_count
    assert [turn.day for turn in found.turns] == sorted(turn.day for turn in found.turns)


def test_how_long_each_requirement_lasts() -> None:
    credits = lasting() + certified(None, "Anna", "Jan") + certified(date(2027, 1, 14), "Zoë")
    people = next(each for each in ahead(credits).runway if each.requirement.metric == "certified_people")
    assert [step.value for step in people.steps] == [3, 3, 2, 2, 2]  # now, in 1, 3, 6 and 12 months
    assert [step.met for step in people.steps] == [True, True, False, False, False]
    revenue = next(each for each in ahead(credits).runway if each.requirement.metric == "channel_revenue")
    assert [step.value for step in revenue.steps] == [150_000, 150_000, 150_000, 150_000, 0]


def test_an_empty_book() -> None:
    found = ahead([], Start(DAY, "bronze", 1))
    assert (found.turns, found.first_loss) == ((), None)
    assert [step.value for step in found.runway[0].steps] == [0, 0, 0, 0, 0]
