"""Partners with a past: nights that took place, and what was credited, late, undone and frozen between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from common.actor import SYSTEM
from common.choices import RunStatus, WorkStatus
from common.models import JobRun, JobSlice
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import a_credit, credit
from tiers.actions.programmes import publish_version
from tiers.actions.scores import reverse_credits
from tiers.actions.standings import enrol_partner, review_partners
from tiers.choices.programmes import Window
from tiers.models import Programme
from tiers.queries.nights import NIGHTLY, STAGE
from tiers.rules.ladder import Level, Path, Requirement, Terms
from tiers.rules.ladder import Programme as Content

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)


def at_hour(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def night_at(day: date) -> datetime:
    """The review of a day takes place in the small hours of the next one."""
    return at_hour(day + DAY, 1)


def a_night(day: date, partner_ids: Sequence[int], *, at: datetime | None = None) -> None:
    """One night's review as the workers do it."""
    at = at or night_at(day)
    run = JobRun.objects.create(
        kind=NIGHTLY, key=f"{NIGHTLY}:{day}:{at}", business_date=day, started_at=at, status=RunStatus.DONE
    )
    JobSlice.objects.create(
        run=run,
        stage_number=1,
        stage=STAGE,
        number=1,
        object_ids=list(partner_ids),
        status=WorkStatus.DONE,
        finished_at=at,
    )
    review_partners(partner_ids, day=day, at=at)


def a_programme(
    *thresholds: int, number: int = 1, window: Window = Window.TRAILING_3_MONTHS, notice_days: int = 10
) -> Content:
    """Low asks nothing, middle and high ask for this revenue; benefits grow with the rank."""
    codes = ("low", "middle", "high", "top")
    asked = [(), *((Requirement("channel_revenue", window, Decimal(least)),) for least in thresholds)]
    levels = tuple(
        Level(rank, code, code.title(), (Path(1, asks),) if asks else (), terms=_terms(rank, code, number))
        for rank, (code, asks) in enumerate(zip(codes, asked, strict=False), start=1)
    )
    return Content(number, levels, notice_days, "month")


def _terms(rank: int, code: str, number: int) -> Terms:
    discount, multiplier = Decimal(rank) / 100, 1 + Decimal(rank - 1) / 10
    return Terms(code, code.title(), rank, 60, discount, multiplier, Decimal(0), number)


def put_in_force(content: Content, starts_on: date = FIRST) -> int:
    """Publish the content as a version from that day, in place of the usual first one; returns the programme's key."""
    programme, _is_new = Programme.objects.get_or_create(
        is_default=True, defaults={"code": "partner", "name": "Partner programme"}
    )
    publish_version(programme.pk, content, starts_on=starts_on, by=SYSTEM, at=at_hour(starts_on - DAY))
    return int(programme.pk)


def partners_enrolled(count: int, starts_on: date = FIRST) -> list[int]:
    ids = [PartnerFactory(name=f"Partner {number:03}", joined_on=starts_on).pk for number in range(count)]
    for partner_id in ids:
        enrol_partner(partner_id, day=starts_on, at=at_hour(starts_on))
    return ids


@dataclass
class Story:
    """Days of random business of some partners, reviewed every night."""

    partner_ids: list[int]
    rng: Random
    day: date = FIRST
    keys: list[str] = field(default_factory=list)

    def live(self, days: int) -> None:
        for _ in range(days):
            self._work()
            a_night(self.day, self.partner_ids)
            self.day += DAY

    def _work(self) -> None:
        """Credits of the day and late ones, and now and then one of them is undone, also in the night."""
        for partner_id in self.partner_ids:
            if self.rng.random() < 0.04:
                late = self.rng.choice([0, 0, 0, 5, 40])
                key = f"story-{len(self.keys)}"
                amount, on = self.rng.choice([20, 60, 100]), self.day - DAY * late
                credit(a_credit(partner_id, "channel_revenue", amount, on, key=key), at=at_hour(self.day))
                self.keys.append(key)
        if self.keys and self.rng.random() < 0.1:
            reverse_credits("test", [self.rng.choice(self.keys)], at=at_hour(self.day, 20))
