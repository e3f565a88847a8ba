"""What the queries answer, and in how many statements."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from common.actor import SYSTEM
from common.errors import Refused
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.actions.programmes import publish_version
from tiers.actions.scores import reverse_credits
from tiers.choices.programmes import Window
from tiers.models import Level, Programme, ProgrammeVersion, ScoreCredit, Standing
from tiers.queries.programmes import programme_on
from tiers.queries.scores import scores_on
from tiers.queries.standings import level_counts, standings_of
from tiers.queries.terms import terms_for, terms_for_many
from tiers.rules import book, ladder
from tiers.rules.default import default_programme as default_content
from tiers.rules.ladder import Programme as Content
from tiers.rules.ladder import Tally

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 14)
ONE_DAY = timedelta(days=1)
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)

REVENUE = ("channel_revenue", "trailing_12_months")
PEOPLE = ("certified_people", "valid_on_day")


# Terms


def test_terms_by_level(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    bronze_partner, gold_partner = enrolled_partner_id(), enrolled_partner_id()
    hold_level(gold_partner, "gold", starts_on=date(2026, 10, 1))
    with django_assert_num_queries(1):
        terms = terms_for_many([bronze_partner, gold_partner, gold_partner], day=DAY)
    assert {key: (value.level_code, value.rank) for key, value in terms.items()} == {
        bronze_partner: ("bronze", 1),
        gold_partner: ("gold", 3),
    }
    gold = terms_for(gold_partner, day=DAY)
    assert (gold.level_name, gold.protection_days, gold.programme_version) == ("Gold", 120, 1)
    assert (gold.deal_discount, gold.rebate_multiplier, gold.mdf_rate) == (
        Decimal("0.09"),
        Decimal("1.25"),
        Decimal("0.02"),
    )
    assert terms_for_many([], day=DAY) == {}


def test_terms_on_past_days() -> None:
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "silver", starts_on=date(2026, 3, 1))
    hold_level(partner_id, "platinum", starts_on=date(2026, 5, 1))
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 4, 30), date(2026, 5, 1)]
    found = [terms_for(partner_id, day=day).level_code for day in days]
    assert found == ["bronze", "silver", "silver", "platinum"]


def test_a_standing_ends_before_its_end_day() -> None:
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "silver", starts_on=date(2026, 3, 1))
    Standing.objects.filter(ends_on=None).update(ends_on=DAY)
    assert terms_for(partner_id, day=DAY - ONE_DAY).level_code == "silver"
    assert terms_for(partner_id, day=DAY).level_code == "bronze"


def test_a_draft_version_gives_nothing() -> None:
    partner_id = enrolled_partner_id()
    published = default_programme()
    draft = ProgrammeVersion.objects.create(
        programme=published.programme, number=2, starts_on=date(2026, 1, 1), currency="EUR"
    )
    benefits = {"deal_discount": 1, "rebate_multiplier": 9, "mdf_rate": 1}
    Level.objects.create(version=draft, rank=1, code="bronze", name="Draft", protection_days=999, **benefits)
    assert terms_for(partner_id, day=DAY).programme_version == 1
    assert terms_for(PartnerFactory().pk, day=DAY).programme_version == 1
    programme = programme_on(DAY)
    assert programme is not None
    assert programme.number == 1


def test_a_partner_that_was_never_enrolled_has_the_entry_level() -> None:
    default_programme()
    assert terms_for(PartnerFactory().pk, day=DAY).level_code == "bronze"


def test_terms_without_a_programme_are_refused() -> None:
    partner_id = PartnerFactory().pk
    with pytest.raises(Refused, match=r"tier\.no_programme"):
        terms_for(partner_id, day=DAY)
    default_programme(starts_on=date(2026, 10, 15))
    with pytest.raises(Refused, match=r"tier\.no_programme"):
        terms_for(partner_id, day=DAY)
    assert terms_for(partner_id, day=date(2026, 10, 15)).rank == 1


def test_benefits_follow_the_version_in_force_without_a_review() -> None:
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "gold", starts_on=date(2026, 1, 1))
    programme = Programme.objects.get()
    without_gold = [level for level in default_content(2).levels if level.code != "gold"]
    better = tuple(
        ladder.Level(rank, level.code, level.name, level.paths, terms=replace_days(level, 365))
        for rank, level in enumerate(without_gold, start=1)
    )
    content = Content(2, better, 90, "year")
    publish_version(programme.pk, content, starts_on=date(2026, 11, 1), by=SYSTEM, at=AT)
    hold_level(silver_partner := enrolled_partner_id(), "silver", starts_on=date(2026, 1, 1))
    days = {day: terms_for(silver_partner, day=day) for day in (date(2026, 10, 31), date(2026, 11, 1))}
    assert [(terms.programme_version, terms.protection_days) for terms in days.values()] == [(1, 90), (2, 365)]
    kept = terms_for(partner_id, day=date(2026, 11, 1))  # its level is gone: it keeps what it was given
    assert (kept.level_code, kept.programme_version, kept.protection_days) == ("gold", 1, 120)


def replace_days(level: ladder.Level, days: int) -> ladder.Terms:
    assert level.terms is not None
    return replace(level.terms, protection_days=days)


# Scores


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "measure", "counts"),
    [
        (date(2025, 10, 14), None, REVENUE, False),  # a year and a day before
        (date(2025, 10, 15), None, REVENUE, True),
        (date(2026, 10, 14), None, REVENUE, True),
        (date(2026, 10, 15), None, REVENUE, False),  # tomorrow
        (date(2025, 10, 15), date(2025, 10, 16), REVENUE, True),  # only where it begins matters
        (date(2026, 1, 1), None, ("channel_revenue", "fiscal_year"), True),
        (date(2025, 12, 31), None, ("channel_revenue", "fiscal_year"), False),
        (date(2001, 1, 1), None, ("channel_revenue", "since_joining"), True),
        (date(2020, 1, 1), date(2026, 10, 14), PEOPLE, False),  # ended
        (date(2020, 1, 1), date(2026, 10, 15), PEOPLE, True),  # the last day
        (date(2020, 1, 1), None, PEOPLE, True),
        (date(2026, 10, 14), None, PEOPLE, True),
        (date(2026, 10, 15), None, PEOPLE, False),
    ],
)
def test_what_a_window_sees(valid_from: date, valid_until: date | None, measure: tuple[str, str], counts: bool) -> None:
    partner_id = enrolled_partner_id()
    credit(a_credit(partner_id, measure[0], "12.34", valid_from, valid_until))
    found = scores_on([partner_id], day=DAY, measures=[measure])
    assert found == ({partner_id: {measure: Tally(Decimal("12.34"), 1, Decimal("12.34"))}} if counts else {})


def test_scores_of_many_partners_are_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    first, second, third = (enrolled_partner_id() for _ in range(3))
    credit(
        a_credit(first, "channel_revenue", "0.0001", DAY),
        a_credit(first, "channel_revenue", "99.99", DAY, key="undone"),
        a_credit(first, "certified_people", 2, DAY),
        a_credit(second, "channel_revenue", "7", DAY),
        a_credit(third, "csat", "5", DAY),
    )
    reverse_credits("test", ["undone"], at=AT)
    with django_assert_num_queries(1):
        found = scores_on([first, second, third], day=DAY, measures=[REVENUE, PEOPLE])
    assert found == {
        first: {REVENUE: Tally(Decimal("0.0001"), 1, Decimal("0.0001")), PEOPLE: Tally(Decimal(2), 1, Decimal(2))},
        second: {REVENUE: Tally(Decimal(7), 1, Decimal(7))},
    }


def test_a_past_day_as_it_was_known_then() -> None:
    partner_id = enrolled_partner_id()
    credit(a_credit(partner_id, "channel_revenue", 10, DAY, key="sale"), at=AT)
    reverse_credits("test", ["sale"], at=AT + ONE_DAY)
    seen = [
        scores_on([partner_id], day=DAY, measures=[REVENUE], known_at=known_at)
        for known_at in (AT - ONE_DAY, AT, AT + ONE_DAY, None)
    ]
    ten, nothing = {partner_id: {REVENUE: Tally(Decimal(10), 1, Decimal(10))}}, {partner_id: {REVENUE: Tally()}}
    assert seen == [{}, ten, nothing, nothing]


MEASURES = [(metric, str(window)) for metric in ("channel_revenue", "csat") for window in Window]
one_credit = st.tuples(
    st.sampled_from(["channel_revenue", "csat"]),
    st.decimals(min_value=-1000, max_value=1_000_000, places=4),
    st.dates(date(2025, 10, 10), date(2026, 10, 20)),
    st.none() | st.integers(1, 400),
    st.booleans(),  # reversed afterwards
)


def expected(stored: list[ScoreCredit], known_at: datetime | None = None) -> dict[tuple[str, str], Tally]:
    """The same of the credits at hand; what was reversed is told beside its original."""
    undone = {credit.reverses_id: credit.recorded_at for credit in stored if credit.reverses_id}
    credits = [
        book.Credit(
            credit.pk,
            credit.metric.code,
            credit.amount,
            credit.valid_from,
            credit.valid_until,
            credit.recorded_at,
            undone.get(credit.pk),
        )
        for credit in stored
        if not credit.reverses_id
    ]
    return dict(book.scores_of(credits, day=DAY, measures=MEASURES, known_at=known_at))


def written(partner_id: int) -> list[ScoreCredit]:
    return list(ScoreCredit.objects.filter(partner_id=partner_id).select_related("metric"))


def found_in(partner_id: int, known_at: datetime | None = None) -> dict[tuple[str, str], Tally]:
    """What the database adds up, without measures of which everything was reversed."""
    found = scores_on([partner_id], day=DAY, measures=MEASURES, known_at=known_at).get(partner_id, {})
    return {measure: tally for measure, tally in found.items() if tally != Tally()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(one_credit, max_size=12), data=st.data())
def test_order_and_batches_do_not_matter_reversing_restores_and_the_rules_say_the_same(
    drawn: list[tuple], data: st.DataObject
) -> None:
    partner_id, other_id = PartnerFactory().pk, PartnerFactory().pk
    made = [
        a_credit(partner_id, metric, amount, starts_on, starts_on + length * ONE_DAY if length else None)
        for metric, amount, starts_on, length, _ in drawn
    ]
    shuffled = data.draw(st.permutations(made))
    cut = data.draw(st.integers(0, len(made)))
    credit(*shuffled[:cut], at=AT)
    credit(*shuffled[cut:], at=AT)
    before = found_in(partner_id)
    assert before == expected(written(partner_id))
    kept = [given for given, (*_, is_reversed) in zip(made, drawn, strict=True) if not is_reversed]
    reverse_credits("test", [given.source.key for given in made if given not in kept], at=AT + ONE_DAY)
    assert found_in(partner_id) == expected(written(partner_id))
    assert found_in(partner_id, known_at=AT) == expected(written(partner_id), known_at=AT) == before
    credit(*(replace(given, partner_id=other_id) for given in made if given in kept), at=AT)
    summed = [
        {each: (tally.total, tally.samples) for each, tally in found_in(pk).items()} for pk in (partner_id, other_id)
    ]
    assert summed[0] == summed[1]


# Standings


def test_level_counts_and_standings() -> None:
    first, second = enrolled_partner_id(), enrolled_partner_id()
    hold_level(second, "silver", starts_on=date(2026, 10, 14))
    assert [(row.level_code, row.partner_count) for row in level_counts(DAY)] == [("bronze", 1), ("silver", 1)]
    assert [(row.level_code, row.partner_count) for row in level_counts(DAY - ONE_DAY)] == [("bronze", 2)]
    assert [(row.level_code, row.starts_on, row.ends_on) for row in standings_of(second)] == [
        ("bronze", date(2025, 1, 1), DAY),
        ("silver", DAY, None),
    ]
    assert len(standings_of(first)) == 1
