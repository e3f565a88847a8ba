"""Breaches of protections by direct sales: what the sentinel looks at, lists, pages and figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median_high
from typing import Any

from django.db.models import Case, Exists, F, Max, Min, OuterRef, Q, QuerySet, When
from django.utils import timezone

from common.actor import Actor
from common.audit import entries_about
from common.errors import NotFound
from common.verdict import Verdict
from crm import queries as crm_queries
from crm.choices import SaleStatus
from crm.rules.facts import OpportunityFacts, SaleFacts
from deals.choices.cases import BREACH_EVENTS, BreachEvent, BreachSource, BreachStatus
from deals.choices.participants import Consent, ParticipantRole
from deals.models import Breach, Participant, Protection, RegistrationLine
from deals.queries.timelines import TimelineEntry
from deals.rules import breaches as rules
from deals.rules.breaches import Activity, DirectOpportunity, DirectSale, Guarded
from deals.rules.make_good import LostLine
from deals.rules.permissions import may_act
from partners import rules as partner_rules

ZERO = Decimal(0)


# What the sentinel looks at


@dataclass(frozen=True, slots=True)
class Report:
    """One direct opportunity or sale as the CRM has it now."""

    external_id: str
    public_id: str
    activity: Activity
    day: date  # first seen, or booked
    told: Mapping[str, Any]  # JSON values, kept with the breach
    lines: tuple[tuple[int, LostLine], ...] = ()  # of a sale, by family; an opportunity has none


def opportunity_reports(opportunity_ids: Sequence[int], *, at: datetime) -> list[Report]:
    """Two statements however many opportunities."""
    found = crm_queries.opportunities_by_ids(opportunity_ids)
    companies = crm_queries.companies_of(each.customer_id for each in found.values())
    return [_of_opportunity(each, companies[each.customer_id], at) for each in found.values()]


def _of_opportunity(each: OpportunityFacts, company_id: int, at: datetime) -> Report:
    told = {
        "amount": str(each.amount),
        "currency": each.currency,
        "owner": each.owner_name,
        "stage": each.stage,
        "close_on": each.close_on.isoformat(),
    }
    activity = DirectOpportunity(company_id, each.family_id, each.is_open, each.first_seen_at, at)
    return Report(
        each.external_id,
        each.public_id,
        activity,
        each.first_seen_at.astimezone(timezone.get_default_timezone()).date(),
        told,
    )


def sale_reports(sale_ids: Sequence[int]) -> list[Report]:
    """Of the current revisions; four statements however many sales."""
    found = {pk: each for pk, each in crm_queries.sales_by_ids(sale_ids).items() if each.is_current}
    companies = crm_queries.companies_of(each.customer_id for each in found.values())
    amounts = crm_queries.amounts_by_family(pk for pk, each in found.items() if each.partner_id is None)
    return [
        _of_sale(
            each,
            companies[each.customer_id],
            [
                (one.family_id, LostLine(one.family_code, one.kind, one.base_amount or ZERO))
                for one in amounts.get(pk, ())
            ],
        )
        for pk, each in found.items()
    ]


def _of_sale(each: SaleFacts, company_id: int, lines: Sequence[tuple[int, LostLine]]) -> Report:
    totals: dict[int, Decimal | None] = dict.fromkeys(each.family_ids)
    if not each.waits_for_rate:
        totals = {family: sum((line.amount for of, line in lines if of == family), ZERO) for family in each.family_ids}
    activity = DirectSale(
        company_id, each.partner_id, each.status == SaleStatus.BOOKED, booked_on=each.booked_on, amounts=totals
    )
    return Report(each.external_id, each.public_id, activity, each.booked_on, {"currency": each.currency}, tuple(lines))


def guarded_at(company_ids: Iterable[int]) -> dict[int, list[Guarded]]:
    """Every protection that there is or was at these companies, by company; two statements."""
    records = crm_queries.companies_of(company_ids)
    with_direct = Participant.objects.filter(
        registration=OuterRef("registration"), role=ParticipantRole.DIRECT, consent=Consent.GIVEN
    )
    protections = Protection.objects.filter(customer_id__in=records).annotate(with_direct=Exists(with_direct))
    rows = [
        Guarded(registration_id, partner_id, records[customer_id], *rest)
        for registration_id, partner_id, customer_id, *rest in protections.values_list(
            *("registration_id", "partner_id", "customer_id", "family_id", "family__code", "starts_at", "ends_at"),
            *("is_shared", "with_direct"),
        )
    ]
    found: dict[int, list[Guarded]] = {}
    for guarded in rules.without_breaks(rows):
        found.setdefault(guarded.company_id, []).append(guarded)
    return found


def registered_lines(registration_ids: Iterable[int]) -> dict[int, list[tuple[int, LostLine]]]:
    """What these deals are about, by family; one statement."""
    found: dict[int, list[tuple[int, LostLine]]] = {}
    rows = RegistrationLine.objects.filter(registration_id__in=set(registration_ids)).order_by("pk")
    for registration_id, family_id, *line in rows.values_list(
        *("registration_id", "product__family_id", "product__family__code", "product__kind", "amount")
    ):
        found.setdefault(registration_id, []).append((family_id, LostLine(*line)))
    return found


# What a make-good is computed from


@dataclass(frozen=True, slots=True)
class Loss:
    """What a partner lost by a breach, as far as deals know. `before`: made good for the same deal already."""

    breach_id: int
    partner_id: int
    day: date
    is_sale: bool
    lines: tuple[LostLine, ...]
    before: Decimal


def losses(breach_ids: Iterable[int]) -> list[Loss]:
    """Of the breaches whose make-good is still being proposed; two statements."""
    rows = list(Breach.objects.filter(pk__in=set(breach_ids), status=BreachStatus.OPEN).order_by("pk"))
    siblings: dict[int, list[Breach]] = {}
    for each in Breach.objects.filter(registration__in={row.registration_id for row in rows}):
        siblings.setdefault(each.registration_id, []).append(each)
    return [
        Loss(
            breach_id=row.pk,
            partner_id=row.partner_id,
            day=date.fromisoformat(row.facts["day"]),
            is_sale=row.source == BreachSource.SALE,
            lines=tuple(LostLine(line["family"], line["kind"], Decimal(line["amount"])) for line in row.facts["lines"]),
            before=_made_good_before(row, siblings[row.registration_id]),
        )
        for row in rows
    ]


def _made_good_before(row: Breach, siblings: Iterable[Breach]) -> Decimal:
    """An opportunity becomes a sale: what was paid for the one is not paid again for the other, and deducted once."""
    left = ZERO
    for each in siblings:
        if each.source != row.source:
            left += each.settled_amount or ZERO
        elif each.pk != row.pk and each.status not in (BreachStatus.REJECTED, BreachStatus.WITHDRAWN):
            left += sum((Decimal(s["amount"]) for s in each.steps if s["code"] == "step.made_good_before"), ZERO)
    return max(left, ZERO)


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled breach, for whoever pays it. The steps add up to `proposed`."""

    breach_public_id: str
    partner_id: int
    customer_name: str
    amount: Decimal
    proposed: Decimal
    currency: str
    steps: list[dict[str, Any]]
    words: str


