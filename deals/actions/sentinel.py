"""The breach sentinel: listens to the CRM's news within the import's transaction. If it fails, nothing was imported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.actor import SYSTEM
from common.audit import entry_of, record, record_all
from common.events import publish
from common.outbox import after_commit
from crm import queries as crm_queries
from deals.choices.cases import BreachEvent, BreachSource, BreachStatus
from deals.models import Breach
from deals.queries import breaches as queries
from deals.queries.breaches import Report
from deals.queries.calendar import calendar_for, day_of
from deals.queries.facts import terms_on
from deals.rules import breaches as rules
from deals.rules.breaches import DirectOpportunity, Guarded
from deals.rules.make_good import LostLine, shared_out

Key = tuple[int, str]  # registration, the CRM's id
SWEPT = timedelta(days=3)
SWEPT_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """Direct activity inside what one registration keeps for its partner."""

    report: Report
    guarded: tuple[Guarded, ...]

    @property
    def families(self) -> dict[int, str]:
        return {each.family_id: each.family_code for each in self.guarded}


def note_opportunities_changed(*, opportunity_ids: Sequence[int], at: datetime, **_news: Any) -> None:
    """The CRM reported direct opportunities: open, change or withdraw breaches. Five statements if there are none."""
    _reconcile(BreachSource.OPPORTUNITY, queries.opportunity_reports(opportunity_ids, at=at), at)


def note_sales_changed(*, sale_ids: Sequence[int], at: datetime, **_news: Any) -> None:
    """The CRM reported sales. A direct one inside of a protection is a breach, however late it is reported."""
    _reconcile(BreachSource.SALE, queries.sale_reports(sale_ids), at)


def sweep_breaches(*, at: datetime) -> int:
    """Look again at what the CRM reported lately; returns how many opportunities and sales.

    Finds what neither an import nor an approval at the same instant could see, each blind to the other's transaction,
    and customers that have been merged meanwhile.
    """
    opportunity_ids = crm_queries.opportunity_ids_since(at - SWEPT)
    sale_ids = crm_queries.direct_sale_ids_since(at - SWEPT)
    for some in _batches(opportunity_ids):
        with transaction.atomic():
            note_opportunities_changed(opportunity_ids=some, at=at)
    for some in _batches(sale_ids):
        with transaction.atomic():
            note_sales_changed(sale_ids=some, at=at)
    return len(opportunity_ids) + len(sale_ids)


def _batches(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[start : start + SWEPT_AT_ONCE] for start in range(0, len(keys), SWEPT_AT_ONCE)]


def _reconcile(source: BreachSource, reports: Sequence[Report], at: datetime) -> None:
    """Bring breaches to what the CRM says now; doing it again changes nothing.

    An import and the hourly sweep may do this at once: who inserts first has found it, rows are locked in key order.
    """
    guarded = queries.guarded_at(each.activity.company_id for each in reports)
    known = Breach.objects.filter(source=source, source_external_id__in=[each.external_id for each in reports])
    held = {(row.registration_id, row.source_external_id): row for row in known.select_for_update().order_by("pk")}
    if not guarded and not held:
        return
    findings = _findings(reports, guarded, held)
    facts = _facts_of(findings, at)
    due_at = _due_at(at) if findings else at
    changed: dict[str, list[int]] = {"opened": _open(source, findings, facts, held=held, due_at=due_at, at=at)}
    for key, row in held.items():
        changed.setdefault(_follow(row, facts.get(key), due_at=due_at, at=at), []).append(row.pk)
    _announce(changed, at)


def _findings(
    reports: Iterable[Report], guarded: Mapping[int, Sequence[Guarded]], held: Mapping[Key, Breach]
) -> dict[Key, Finding]:
    """What is inside, by breach. One that was found stays one though the protection has ended since.

    One that was withdrawn is found anew, if at all: what direct sales takes up after the end breaks nothing.
    """
    zone = timezone.get_default_timezone()
    inside: dict[Key, tuple[Report, list[Guarded]]] = {}
    for report in reports:
        for each in guarded.get(report.activity.company_id, ()):
            key = each.registration_id, report.external_id
            activity = report.activity
            stands = key in held and held[key].status != BreachStatus.WITHDRAWN
            if stands and isinstance(activity, DirectOpportunity):
                activity = replace(activity, reported_at=held[key].found_at)
            if rules.is_breach(each, activity, zone=zone, was_found=stands):
                inside.setdefault(key, (report, []))[1].append(each)
    return {key: Finding(report, tuple(found)) for key, (report, found) in sorted(inside.items())}


def _facts_of(findings: Mapping[Key, Finding], at: datetime) -> dict[Key, dict[str, Any]]:
    """What each breach is about, as JSON values: what the CRM told, and the business lost in the base currency."""
    offered = [each for each in findings.values() if isinstance(each.report.activity, DirectOpportunity)]
    registered = queries.registered_lines(each.guarded[0].registration_id for each in offered) if offered else {}
    day = day_of(at)
    rates = crm_queries.rates_on({(each.report.told["currency"], day) for each in offered})
    facts = {}
    for key, each in findings.items():
        families = each.families
        if each in offered:
            rate = rates.get((each.report.told["currency"], day))
            lines = _offered_lines(each, registered.get(key[0], ()), rate)
        else:
            lines = [line for family_id, line in each.report.lines if family_id in families]
        facts[key] = {
            **each.report.told,
            "day": each.report.day.isoformat(),
            "families": sorted(set(families.values())),
            "lines": [{"family": line.family_code, "kind": line.kind, "amount": str(line.amount)} for line in lines],
        }
    return facts


def _offered_lines(
    finding: Finding, registered: Sequence[tuple[int, LostLine]], rate: Decimal | None
) -> Sequence[LostLine]:
    """An opportunity has no lines: it is taken to be made up as the registered deal is. None without a rate."""
    if rate is None:
        return ()
    families = finding.families
    like = [line for family_id, line in registered if family_id in families]
    like = like or [LostLine(code, "product", Decimal(1)) for code in sorted(families.values())]
    amount = max(Decimal(finding.report.told["amount"]) * rate, Decimal(0))
    return shared_out(amount, like, settings.BASE_CURRENCY)


def _due_at(at: datetime) -> datetime:
    """Until when the vendor has promised to acknowledge what is found now."""
    terms = terms_on(day_of(at))
    calendar = calendar_for(terms, since=at)
    return calendar.add(at, calendar.day_length * terms.acknowledge_days)


def _open(
    source: BreachSource,
    findings: Mapping[Key, Finding],
    facts: Mapping[Key, dict[str, Any]],
    *,
    held: Mapping[Key, Breach],
    due_at: datetime,
    at: datetime,
) -> list[int]:
    """Insert what is new; returns the keys of those that nobody else has found at the same time."""
    new = [
        Breach(
            registration_id=key[0],
            partner_id=each.guarded[0].partner_id,
            source=source,
            source_public_id=each.report.public_id,
            source_external_id=each.report.external_id,
            facts=facts[key],
            found_at=at,
            due_at=due_at,
            currency=settings.BASE_CURRENCY,
        )
        for key, each in findings.items()
        if key not in held
    ]
    if not new:
        return []
    Breach.objects.bulk_create(new, ignore_conflicts=True)
    written = list(Breach.objects.filter(public_id__in=[each.public_id for each in new]).order_by("pk"))
    record_all(entry_of("breach.opened", on=breach, by=SYSTEM, at=at, source=source) for breach in written)
    return [breach.pk for breach in written]


def _follow(row: Breach, facts: dict[str, Any] | None, *, due_at: datetime, at: datetime) -> str:
    """Let a known breach follow the CRM; returns what happened to it. Once acknowledged it stays, with a note."""
    if row.status == BreachStatus.OPEN and facts is None:
        row.status = rules.status_after(BreachEvent.WITHDRAW, row.status)
        happened = "withdrawn"
    elif row.status == BreachStatus.WITHDRAWN and facts is not None:
        row.status = rules.status_after(BreachEvent.REOPEN, row.status)
        row.found_at, row.due_at, row.facts = at, due_at, facts
        happened = "reopened"
    elif row.status == BreachStatus.OPEN and facts != row.facts:
        row.facts = facts
        happened = "changed"
    elif row.status not in (BreachStatus.OPEN, BreachStatus.WITHDRAWN) and _noted(row.facts, facts) != row.facts:
        row.facts = _noted(row.facts, facts)
        happened = "noted"
    else:
        return ""
    row.save(update_fields=["status", "found_at", "due_at", "facts"])
    record(f"breach.{happened}", on=row, by=SYSTEM, at=at)
    return happened


def _noted(known: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    """The facts as they were acknowledged, with what the CRM says by now under ``now`` where that differs."""
    kept = {name: value for name, value in known.items() if name != "now"}
    return kept if now == kept else {**kept, "now": now and {"lines": now["lines"]}}


def _announce(changed: Mapping[str, list[int]], at: datetime) -> None:
    found = [*changed["opened"], *changed.get("reopened", ())]
    if found:
        publish("breach.opened", breach_ids=found, at=at)
        after_commit("deals.breaches_told", at=at, breach_ids=found, event="opened")
    if corrected := changed.get("changed"):
        publish("breach.changed", breach_ids=corrected, at=at)
    if gone := changed.get("withdrawn"):
        after_commit("deals.breaches_told", at=at, breach_ids=gone, event="withdrawn")
