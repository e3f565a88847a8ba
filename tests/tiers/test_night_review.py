"""The nights one after the other: who is due is enough to look at, freezes hold, and nothing is written twice."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction

from common.actor import SYSTEM
from common.choices import RunStatus
from common.models import AuditEntry, JobRun
from partners import queries as partner_queries
from partners.models import Notification, Partner
from prm import nightly
from tests.factories.partners import MembershipFactory, PartnerFactory
from tests.factories.tiers import a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.actions.programmes import publish_version
from tiers.actions.scores import reverse_credits
from tiers.actions.standing_news import (
    tell_of_announced_demotions,
    tell_of_cancelled_demotions,
    tell_of_changed_standings,
)
from tiers.actions.standings import review_partners
from tiers.choices.programmes import Aggregation, Window
from tiers.models import DemotionNotice, DueReview, Freeze, Review, Standing
from tiers.rules.default import default_programme as default_content
from tiers.rules.ladder import ONE_DAY, Path, Programme, Requirement

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 12, 20), date(2027, 1, 5)
AT = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
Event = Callable[[], object]


def demanding_content() -> Programme:
    """Every kind of window and aggregation."""
    content = default_content(2)
    asked = (
        Requirement("channel_revenue", Window.TRAILING_12_MONTHS, Decimal(1000)),
        Requirement("channel_revenue", Window.FISCAL_QUARTER, Decimal(300)),
        Requirement("csat", Window.TRAILING_3_MONTHS, Decimal(4), Aggregation.AVERAGE, 2),
        Requirement("csat", Window.TRAILING_6_MONTHS, Decimal(4), Aggregation.LATEST),
        Requirement("certified_people", Window.VALID_ON_DAY, Decimal(2), Aggregation.COUNT),
        Requirement("training", Window.FISCAL_YEAR, Decimal(1)),
    )
    ways = ((), (asked[:1], asked[4:5]), (asked[1:3],), (asked[3:],))
    levels = tuple(
        replace(level, paths=tuple(Path(number, way) for number, way in enumerate(paths, start=1)))
        for level, paths in zip(content.levels, ways, strict=True)
    )
    return replace(content, levels=levels, notice_days=3, demotion_period="month")


def days() -> list[date]:
    return [FIRST + ONE_DAY * number for number in range((LAST - FIRST).days)]


def written_story(seed: int, ids: Sequence[int]) -> dict[date, list[Event]]:
    """What happens on which day: credits old and new, endings, reversals, a freeze, a version, one who pauses."""
    rng = Random(seed)
    story: dict[date, list[Event]] = {day: [] for day in days()}

    def some_credit(day: date) -> Event:
        metric = rng.choice(["channel_revenue", "csat", "certified_people", "training"])
        before = rng.choice([0, 0, -365, -364, -366, -92, -91, -183, 2, -20])
        valid_from = day + ONE_DAY * (before + rng.randrange(4))
        until = valid_from + ONE_DAY * rng.randrange(1, 400) if rng.random() < 0.5 else None
        amount = rng.choice([1, 2, 4, 5]) * (300 if metric == "channel_revenue" else 1)
        given = a_credit(rng.choice(ids), metric, amount, valid_from, until, key=f"{seed}-{rng.random()}")
        keys.append(given.source.key)
        return lambda: credit(given, at=AT)

    keys: list[str] = []
    for day, events in story.items():
        events += [some_credit(day) for _ in range(rng.randrange(5))]
        if keys and rng.random() < 0.3:
            undone = rng.choice(keys)
            events.append(lambda undone=undone: reverse_credits("test", [undone], at=AT))
    frozen = {"reason": "A merger", "set_by": "t", "set_at": AT, "starts_on": FIRST + ONE_DAY * 2}
    story[FIRST].append(lambda: Freeze.objects.create(partner_id=ids[0], ends_on=FIRST + ONE_DAY * 9, **frozen))
    story[FIRST].append(lambda: Freeze.objects.create(partner_id=ids[1], ends_on=LAST, **frozen))
    story[FIRST + ONE_DAY * 12].append(
        lambda: Freeze.objects.filter(partner_id=ids[1]).update(ends_on=frozen["starts_on"])
    )
    paused = Partner.objects.filter(pk=ids[2])
    story[FIRST + ONE_DAY * 3].append(lambda: paused.update(status="terminated"))
    story[FIRST + ONE_DAY * 13].append(lambda: paused.update(status="active"))
    story[FIRST + ONE_DAY * 5].append(
        lambda: PartnerFactory(joined_on=FIRST + ONE_DAY * 7, public_id=f"ptn_{seed:016}")
    )
    return story


def a_night(day: date) -> None:
    run, _ = nightly.open_night(day, at=AT)
    nightly.work()
    run.refresh_from_db()
    assert run.status == RunStatus.DONE


def everybody(day: date) -> None:
    review_partners(partner_queries.active_partner_ids(), day=day, at=AT)


def a_night_that_forgets(day: date) -> None:
    DueReview.objects.all().delete()
    a_night(day)


def books_after(story: dict[date, list[Event]], night: Callable[[date], None]) -> list[list[Any]]:
    """What is stored when the story is told with such nights; nothing of it stays."""
    with transaction.atomic():
        for day, events in story.items():
            for event in events:
                event()
            night(day)
        levels = ("partner__public_id", "level__code")
        found = [
            list(Standing.objects.order_by("partner", "starts_on").values_list(*levels, "starts_on", "ends_on")),
            list(
                Review.objects.order_by("partner", "business_date").values_list(
                    *levels, "business_date", "version__number", "totals", "samples", "latest"
                )
            ),
            list(
                DemotionNotice.objects.order_by("partner", "given_on", "level__rank").values_list(
                    *levels, "given_on", "effective_on", "outcome", "closed_on"
                )
            ),
        ]
        transaction.set_rollback(True)
    return found


@pytest.fixture
def ids() -> list[int]:
    version = default_programme()
    publish_version(version.programme_id, demanding_content(), starts_on=date(2026, 12, 23), by=SYSTEM, at=AT)
    found = [PartnerFactory(joined_on=date(2025, 1, 1)).pk for _ in range(6)]
    for partner_id in found[::2]:
        hold_level(partner_id, "gold", starts_on=date(2026, 1, 1))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_nights_of_those_who_are_due_find_what_full_nights_find(ids: list[int], seed: int) -> None:
    story = written_story(seed, ids)
    standings, reviews, notices = books_after(story, a_night)
    assert [standings, reviews, notices] == books_after(story, everybody)
    assert len(standings) > 7
    assert len(reviews) > 20
    assert notices


def test_control_nights_that_forget_what_is_new_find_less(ids: list[int]) -> None:
    story = written_story(1, ids)
    assert books_after(story, a_night_that_forgets) != books_after(story, everybody)


def figures_of(day: date) -> dict[str, Any]:
    return dict(JobRun.objects.get(business_date=day).slices.get(stage=nightly.DUE_STAGE).result)


def rows_in(*tables: Any) -> list[list[Any]]:
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_a_night_without_change_looks_at_nobody_and_writes_nothing() -> None:
    partner_id = enrolled_partner_id()
    credit(a_credit(partner_id, "certified_people", 3, date(2026, 3, 1)))
    a_night(FIRST)
    assert figures_of(FIRST)["everybody"]
    before = rows_in(Standing, Review, DemotionNotice, DueReview, AuditEntry)
    a_night(FIRST + ONE_DAY)
    assert (figures_of(FIRST + ONE_DAY)["partners_due"], figures_of(FIRST + ONE_DAY)["everybody"]) == (0, False)
    assert rows_in(Standing, Review, DemotionNotice, DueReview, AuditEntry) == before


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "is_due"),
    [
        (FIRST - ONE_DAY, None, False),
        (FIRST, None, False),
        (FIRST + ONE_DAY, None, True),
        (FIRST + ONE_DAY * 2, None, False),
        (date(2026, 1, 5), FIRST, False),
        (date(2026, 1, 5), FIRST + ONE_DAY, True),
        (date(2026, 1, 5), FIRST + ONE_DAY * 2, False),
        (date(2025, 12, 20), None, False),  # left the year the night before
        (date(2025, 12, 21), None, True),
        (date(2025, 12, 22), None, False),
    ],
)
def test_who_is_due_by_the_calendar_alone(valid_from: date, valid_until: date | None, is_due: bool) -> None:
    partner_id = enrolled_partner_id()
    for metric in ("channel_revenue", "certified_people"):
        credit(a_credit(partner_id, metric, 1, valid_from, valid_until if metric == "certified_people" else None))
    a_night(FIRST)
    a_night(FIRST + ONE_DAY)
    assert figures_of(FIRST + ONE_DAY)["partners_due"] == int(is_due)


def test_a_night_that_was_not_done_is_made_up_for() -> None:
    """The next one begins where the last that was done ended; one that is done late is followed by a full one."""
    partner_id = enrolled_partner_id()
    credit(a_credit(partner_id, "certified_people", 1, FIRST + ONE_DAY))
    a_night(FIRST)
    a_night(FIRST + ONE_DAY * 2)
    assert figures_of(FIRST + ONE_DAY * 2)["partners_due"] == 1
    a_night(FIRST + ONE_DAY)
    a_night(FIRST + ONE_DAY * 3)
    assert figures_of(FIRST + ONE_DAY * 3)["everybody"]
    a_night(FIRST + ONE_DAY * 4)
    assert not figures_of(FIRST + ONE_DAY * 4)["everybody"]


# Freezes


def freeze(partner_id: int, starts_on: date, ends_on: date) -> Freeze:
    told = {"reason": "A merger", "set_by": "t", "set_at": AT}
    return Freeze.objects.create(partner_id=partner_id, starts_on=starts_on, ends_on=ends_on, **told)


def levels_of(partner_id: int) -> list[tuple[str, date]]:
    return list(Standing.objects.filter(partner_id=partner_id).values_list("level__code", "starts_on"))


@pytest.mark.parametrize("night", [a_night, everybody])
def test_in_a_freeze_nobody_rises_and_reviews_go_on(night: Callable[[date], None]) -> None:
    partner_id = enrolled_partner_id()
    freeze(partner_id, FIRST + ONE_DAY, FIRST + ONE_DAY * 4)
    credit(
        a_credit(partner_id, "channel_revenue", 100_000, FIRST),
        a_credit(partner_id, "new_customers", 2, FIRST),
        a_credit(partner_id, "certified_people", 3, FIRST),
    )
    for number in range(3):
        night(FIRST + ONE_DAY * number)
        assert levels_of(partner_id) == [("bronze", date(2025, 1, 1))]
    assert Review.objects.get().level.code == "silver"
    night(FIRST + ONE_DAY * 3)  # its next day is the first after the freeze
    assert levels_of(partner_id)[1:] == [("silver", FIRST + ONE_DAY * 4)]


@pytest.mark.parametrize("night", [a_night, everybody])
def test_a_fall_that_was_due_in_a_freeze_waits_for_its_end(night: Callable[[date], None]) -> None:
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "gold", starts_on=date(2026, 1, 1))
    night(date(2026, 9, 30))
    assert DemotionNotice.objects.get().effective_on == date(2027, 1, 1)
    freeze(partner_id, date(2026, 12, 31), date(2027, 1, 3))
    for day in (date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)):
        night(day)
        assert DemotionNotice.objects.get().outcome == "open"
    night(date(2027, 1, 2))
    assert levels_of(partner_id)[-1] == ("bronze", date(2027, 1, 3))
    assert DemotionNotice.objects.get().outcome == "took_effect"


# News


def told_to(partner_id: int) -> list[tuple[str, dict[str, Any]]]:
    people = MembershipFactory(partner_id=partner_id, role="seller").user
    changed = Standing.objects.filter(starts_on__gt=FIRST)
    for _ in range(2):  # handled again, nobody is told again
        tell_of_changed_standings(standing_ids=[row.pk for row in changed], at=AT)
        open_ones = [row.pk for row in DemotionNotice.objects.filter(outcome="open")]
        tell_of_announced_demotions(notice_ids=open_ones, at=AT)
        cancelled = [row.pk for row in DemotionNotice.objects.filter(outcome="cancelled")]
        tell_of_cancelled_demotions(notice_ids=cancelled, at=AT)
    return list(Notification.objects.filter(user=people).order_by("pk").values_list("code", "params"))


def topics() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic FROM common_outboxmessage WHERE topic LIKE 'tiers.%' ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_partners_are_told_that_they_rise_once() -> None:
    partner_id = enrolled_partner_id()
    credit(
        a_credit(partner_id, "channel_revenue", 100_000, FIRST),
        a_credit(partner_id, "new_customers", 2, FIRST),
        a_credit(partner_id, "certified_people", 3, FIRST),
    )
    for _ in range(2):
        everybody(FIRST)
    assert topics() == ["tiers.standing_changed"]
    assert told_to(partner_id) == [("notice.tier_risen", {"level": "Silver", "day": "2026-12-21"})]


def test_partners_are_told_of_a_demotion_and_that_it_is_called_off() -> None:
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "silver", starts_on=date(2026, 1, 1))
    for _ in range(2):
        everybody(FIRST)
    assert topics() == ["tiers.demotion_announced"]
    announced = ("notice.demotion_announced", {"held": "Silver", "level": "Bronze", "day": "2028-01-01"})
    assert told_to(partner_id) == [announced]
    Notification.objects.all().delete()
    credit(a_credit(partner_id, "channel_revenue", 100_000, FIRST), a_credit(partner_id, "new_customers", 2, FIRST))
    credit(a_credit(partner_id, "certified_people", 3, FIRST))
    everybody(FIRST + timedelta(days=1))
    assert topics() == ["tiers.demotion_announced", "tiers.demotion_cancelled"]
    assert told_to(partner_id) == [("notice.demotion_cancelled", {"level": "Bronze"})]