def settlement_of(breach_id: int) -> Settled:
    """`NotFound` unless it is settled."""
    settled = Breach.objects.filter(pk=breach_id, status=BreachStatus.SETTLED).select_related("registration").first()
    if settled is None or settled.settled_amount is None:
        raise NotFound("breach")
    return Settled(
        breach_public_id=settled.public_id,
        partner_id=settled.partner_id,
        customer_name=settled.registration.customer_name,
        amount=settled.settled_amount,
        proposed=settled.amount,
        currency=settled.currency,
        steps=settled.steps,
        words=settled.closing_words,
    )


# Lists, pages, figures


def breaches_visible_to(actor: Actor) -> QuerySet[Breach]:
    """All for the vendor's people and clients who may see them, a partner's own for its people; withdrawn ones too."""
    rows = Breach.objects.select_related("registration", "partner")
    if actor.is_vendor:
        return rows if partner_rules.may(actor, "breach.view") else rows.none()
    return rows.filter(partner_id__in=[pk for pk in actor.partner_ids if may_act(actor, "breach.view", pk)])


def find_breach(actor: Actor, public_id: str) -> Breach:
    """The breach, if the actor may see it; otherwise `NotFound`, as if there were none."""
    found = breaches_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("breach")
    return found


def breach_list(actor: Actor, *, status: str = "", search: str = "") -> QuerySet[Breach]:
    """Visible ones, what still has to be acknowledged first and of that the latest late first; then the newest."""
    rows = breaches_visible_to(actor)
    if status in BreachStatus.values:
        rows = rows.filter(status=status)
    if text := search.strip():
        rows = rows.filter(Q(registration__customer_name__icontains=text) | Q(partner__name__icontains=text))
    waiting = Case(When(status=BreachStatus.OPEN, then=F("due_at")), default=None)
    return rows.annotate(waits_until=waiting).order_by(F("waits_until").asc(nulls_last=True), "-found_at", "-pk")


def open_breach_count() -> int:
    """How many still have to be acknowledged."""
    return Breach.objects.filter(status=BreachStatus.OPEN).count()


def overdue_breach_count(at: datetime) -> int:
    """How many should have been acknowledged by now."""
    return Breach.objects.filter(status=BreachStatus.OPEN, due_at__lt=at).count()


