"""Judging past decisions by a draft: cut into slices whose progress is rows, so that a killed worker loses nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from common import jobs
from common.actor import Actor
from common.audit import record
from common.choices import RunStatus
from common.errors import NotFound
from common.models import JobRun, JobSlice
from common.outbox import after_commit
from deals.choices.engagement import Question
from deals.models import BackTest, BackTestChange, Decision, Rulebook
from deals.queries.calendar import day_of
from deals.rules.backtest import PastDecision, Rejudged, added, judge_again, may_test
from deals.rules.rulebook import rules_from
from partners import rules as partner_rules

KIND = "back_test"
SLICE_SIZE = 1_000  # decisions in one transaction: about a second
_ONE_WORKER = 5_640_218_377_101  # advisory lock of a session: a long test must not take all workers


def start_back_test(rulebook_id: int, *, starts_on: date, ends_on: date, by: Actor, at: datetime) -> BackTest:
    """Begin to judge the first decisions of the half-open period again; the workers do it. Refuses a second at once."""
    partner_rules.may(by, "rulebook.publish").or_refuse()
    with transaction.atomic():
        rulebook = Rulebook.objects.select_for_update().filter(pk=rulebook_id).first()
        if rulebook is None:
            raise NotFound("rulebook")
        is_running = rulebook.back_tests.filter(status=RunStatus.RUNNING).exists()
        may_test(starts_on, ends_on, is_running=is_running, today=day_of(at)).or_refuse()
        ids = list(_first_decisions(starts_on, ends_on).order_by("pk").values_list("pk", flat=True))
        back_test = BackTest.objects.create(
            rulebook=rulebook,
            rules=rulebook.rules,
            starts_on=starts_on,
            ends_on=ends_on,
            decision_count=len(ids),
            requested_at=at,
            requested_by=by.label,
        )
        slices = [ids[start : start + SLICE_SIZE] for start in range(0, len(ids), SLICE_SIZE)]
        key = f"{KIND}:{back_test.pk}"
        run, _is_new = jobs.open_run(
            KIND, key=key, business_date=starts_on, stages=[jobs.Stage("judge", slices)], at=at
        )
        record("back_test.started", on=back_test, by=by, at=at, rulebook=rulebook.public_id, decisions=len(ids))
        _finish(run.pk, at)  # at once, where there is nothing to judge
        after_commit("deals.back_test_started", at=at, back_test_id=back_test.pk)
    back_test.refresh_from_db()
    return back_test


def _first_decisions(starts_on: date, ends_on: date) -> QuerySet[Decision]:
    """What the rules answered to registrations when they came, in the vendor's days."""
    zone = timezone.get_default_timezone()
    since, until = (datetime.combine(day, time.min, zone) for day in (starts_on, ends_on))
    return Decision.objects.filter(at__gte=since, at__lt=until, sequence=1, question=Question.REGISTRATION)


def do_waiting(*, now: Callable[[], datetime]) -> int:
    """Do what waits of all back-tests; returns how many slices were done. Nothing if another worker is at it."""
    return jobs.work_alone(KIND, lock=_ONE_WORKER, work=_judge, finish=_finish, now=now)


def is_waiting() -> bool:
    """Whether a back-test is not finished."""
    return jobs.unfinished_runs(KIND).exists()


def _judge(part: JobSlice) -> dict[str, Any]:
    back_test = BackTest.objects.filter(pk=_back_test_of(part.run)).first()
    if back_test is None:  # thrown away with its draft
        return {}
    rules, older = rules_from(back_test.rules), Counter[str]()
    changes = []
    for decision in Decision.objects.filter(pk__in=part.object_ids).order_by("pk"):
        again = judge_again(_past(decision), rules)
        older.update(again.older_than)
        if again.verdict != decision.judged_verdict:
            changes.append(_change(back_test, decision, again))
    BackTestChange.objects.bulk_create(changes)
    BackTest.objects.filter(pk=back_test.pk).update(
        judged_count=F("judged_count") + len(part.object_ids), changed_count=F("changed_count") + len(changes)
    )
    return {"judged": len(part.object_ids), "changed": len(changes), "older": dict(older)}


def _past(decision: Decision) -> PastDecision:
    asked = frozenset(outcome["rule"] for outcome in decision.outcomes)
    return PastDecision(decision.judged_verdict, decision.decisive_rule, asked, decision.inputs)


def _change(back_test: BackTest, decision: Decision, again: Rejudged) -> BackTestChange:
    return BackTestChange(
        back_test=back_test,
        decision=decision,
        verdict_before=decision.judged_verdict,
        verdict_after=again.verdict,
        rule_before=decision.decisive_rule,
        rule_after=again.decisive_rule,
        amount=again.amount,
    )


def _finish(run_id: int, at: datetime) -> None:
    """Close the run and its back-test in one commit, once nothing of it waits."""
    with transaction.atomic():
        if not jobs.finish_run(run_id, at=at):
            return
        run = JobRun.objects.get(pk=run_id)
        older = added(result.get("older", {}) for result in run.slices.values_list("result", flat=True))
        BackTest.objects.filter(pk=_back_test_of(run)).update(status=run.status, finished_at=at, older=older)


def _back_test_of(run: JobRun) -> int:
    return int(run.key.partition(":")[2])
