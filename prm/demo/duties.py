"""What happens day by day, whoever registers what: clocks and ladders run, news is told, the vendor answers."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from common import outbox
from common.actor import Actor
from common.errors import Refused
from deals.actions import activity, appeals, breaches, clockwork
from deals.choices.cases import AppealStatus, BreachStatus
from deals.queries import appeals as appeal_queries
from deals.queries import breaches as breach_queries
from prm import wiring
from prm.demo import words
from prm.demo.story import Story

DAY = timedelta(days=1)
SWEEP = timedelta(seconds=5)  # how long after its time a clock is looked at
NEWS = timedelta(days=10)  # who was told what is kept of so many days; before, nobody reads it any more
NEWS_EVERY = timedelta(minutes=30)
ACKNOWLEDGED, SETTLED, JUDGED = timedelta(hours=20), timedelta(days=6), timedelta(days=4)
REJECTED_SHARE, OVERTURNED_SHARE = 0.15, 0.45


@dataclass
class Duties:
    """Plans what comes round every day. `staff` are the vendor's people by the name in their address."""

    story: Story
    staff: Mapping[str, Actor]
    _precedents: list[str] = field(default_factory=list)  # set so far

    def plan(self) -> None:
        opening = datetime.combine(self.story.starts_on, time(), UTC)
        self.story.every(DAY, _keep_ladders, since=opening + timedelta(hours=5))
        self.story.every(DAY, self._answer_breaches, since=opening + timedelta(hours=13))
        self.story.every(DAY, self._judge_appeals, since=opening + timedelta(hours=14))
        news_from = datetime.combine(self.story.ends_on, time(), UTC) - NEWS
        self.story.at(news_from, lambda at: outbox.discard_waiting())
        self.story.every(NEWS_EVERY, tell_news, since=news_from + SWEEP)

    def watch(self, due_at: datetime | None, auto_approve_at: datetime | None) -> None:
        """Look at a review's clock when its time is over, and when the program may decide."""
        for moment in filter(None, (due_at, auto_approve_at)):
            self.story.at(moment + SWEEP, lambda at: clockwork.run_review_clocks(at=at))

    def _answer_breaches(self, at: datetime) -> None:
        """The chief says what went wrong, or that nothing did; finance makes it good some days later."""
        if at.weekday() > 4:
            return
        chief, finance, rng = self.staff["chief"], self.staff["finance"], self.story.rng
        waiting = breach_queries.breach_list(chief, status=BreachStatus.ACKNOWLEDGED)
        for breach in waiting.filter(acknowledged_at__lte=at - SETTLED).order_by("pk"):
            if breach.amount:
                breaches.settle_breach(breach.pk, amount=breach.amount, by=finance, at=at)
            else:
                breaches.reject_breach(breach.pk, reason=words.NOTHING_LOST, by=chief, at=at)
        new = breach_queries.breach_list(chief, status=BreachStatus.OPEN)
        for breach in new.filter(found_at__lte=at - ACKNOWLEDGED).order_by("pk"):
            if rng.random() < REJECTED_SHARE:
                breaches.reject_breach(breach.pk, reason=rng.choice(words.NO_BREACH), by=chief, at=at)
            else:
                breaches.acknowledge_breach(breach.pk, words=rng.choice(words.WENT_WRONG), by=chief, at=at)

    def _judge_appeals(self, at: datetime) -> None:
        """Whoever did not decide before judges."""
        if at.weekday() > 4:
            return
        judges = [self.staff[name] for name in ("manager2", "manager", "chief")]
        waiting = appeal_queries.appeal_list(self.staff["chief"], status=AppealStatus.OPEN)
        for appeal in waiting.filter(filed_at__lte=at - JUDGED).order_by("pk"):
            judge = next(judge for judge in judges if appeal_queries.may_judge(judge, appeal))
            self.judge_appeal(appeal.pk, judge, overturns=self.story.rng.random() < OVERTURNED_SHARE, at=at)

    def judge_appeal(self, appeal_id: int, judge: Actor, *, overturns: bool, at: datetime) -> None:
        """Where the rules leave a judge no choice, the answer stands; a precedent that tells too much is left out."""
        for is_overturned in (True, False) if overturns else (False,):
            new = [text for text in words.PRECEDENTS[is_overturned] if text not in self._precedents]
            for precedent in (*new[:1], ""):
                judged = appeals.overturn_appeal if is_overturned else appeals.uphold_appeal
                said = self.story.rng.choice(words.JUDGEMENTS[is_overturned])
                with suppress(Refused):
                    judged(appeal_id, words=said, precedent=precedent, by=judge, at=at)
                    self._precedents.append(precedent)
                    return
        raise RuntimeError(f"nobody can judge appeal {appeal_id}")


def _keep_ladders(at: datetime) -> None:
    while activity.keep_ladders(at=at):
        pass


def tell_news(at: datetime) -> None:
    """Tell people in the portal what waits to be told."""
    while outbox.relay(at=at):
        pass


def connect_news(story: Story) -> None:
    """Have news told by the story's clock, to nobody's mailbox, and by nobody in a hurry."""
    handlers = {**wiring.handlers(story.clock), "partners.mail_due": lambda **_news: None}
    outbox.connect(handlers, hint=lambda: None)
