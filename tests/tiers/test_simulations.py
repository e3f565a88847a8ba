"""Trying a draft on the past: what would have been, what it means in money, and that nothing is lost or done twice."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from common import jobs
from common.actor import SYSTEM
from common.errors import NotFound, Refused
from common.models import AuditEntry, JobRun
from common.verdict import ALLOWED, refusal
from tests.factories.deals import vendor
from tests.factories.histories import DAY, FIRST, Story, a_night, a_programme, at_hour, partners_enrolled, put_in_force
from tests.factories.tiers import a_credit, credit
from tiers.actions import simulations as actions
from tiers.actions.drafts import discard_draft, draft_programme
from tiers.actions.simulations import cancel_simulation, do_waiting, is_waiting, start_simulation
from tiers.choices.standings import OverrideStatus
from tiers.models import Level, Override, ProgrammeDraft, SimulatedPartner, Simulation, Standing
from tiers.queries import rebates
from tiers.queries import simulations as queries
from tiers.queries.simulations import find_simulation, partners_of, result_of
from tiers.rules.content import content_of, stored_content
from tiers.rules.simulation import base_rate_of, may_simulate

pytestmark = pytest.mark.django_db

TODAY = FIRST + DAY * 120
NOW = at_hour(TODAY)
PAST = {"starts_on": FIRST, "ends_on": TODAY + DAY}


@pytest.fixture
def chief():
    return vendor("channel_chief")


@pytest.fixture(autouse=True)
def _no_rebates():
    rebates._sources.clear()


def a_draft(*thresholds: int, **more) -> ProgrammeDraft:
    draft = draft_programme(name="Another ladder", by=SYSTEM, at=NOW)
    draft.content = stored_content(content_of(a_programme(*thresholds, **more)))
    draft.save()
    return draft


def tried(draft: ProgrammeDraft, **more) -> Simulation:
    started = start_simulation(draft.pk, by=SYSTEM, at=NOW, **{**PAST, **more})
    do_waiting(now=lambda: NOW)
    return Simulation.objects.get(pk=started.pk)


def told(simulation: Simulation) -> dict[int, tuple]:
    return {
        row.partner_id: (row.actual_level, row.simulated_level, row.rank_change)
        for row in SimulatedPartner.objects.filter(simulation=simulation)
    }


@pytest.fixture
def three():
    """One at high, one at middle, one at low, since January; nobody falls before April."""
    put_in_force(a_programme(50, 150))
    ids = partners_enrolled(3)
    credit(
        a_credit(ids[0], "channel_revenue", 200, FIRST),
        a_credit(ids[1], "channel_revenue", 80, FIRST),
        at=at_hour(FIRST),
    )
    for number in range(60):
        a_night(FIRST + DAY * number, ids)
    return ids


@pytest.mark.parametrize("seed", range(2))
def test_the_version_in_force_gives_exactly_what_is_stored(seed: int) -> None:
    put_in_force(a_programme(50, 150))
    story = Story(partners_enrolled(8), Random(seed))
    story.live(120)
    simulation = tried(a_draft(50, 150))
    assert simulation.status == "done"
    stored = Standing.objects.order_by("partner_id", "starts_on")
    assert stored.count() > 12
    for row in SimulatedPartner.objects.all():
        held = list(stored.filter(partner_id=row.partner_id).values_list("level__code", "starts_on"))
        assert [(move["after"], date.fromisoformat(move["day"])) for move in row.moves] == held[1:]
        assert row.moves == row.actual_moves
        assert (row.rank_change, row.rebate_effect, row.discount_effect) == (0, 0, 0)


def test_who_would_stand_where_since_when(three) -> None:
    simulation = tried(a_draft(90, 150), ends_on=FIRST + DAY * 60)
    high, middle, low = three
    assert told(simulation) == {high: ("high", "high", 0), middle: ("middle", "low", -1), low: ("low", "low", 0)}
    row = SimulatedPartner.objects.get(partner_id=middle)
    assert row.moves == []
    assert row.actual_moves == [{"day": "2026-01-02", "before": "low", "after": "middle", "rises": True}]
    result = result_of(simulation)
    assert (result.higher_count, result.lower_count, result.same_count) == (0, 1, 2)
    assert [(each.level.code, [count for _, count, _ in each.cells], each.total) for each in result.matrix] == [
        ("low", [1, 0, 0], 1),
        ("middle", [1, 0, 0], 1),
        ("high", [0, 0, 1], 1),
    ]
    first, *_others, last = result.distribution
    assert (first.day, [counts[1:] for counts in first.counts]) == (FIRST, [(3, 3), (0, 0), (0, 0)])
    assert (last.day, [counts[1:] for counts in last.counts]) == (FIRST + DAY * 59, [(1, 2), (1, 0), (1, 1)])
    assert [row.day for row in result.distribution] == [FIRST, date(2026, 2, 1), date(2026, 3, 1)]


def test_money_by_the_level_of_each_sale_s_day(three) -> None:
    """Low gives 1 %, middle 2 %, high 3 %; multipliers 1.0, 1.1, 1.2."""
    high, middle, _low = three
    for partner_id, on in ((high, FIRST), (high, date(2026, 2, 10)), (middle, date(2026, 2, 10))):
        credit(a_credit(partner_id, "channel_revenue", 1000, on), at=NOW)
    simulation = tried(a_draft(50, 150, 180), ends_on=FIRST + DAY * 60)  # a fourth level: top at 180
    top = SimulatedPartner.objects.get(partner_id=high)
    # on the first day it stood at low either way; on 10 February it stood at high and would have stood at top
    assert (top.revenue, top.discount_effect, top.rebate_effect) == (2200, 10, Decimal("1.0000"))
    same = SimulatedPartner.objects.get(partner_id=middle)
    assert (same.revenue, same.discount_effect, same.rebate_effect) == (1080, 0, 0)
    result = result_of(simulation)
    assert (result.base_rate, result.revenue, result.effect) == (None, 3280, 11)
    assert ([row.partner_id for row in result.winners], result.losers) == ([high], [])


def test_rebates_at_the_rate_that_they_come_to(three) -> None:
    """200 and 80 on 1 January, both at low then: rebates of 14 are 5 % of 280."""
    asked = []
    rebates.connect(lambda since, until, currency: asked.append((since, until, currency)) or Decimal(14))
    credit(a_credit(three[0], "channel_revenue", 0, FIRST), at=NOW)
    simulation = tried(a_draft(50, 150), ends_on=FIRST + DAY * 60)
    assert asked == [(TODAY + DAY - timedelta(days=365), TODAY + DAY, "EUR")]
    assert result_of(simulation).base_rate == Decimal("0.05")


@pytest.mark.parametrize(
    ("paid", "revenue", "rate"), [("14", "280", "0.05"), ("0", "280", None), ("14", "0", None), (None, "280", None)]
)
def test_the_base_rate(paid, revenue, rate) -> None:
    found = base_rate_of(None if paid is None else Decimal(paid), Decimal(revenue))
    assert found == (None if rate is None else Decimal(rate))


def test_a_level_given_by_people_counts_on_both_sides(three) -> None:
    _high, middle, _low = three
    credit(a_credit(middle, "channel_revenue", 1000, date(2026, 2, 10)), at=NOW)
    people = [vendor("channel_chief").user_id for _ in range(2)]
    Override.objects.create(
        partner_id=middle,
        level=Level.objects.get(code="high"),
        reason="A merger is on its way.",
        starts_on=date(2026, 2, 10),
        ends_on=date(2026, 2, 11),
        status=OverrideStatus.APPROVED,
        requested_by_id=people[0],
        requested_at=NOW,
        decided_by_id=people[1],
        decided_at=NOW,
    )
    tried(a_draft(90, 150), ends_on=FIRST + DAY * 60)
    assert SimulatedPartner.objects.get(partner_id=middle).discount_effect == 0
    Override.objects.all().delete()  # the control: without it middle would have lost a percent of it
    tried(a_draft(90, 150), ends_on=FIRST + DAY * 60)
    assert SimulatedPartner.objects.filter(partner_id=middle).latest("pk").discount_effect == -10


def test_what_is_known_today_counts_from_its_day(three) -> None:
    credit(a_credit(three[2], "channel_revenue", 500, FIRST + DAY * 3), at=NOW)  # recorded late: no night knew it
    draft = a_draft(50, 150)
    then = tried(draft, ends_on=FIRST + DAY * 60)
    assert told(then)[three[2]] == ("low", "low", 0)
    today = tried(draft, ends_on=FIRST + DAY * 60, knows_today=True)
    assert told(today)[three[2]] == ("low", "high", 2)
    (move,) = SimulatedPartner.objects.get(simulation=today, partner_id=three[2]).moves
    assert move["day"] == "2026-01-05"


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "codes"),
    [
        (date(2024, 5, 1), date(2026, 5, 22), set()),
        (date(2024, 4, 30), date(2026, 5, 22), {"simulation.too_long"}),
        (date(2026, 5, 21), date(2026, 5, 22), set()),
        (date(2026, 5, 21), date(2026, 5, 23), {"simulation.period"}),
        (date(2026, 5, 21), date(2026, 5, 21), {"simulation.period"}),
    ],
)
def test_days_of_the_last_24_months(starts_on, ends_on, codes) -> None:
    verdict = may_simulate((starts_on, ends_on), today=date(2026, 5, 21), is_running=False, problems=ALLOWED)
    assert set(verdict.codes) == codes
    bad = refusal("programme.levels_missing")
    verdict = may_simulate((starts_on, ends_on), today=date(2026, 5, 21), is_running=True, problems=bad)
    assert set(verdict.codes) == codes | {"simulation.running", "programme.levels_missing"}


def refused(draft: ProgrammeDraft, **more) -> set[str]:
    before = Simulation.objects.count()
    with pytest.raises(Refused) as caught:
        start_simulation(draft.pk, **{**PAST, "by": SYSTEM, "at": NOW, **more})
    assert Simulation.objects.count() == before
    return {reason.code for reason in caught.value.reasons}


def test_refusals_change_nothing(three, chief) -> None:
    draft = a_draft(50, 150)
    assert refused(draft, ends_on=TODAY + DAY * 2) == {"simulation.period"}
    assert refused(draft, by=vendor("finance")) == {"actor.not_permitted"}
    with pytest.raises(NotFound):
        start_simulation(0, by=chief, at=NOW, **PAST)
    unsound = a_draft(150, 50)
    assert "programme.threshold_falls" in refused(unsound)
    assert JobRun.objects.filter(kind="simulation").count() == 0
    start_simulation(draft.pk, by=chief, at=NOW, **PAST)
    assert refused(draft) == {"simulation.running"}
    assert AuditEntry.objects.filter(event="simulation.started").count() == 1


def test_without_anybody_there_is_nothing_to_try() -> None:
    put_in_force(a_programme(50, 150))
    simulation = tried(a_draft(50))
    assert (simulation.status, simulation.partner_count) == ("done", 0)
    assert result_of(simulation).matrix == ()


@pytest.fixture
def one_each(monkeypatch):
    monkeypatch.setattr(actions, "SLICE_SIZE", 1)


def test_a_worker_that_dies_in_the_middle_loses_nothing(three, one_each, monkeypatch) -> None:
    draft = a_draft(90, 150)
    expected = told(tried(draft))
    simulation = start_simulation(draft.pk, by=SYSTEM, at=NOW, **PAST)
    simulate, calls = actions.simulate, []

    def dies_at_the_second(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt  # what a killed process looks like from within: nothing handles it
        return simulate(*args)

    monkeypatch.setattr(actions, "simulate", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        do_waiting(now=lambda: NOW)
    simulation.refresh_from_db()
    assert (simulation.status, simulation.partners.count()) == ("running", 1)
    assert do_waiting(now=lambda: NOW) == 2
    simulation.refresh_from_db()
    assert (simulation.status, told(simulation)) == ("done", expected)
    assert do_waiting(now=lambda: NOW) == 0


def test_a_slice_that_always_fails_is_set_aside_and_told(three, one_each, monkeypatch) -> None:
    simulate = actions.simulate

    def fails(subject, trial):
        if subject.partner_id == three[1]:
            raise ValueError("cannot be tried")
        return simulate(subject, trial)

    monkeypatch.setattr(actions, "simulate", fails)
    simulation = start_simulation(a_draft(90, 150).pk, by=SYSTEM, at=NOW, **PAST)
    for _ in range(jobs.MAX_ATTEMPTS + 1):
        do_waiting(now=lambda: NOW)
    simulation.refresh_from_db()
    assert (simulation.status, set(told(simulation))) == ("failed", {three[0], three[2]})
    assert result_of(simulation).same_count == 2


def test_cancelled_in_the_middle_nothing_more_is_found(three, one_each, chief, monkeypatch) -> None:
    draft = a_draft(90, 150)
    simulation = start_simulation(draft.pk, by=chief, at=NOW, **PAST)
    simulate, calls = actions.simulate, []

    def cancelled_at_the_second(*args):
        calls.append(1)
        if len(calls) == 2:
            cancel_simulation(simulation.pk, by=chief, at=NOW)
        return simulate(*args)

    monkeypatch.setattr(actions, "simulate", cancelled_at_the_second)
    do_waiting(now=lambda: NOW)
    simulation.refresh_from_db()
    assert (simulation.status, simulation.finished_at, simulation.partners.count()) == ("cancelled", NOW, 0)
    assert (len(calls), is_waiting()) == (2, False)
    with pytest.raises(Refused, match=r"simulation\.not_running"):
        cancel_simulation(simulation.pk, by=chief, at=NOW)
    with pytest.raises(NotFound):
        cancel_simulation(0, by=chief, at=NOW)
    with pytest.raises(Refused, match=r"actor\.not_permitted"):
        cancel_simulation(simulation.pk, by=vendor("finance"), at=NOW)
    assert AuditEntry.objects.filter(event="simulation.cancelled").count() == 1
    assert tried(draft).status == "done"  # and it can be started again


def test_a_draft_may_be_discarded_with_its_simulations(three) -> None:
    draft = a_draft(90, 150)
    tried(draft)
    discard_draft(draft.pk, by=SYSTEM, at=NOW)
    assert (Simulation.objects.count(), SimulatedPartner.objects.count()) == (0, 0)


def test_partners_by_name_and_direction_page_by_page(three, monkeypatch) -> None:

    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    simulation = tried(a_draft(90, 150), ends_on=FIRST + DAY * 60)
    first = partners_of(simulation)
    second = partners_of(simulation, cursor=first.next_cursor)
    names = [row.partner.name for page in (first, second) for row in page.rows]
    assert (names, second.next_cursor) == (["Partner 000", "Partner 001", "Partner 002"], "")
    assert [row.partner_id for row in partners_of(simulation, direction="lower").rows] == [three[1]]
    assert [row.partner_id for row in partners_of(simulation, search="002").rows] == [three[2]]
    assert len(partners_of(simulation, cursor="nonsense").rows) == 2


def test_only_the_channel_reads_them(three, chief) -> None:
    simulation = tried(a_draft(90, 150))
    assert find_simulation(chief, simulation.public_id) == simulation
    for role in ("finance", "ceo", "direct_sales"):
        with pytest.raises(NotFound):
            find_simulation(vendor(role), simulation.public_id)
