"""The figures of the CEO's dashboard. Each is read where the rows behind it are read, so that both always agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.utils import timezone

from common.actor import Actor
from common.period import Period, add_months, month_of
from crm import queries as crm_queries
from crm.rules.facts import ChannelMix
from deals.queries import appeals, breaches, decisions, registrations, reviews
from deals.queries.appeals import AppealFigures
from deals.queries.breaches import BreachFigures
from deals.queries.decisions import DecisionTime
from deals.queries.registrations import StatusTotal
from incentives.queries import ledger
from incentives.queries.ledger import MonthAccruedAndPaid
from insights import rules
from tiers.queries.standings import LevelCount, level_counts

MONTHS = 12


def dashboard_period(day: date) -> Period:
    """The last twelve calendar months, the running one with them."""
    this_month = month_of(day)
    return Period(add_months(this_month.starts_on, 1 - MONTHS), this_month.ends_on)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`mix` and `money` have a row for every month of the period, with zeros where nothing happened."""

    day: date
    period: Period
    mix: Sequence[ChannelMix]
    money: Sequence[MonthAccruedAndPaid]
    owed: Decimal
    registrations: dict[str, StatusTotal]
    waiting_count: int
    overdue_count: int
    answers: rules.AnswerFigures
    waits: Sequence[rules.Answer]
    levels: Sequence[LevelCount]
    breaches: BreachFigures
    open_breach_count: int
    late_breach_count: int
    appeals: AppealFigures

    @property
    def partner_amount(self) -> Decimal:
        return sum((month.partner_amount for month in self.mix), Decimal(0))

    @property
    def direct_amount(self) -> Decimal:
        return sum((month.direct_amount for month in self.mix), Decimal(0))

    @property
    def partner_share(self) -> Decimal | None:
        return rules.share(self.partner_amount, self.partner_amount + self.direct_amount)

    @property
    def accrued(self) -> Decimal:
        return sum((month.accrued for month in self.money), Decimal(0))

    @property
    def paid(self) -> Decimal:
        return sum((month.paid for month in self.money), Decimal(0))


def dashboard_for(actor: Actor, *, at: datetime) -> Dashboard:
    """Everything the page shows, in a fixed number of statements."""
    day = at.astimezone(timezone.get_current_timezone()).date()
    period = dashboard_period(day)
    months = [month.starts_on for month in period.months()]
    answers = [answer_of(row) for row in answers_in(period)]
    mix = {row.month_starts_on: row for row in crm_queries.channel_mix(period)}
    until = period.ends_on or day
    money = {row.month_starts_on: row for row in ledger.accrued_and_paid_by_month(period.starts_on, until)}
    nothing = Decimal(0)
    return Dashboard(
        day=day,
        period=period,
        mix=[mix.get(month, ChannelMix(month, nothing, nothing)) for month in months],
        money=[money.get(month, MonthAccruedAndPaid(month, nothing, nothing)) for month in months],
        owed=ledger.accrued_and_paid(period.starts_on, until).owed,
        registrations=registrations.totals_by_status(actor, at=at),
        waiting_count=reviews.review_count(),
        overdue_count=reviews.overdue_count(at),
        answers=rules.answer_figures(answers),
        waits=answers,
        levels=level_counts(day),
        breaches=breaches.breach_figures(_start_of(period.starts_on), _start_of(until), at=at),
        open_breach_count=breaches.open_breach_count(),
        late_breach_count=breaches.overdue_breach_count(at),
        appeals=appeals.appeal_figures(_start_of(period.starts_on), _start_of(until), at=at),
    )


def answers_in(period: Period) -> list[DecisionTime]:
    """Answers to registrations given in the period, oldest first."""
    return decisions.decision_times(_start_of(period.starts_on), _start_of(period.ends_on or period.starts_on))


def answer_of(row: DecisionTime) -> rules.Answer:
    return rules.Answer(
        waited=row.decided_at - row.submitted_at,
        in_time=row.due_at is None or row.decided_at <= row.due_at,
        is_automatic=row.is_automatic,
    )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
