"""Appeals: who may file and judge them, what the judge looks at, precedents without names, figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_high
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from common.actor import Actor
from common.audit import entries_about
from common.errors import NotFound
from common.verdict import Reason, Verdict, objections
from deals.choices.cases import AppealStatus
from deals.choices.engagement import RULE_LABELS, Question, RuleVerdict
from deals.choices.registrations import Event, RegistrationStatus
from deals.models import Appeal, Decision, Registration
from deals.queries.decisions import Receipt, receipts_of
from deals.queries.registrations import lines_of, registrations_visible_to
from deals.queries.reviewers import judges
from deals.queries.reviews import KnownCustomer, known_customers
from deals.queries.timelines import TimelineEntry, timeline_of
from deals.rules import appeals as rules
from deals.rules import transitions
from deals.rules.facts import outcomes_from
from deals.rules.permissions import may_act
from deals.rules.redaction import outcome_for_partner
from deals.rules.terms import terms_from
from partners import rules as partner_rules
from partners.queries import Colleague

_DECIDING = ("registration.approved", "registration.rejected", "registration.revoked", "registration.upheld")


# What an appeal is about


def decision_appealed(registration: Registration) -> Decision:
    """The rejection, or the approval that the protection came from: also one that an earlier appeal brought."""
    verdict = RuleVerdict.REJECT if registration.status == RegistrationStatus.REJECTED else RuleVerdict.APPROVE
    decisions = registration.decisions.filter(verdict=verdict).exclude(question=Question.CHANGE)
    found = decisions.select_related("rulebook").order_by("-sequence").first()
    if found is None:
        raise NotFound("decision")
    return found


def ended_at(registration: Registration) -> datetime | None:
    """When what may be appealed against happened: the rejection, or the end of the protection."""
    if registration.status == RegistrationStatus.REJECTED:
        return registration.decided_at
    return registration.protected_until


def deciders_of(registration: Registration) -> set[str]:
    """Keys of everybody who decided about the registration before: the rules themselves (the program) are nobody."""
    entries = entries_about(registration).filter(event__in=_DECIDING).exclude(actor_key="system")
    keys = set(entries.values_list("actor_key", flat=True))
    by_person = registration.decisions.filter(decided_by__isnull=False).values_list("decided_by_id", flat=True)
    return keys | {f"user:{pk}" for pk in by_person}


def names_concerned(registration: Registration) -> set[str]:
    """Of the customer and of every partner that ever registered it: what a precedent must not tell."""
    names = {registration.customer_name, registration.partner.name, registration.partner.legal_name}
    if registration.customer is not None and registration.customer_id is not None:
        names.add(registration.customer.legal_name)
        others = Registration.objects.filter(customer_id=registration.customer_id)
        names.update(others.values_list("partner__name", flat=True))
    return names


@dataclass(frozen=True, slots=True)
class Appealable:
    """Whether this reader may appeal now, until when at most, and against which answer."""

    may_file: Verdict
    until: datetime | None
    status: str


def appealable(actor: Actor, registration: Registration, *, at: datetime) -> Appealable:
    """For the deal's page. `until` is None where there is nothing to appeal against. At most one statement."""
    status = registration.status_on(at)
    listed = transitions.may_happen(Event.APPEAL, status)
    may_act_here = may_act(actor, "appeal.file", registration.partner_id)
    ended = ended_at(registration)
    if not listed or ended is None:
        return Appealable(may_act_here & listed, None, status)
    terms = terms_from(decision_appealed(registration).rulebook.terms)
    possible = rules.may_appeal(status, ended, terms, at)
    return Appealable(may_act_here & possible, rules.possible_until(ended, terms), status)


# Lists and pages


def appeals_visible_to(actor: Actor) -> QuerySet[Appeal]:
    """Those about the registrations that the actor may see."""
    visible = registrations_visible_to(actor)
    rows = Appeal.objects.filter(registration__in=visible)
    return rows.select_related("registration__partner", "decision", "assigned_to")


def find_appeal(actor: Actor, public_id: str) -> Appeal:
    """The appeal, if the actor may see it; otherwise `NotFound`, as if there were none."""
    related = ("registration__customer", "outcome")
    found = appeals_visible_to(actor).select_related(*related).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("appeal")
    return found