@dataclass(frozen=True, slots=True)
class BreachPage:
    """One breach as its page shows it. `now` is what the CRM says today where that is not what was acknowledged."""

    breach: Breach
    families: list[str]
    protected_from: datetime | None
    protected_until: datetime | None
    day: date
    lost_amount: Decimal
    reported_amount: Decimal
    has_changed: bool
    is_gone: bool
    amount_now: Decimal
    others: list[Breach]
    timeline: list[TimelineEntry]
    may_acknowledge: Verdict
    may_settle: Verdict
    may_reject: Verdict


def breach_page(actor: Actor, public_id: str) -> BreachPage:
    """A visible breach, other breaches of the same protection, and what the actor may do about it."""
    breach = find_breach(actor, public_id)
    names = {family.code: family.name for family in crm_queries.families()}
    now = breach.facts.get("now", {})

    def may(capability: str, event: str) -> Verdict:
        return partner_rules.may(actor, capability) & rules.may_happen(event, breach.status)

    protections = Protection.objects.filter(
        registration_id=breach.registration_id, family__code__in=breach.facts["families"]
    )
    spans = protections.aggregate(since=Min("starts_at"), until=Max("ends_at"))
    others = breaches_visible_to(actor).filter(registration_id=breach.registration_id).exclude(pk=breach.pk)
    return BreachPage(
        breach=breach,
        families=[names.get(code, code) for code in breach.facts["families"]],
        protected_from=spans["since"],
        protected_until=spans["until"],
        day=date.fromisoformat(breach.facts["day"]),
        lost_amount=_total(breach.facts["lines"]),
        reported_amount=Decimal(breach.facts.get("amount", 0)),
        has_changed="now" in breach.facts,
        is_gone=now is None,
        amount_now=_total(now["lines"]) if now else ZERO,
        others=list(others.order_by("-found_at", "-pk")),
        timeline=_timeline(actor, breach),
        may_acknowledge=may("breach.acknowledge", BreachEvent.ACKNOWLEDGE),
        may_settle=may("breach.settle", BreachEvent.SETTLE),
        may_reject=may("breach.acknowledge", BreachEvent.REJECT),
    )


def _total(lines: Iterable[Mapping[str, str]]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), ZERO)


def _timeline(actor: Actor, breach: Breach) -> list[TimelineEntry]:
    """Newest first; a partner reads that the vendor acted, and not who of its people did."""
    shown = [entry for entry in entries_about(breach) if entry.event in BREACH_EVENTS]
    texts = {"breach.acknowledged": breach.words, "breach.settled": breach.closing_words}
    texts["breach.rejected"] = breach.closing_words
    return [
        TimelineEntry(
            at=entry.at,
            title=BREACH_EVENTS[entry.event][0],
            text=texts.get(entry.event, ""),
            actor=entry.actor_label if actor.is_vendor else "",
            icon=BREACH_EVENTS[entry.event][1],
            colour=BREACH_EVENTS[entry.event][2],
        )
        for entry in shown[::-1]
    ]


@dataclass(frozen=True, slots=True)
class BreachFigures:
    """Of the breaches found in a time and not withdrawn: how the vendor keeps its word. Amounts in the base currency.

    `in_time` are those acknowledged by their day; one whose day has not come yet counts as neither.
    """

    found: int
    open: int
    acknowledged: int
    settled: int
    rejected: int
    in_time: int
    late: int
    median_time: timedelta | None
    settled_amount: Decimal

    @property
    def made_good_share(self) -> Decimal | None:
        """Of those that were closed, how many were made good."""
        closed = self.settled + self.rejected
        return Decimal(self.settled) / closed if closed else None


def breach_figures(since: datetime, until: datetime, *, at: datetime) -> BreachFigures:
    """Of the half-open time, as of the instant; one statement."""
    rows = Breach.objects.filter(found_at__gte=since, found_at__lt=until).exclude(status=BreachStatus.WITHDRAWN)
    found = list(rows.values_list("status", "found_at", "due_at", "acknowledged_at", "settled_amount"))
    statuses = [row[0] for row in found]
    times = [acknowledged - begun for _status, begun, _due, acknowledged, _amount in found if acknowledged]
    return BreachFigures(
        found=len(found),
        open=statuses.count(BreachStatus.OPEN),
        acknowledged=statuses.count(BreachStatus.ACKNOWLEDGED),
        settled=statuses.count(BreachStatus.SETTLED),
        rejected=statuses.count(BreachStatus.REJECTED),
        in_time=sum(1 for row in found if row[3] and row[3] <= row[2]),
        late=sum(1 for row in found if row[2] < (row[3] or at)),
        median_time=median_high(times) if times else None,
        settled_amount=sum((row[4] or ZERO for row in found), ZERO),
    )
