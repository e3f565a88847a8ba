"""Past decisions judged by a draft: which would change, that nothing is lost or done twice, and what old ones miss."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from common import jobs
from common.actor import SYSTEM
from common.errors import NotFound, Refused
from common.models import AuditEntry, JobRun
from deals.actions import backtests
from deals.actions.backtests import do_waiting, start_back_test
from deals.actions.reviews import approve_registration
from deals.actions.rulebooks import delete_draft, draft_rulebook
from deals.models import BackTest, BackTestChange, Decision
from deals.queries.backtests import Narrowing, changes_of, find_back_test, speaks_of, summary_of
from deals.rules.backtest import PastDecision, judge_again, may_test
from deals.rules.rulebook import DEFAULT_RULES
from tests.factories.deals import registered, vendor

TODAY = date(2026, 10, 14)
PERIOD = {"starts_on": TODAY - timedelta(days=30), "ends_on": TODAY + timedelta(days=1)}
STRICT = {"minimum_amount": "6000", "auto_approve_up_to": {}}


@pytest.fixture
def chief(channel):
    return vendor("channel_chief")


@pytest.fixture
def draft(chief, now):
    """Under it nothing is approved automatically, and below 6,000 nothing at all."""
    draft = draft_rulebook(by=chief, at=now)
    draft.rules = [{**rule, "params": STRICT} if rule["code"] == "size" else rule for rule in draft.rules]
    draft.save()
    return draft


def a_deal(channel, at: datetime, name: str, **typed) -> Decision:
    return registered(channel, at=at, customer_name=name, customer_domain="", **typed).decisions.get(sequence=1)


def judged_by(draft, chief, now, **period) -> BackTest:
    started = start_back_test(draft.pk, by=chief, at=now, **{**PERIOD, **period})
    do_waiting(now=lambda: now)
    started.refresh_from_db()
    return started


def outcome(test: BackTest) -> tuple:
    changes = changes_of(test, Narrowing()).order_by("decision_id")
    told = [(c.decision_id, c.verdict_before, c.verdict_after, c.rule_before, c.rule_after, c.amount) for c in changes]
    return (test.status, test.decision_count, test.judged_count, test.changed_count, told)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "allowed"),
    [
        (TODAY, TODAY, False),
        (TODAY, TODAY + timedelta(days=1), True),
        (TODAY, TODAY + timedelta(days=2), False),
        (TODAY + timedelta(days=1), TODAY, False),
    ],
)
def test_a_period_has_days_and_none_to_come(starts_on, ends_on, allowed):
    assert may_test(starts_on, ends_on, is_running=False, today=TODAY).allowed is allowed
    assert "back_test.running" in may_test(starts_on, ends_on, is_running=True, today=TODAY).codes


def test_what_would_change_for_whom_and_by_which_rule(channel, draft, chief, now):
    small = a_deal(channel, now, "Small")
    middle = a_deal(channel, now, "Middle", amount=8000, by_rival=True)
    a_deal(channel, now, "Large", amount=90_000)  # a person decides before and after
    test = judged_by(draft, chief, now)
    assert outcome(test) == (
        "done",
        3,
        3,
        2,
        [
            (small.pk, "approve", "reject", "size", "size", Decimal(5000)),
            (middle.pk, "approve", "review", "size", "size", Decimal(8000)),
        ],
    )
    summary = summary_of(test)
    assert summary.amount == Decimal(13_000)
    assert {(row.name, row.count, row.amount) for row in summary.partners} == {
        (channel.partner.name, 1, Decimal(5000)),
        (channel.rival.name, 1, Decimal(8000)),
    }
    assert [c.decision_id for c in changes_of(test, Narrowing(after="review"))] == [middle.pk]
    assert [c.decision_id for c in changes_of(test, Narrowing(partner=channel.partner.public_id))] == [small.pk]
    assert not changes_of(test, Narrowing(rule="standing"))


def test_the_rules_in_force_change_nothing(channel, chief, now):
    """The control: a draft that says what was in force finds no difference."""
    for number in range(4):
        a_deal(channel, now, f"Company {number}", amount=4000 * (number + 1))
    same = draft_rulebook(by=chief, at=now)
    assert outcome(judged_by(same, chief, now)) == ("done", 4, 4, 0, [])


def test_only_first_decisions_of_the_vendor_s_days(channel, draft, chief, now):
    registration = registered(channel, at=now, amount=50_000)
    approve_registration(registration.pk, reason="Known.", by=channel.manager, at=now)
    assert registration.decisions.count() == 2
    zone = timezone.get_default_timezone()
    midnight = datetime(2026, 10, 14, tzinfo=zone).astimezone(UTC)
    before = a_deal(channel, midnight - timedelta(microseconds=1), "Before")
    a_deal(channel, midnight, "At midnight")
    today = judged_by(draft, chief, now, starts_on=TODAY)
    assert today.decision_count == 2
    yesterday = judged_by(draft, chief, now, ends_on=TODAY)
    assert [row.decision_id for row in yesterday.changes.all()] == [before.pk]


def test_twice_gives_the_same(channel, draft, chief, now):
    for number in range(3):
        a_deal(channel, now, f"Company {number}")
    first, second = judged_by(draft, chief, now), judged_by(draft, chief, now)
    assert outcome(first) == outcome(second)
    assert do_waiting(now=lambda: now) == 0
    first.refresh_from_db()
    assert outcome(first) == outcome(second)


def test_what_was_edited_meanwhile_is_not_what_was_tested(channel, draft, chief, now):
    a_deal(channel, now, "Company")
    started = start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    draft.rules = draft.rules[:-1]
    draft.save()
    do_waiting(now=lambda: now)
    started.refresh_from_db()
    assert started.changed_count == 1
    assert not speaks_of(find_back_test(chief, started.public_id))


def test_one_test_of_a_draft_at_a_time(channel, draft, chief, now):
    a_deal(channel, now, "Company")
    start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    with pytest.raises(Refused) as caught:
        start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    assert [reason.code for reason in caught.value.reasons] == ["back_test.running"]
    assert (BackTest.objects.count(), JobRun.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(event="back_test.started").count() == 1


def test_without_decisions_it_is_done_at_once(draft, chief, now):
    started = start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    assert (started.status, started.decision_count, started.finished_at) == ("done", 0, now)
    with pytest.raises(NotFound):
        start_back_test(0, by=chief, at=now, **PERIOD)


@pytest.fixture
def slices_of_two(monkeypatch):
    monkeypatch.setattr(backtests, "SLICE_SIZE", 2)


def test_a_worker_that_dies_in_the_middle_loses_nothing(channel, draft, chief, now, slices_of_two, monkeypatch):
    for number in range(5):
        a_deal(channel, now, f"Company {number}")
    expected = outcome(judged_by(draft, chief, now))
    test = start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    judge, calls = backtests.judge_again, []

    def dies_at_the_fourth(*args):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt  # what a killed process looks like from within: nothing handles it
        return judge(*args)

    monkeypatch.setattr(backtests, "judge_again", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        do_waiting(now=lambda: now)
    test.refresh_from_db()
    assert (test.status, test.judged_count, test.changes.count()) == ("running", 2, 2)
    assert do_waiting(now=lambda: now) == 2
    test.refresh_from_db()
    assert outcome(test) == expected


def test_a_slice_that_always_fails_is_set_aside_and_told(channel, draft, chief, now, slices_of_two, monkeypatch):
    for amount in (5001, 5002, 5003):
        a_deal(channel, now, f"Company {amount}", amount=amount)
    test = start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    judge = backtests.judge_again

    def fails(past, rules):
        if past.inputs["amount"].startswith("5001"):
            raise ValueError("cannot be judged")
        return judge(past, rules)

    monkeypatch.setattr(backtests, "judge_again", fails)
    for _ in range(jobs.MAX_ATTEMPTS + 1):
        do_waiting(now=lambda: now)
    test.refresh_from_db()
    assert (test.status, test.judged_count, test.changed_count) == ("failed", 1, 1)


def test_a_draft_may_be_deleted_while_it_is_tested(channel, draft, chief, now):
    a_deal(channel, now, "Company")
    start_back_test(draft.pk, by=chief, at=now, **PERIOD)
    delete_draft(draft.pk, by=chief, at=now)
    assert do_waiting(now=lambda: now) == 1
    assert BackTestChange.objects.count() == 0
    assert not backtests.is_waiting()


def past(decision: Decision, *, without: str = "", asked: frozenset[str] | None = None) -> PastDecision:
    known = frozenset(found["rule"] for found in decision.outcomes)
    inputs = {name: value for name, value in decision.inputs.items() if name != without}
    return PastDecision(decision.judged_verdict, decision.decisive_rule, known if asked is None else asked, inputs)


def test_facts_that_old_decisions_did_not_know_count_as_nothing(channel, now):
    decision = a_deal(channel, now, "Company")
    before = frozenset({"standing", "size"})
    old = judge_again(past(decision, without="blocks", asked=before), DEFAULT_RULES)
    assert old.verdict == "approve"
    assert set(old.older_than) == {rule.code for rule in DEFAULT_RULES} - before
    new = judge_again(past(decision, asked=before), DEFAULT_RULES)
    assert new.older_than == ()  # everything was gathered: the rule was only switched off


def test_the_page_says_how_many_are_older_than_a_rule(channel, draft, chief, now, monkeypatch):
    a_deal(channel, now, "Company")
    monkeypatch.setattr(
        backtests, "_past", lambda decision: past(decision, without="blocks", asked=frozenset({"size"}))
    )
    test = judged_by(draft, chief, now)
    assert test.older["blocked_customer"] == 1
    assert "size" not in test.older
    assert ("R1 Blocked customer", 1) in {(row.rule_label, row.count) for row in summary_of(test).older}


def test_the_command_reports_and_says_what_is_wrong(channel, draft, now):
    a_deal(channel, timezone.now(), "Company")
    said = StringIO()
    call_command("back_test", draft.public_id, stdout=said)
    assert said.getvalue().splitlines() == ["1 approve -> reject by size", "1 decisions judged, 1 would change"]
    with pytest.raises(CommandError, match="no such rulebook"):
        call_command("back_test", "rbk_nothing")
    with pytest.raises(CommandError, match="begin before it ends"):
        call_command("back_test", draft.public_id, "--since", "2030-01-01", "--until", "2030-02-01")


def test_by_the_program_itself(channel, draft, now):
    a_deal(channel, now, "Company")
    assert judged_by(draft, SYSTEM, now).requested_by == SYSTEM.label