def appeal_list(actor: Actor, *, status: str = "") -> QuerySet[Appeal]:
    """Visible ones: open first, least time left first; then those judged, newest first."""
    rows = appeals_visible_to(actor)
    if status in AppealStatus.values:
        rows = rows.filter(status=status)
    return rows.order_by(F("judged_at").desc(nulls_first=True), "due_at", "pk")


@dataclass(frozen=True, slots=True)
class AppealPage:
    """An appeal with its evidence; `customers` is empty unless the reader has to say who the customer is."""

    appeal: Appeal
    registration: Registration
    lines: list[Any]
    receipts: list[Receipt]
    timeline: list[TimelineEntry]
    customers: list[KnownCustomer]
    may_judge: Verdict


def appeal_page(actor: Actor, public_id: str, *, at: datetime) -> AppealPage:
    """A visible appeal: everything that happened, as far as this reader may see it."""
    appeal = find_appeal(actor, public_id)
    registration = appeal.registration
    receipts = receipts_of(actor, registration)
    judges = may_judge(actor, appeal)
    return AppealPage(
        appeal=appeal,
        registration=registration,
        lines=lines_of(registration),
        receipts=receipts[::-1],
        timeline=timeline_of(registration, receipts, at=at),
        customers=known_customers(registration) if judges and registration.customer_id is None else [],
        may_judge=judges,
    )


def may_judge(actor: Actor, appeal: Appeal) -> Verdict:
    """All that stands against this actor's judging it."""
    status = None if appeal.status == AppealStatus.OPEN else Reason("appeal.not_open")
    somebody_else = rules.may_judge(actor.key, deciders_of(appeal.registration))
    return partner_rules.may(actor, "appeal.judge") & objections([status]) & somebody_else


def possible_judges(appeal: Appeal) -> list[Colleague]:
    """Everybody to whom it can be given: who may judge, and did not decide before."""
    deciders = deciders_of(appeal.registration)
    return [person for person in judges() if rules.may_judge(f"user:{person.pk}", deciders)]


@dataclass(frozen=True, slots=True)
class Precedent:
    """A judged appeal as everybody may read it: by quarter, without names, with the rule as partners know it."""

    year: int
    quarter: int
    status: str
    rule: str
    text: str

    @property
    def when(self) -> tuple[int, int]:
        return self.year, self.quarter


def precedents() -> list[Precedent]:
    """Newest quarter first, within it in the order of their words: not even the order of judging tells whose it was."""
    rows = Appeal.objects.exclude(precedent="").exclude(status=AppealStatus.OPEN).select_related("decision")
    return sorted((_precedent(row) for row in rows), key=lambda one: (-one.year, -one.quarter, one.text))


def _precedent(appeal: Appeal) -> Precedent:
    assert appeal.judged_at is not None
    day = appeal.judged_at.astimezone(timezone.get_default_timezone()).date()
    decision = appeal.decision
    decisive = next((one for one in outcomes_from(decision.outcomes) if one.rule == decision.decisive_rule), None)
    rule = str(RULE_LABELS[outcome_for_partner(decisive).rule]) if decisive else ""
    return Precedent(day.year, (day.month + 2) // 3, appeal.status, rule, appeal.precedent)


# Figures


@dataclass(frozen=True, slots=True)
class AppealFigures:
    """Of the appeals judged in a time; `open` and `late` are of this instant."""

    judged: int
    overturned: int
    in_time: int
    median_time: timedelta | None
    open: int
    late: int

    @property
    def overturn_rate(self) -> Decimal | None:
        return Decimal(self.overturned) / self.judged if self.judged else None


def appeal_figures(since: datetime, until: datetime, *, at: datetime) -> AppealFigures:
    """Judged in the half-open time, and waiting now; one statement."""
    judged = Q(judged_at__gte=since, judged_at__lt=until)
    rows: Sequence[Appeal] = list(Appeal.objects.filter(judged | Q(status=AppealStatus.OPEN)))
    closed = [(row, row.judged_at - row.filed_at) for row in rows if row.judged_at is not None]
    waiting = [row for row in rows if row.judged_at is None]
    return AppealFigures(
        judged=len(closed),
        overturned=sum(1 for row, _time in closed if row.status == AppealStatus.OVERTURNED),
        in_time=sum(1 for row, _time in closed if row.judged_at and row.judged_at <= row.due_at),
        median_time=median_high(time for _row, time in closed) if closed else None,
        open=len(waiting),
        late=sum(1 for row in waiting if row.due_at < at),
    )
