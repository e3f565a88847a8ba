"""Statements, their lines, and why a line is what it is: down to the sale lines that were counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from common.actor import Actor
from common.errors import NotFound
from common.period import Period
from crm import queries as crm_queries
from crm.rules.facts import SaleLineFacts
from incentives.models import Accrual, Statement, StatementLine
from incentives.queries.accruals import volume_parts
from incentives.queries.plans import promise_of
from incentives.rules.earnings import ZERO, PlanTerms
from incentives.rules.postings import volume_of
from incentives.rules.targets import counts
from partners import rules as partner_rules

_FIGURES = ("opening", "accruals", "adjustments", "clawbacks", "payouts", "closing")
_LATER_FIGURES = ("make_goods",)  # in the hash only where they are not zero: statements closed before them stay valid


def statements_visible_to(actor: Actor) -> QuerySet[Statement]:
    """All for the vendor's finance people and clients, the partner's own for its administrators and finance people."""
    if actor.is_vendor:
        may_see = partner_rules.may(actor, "statement.view")
        return Statement.objects.all() if may_see else Statement.objects.none()
    return Statement.objects.filter(partner_id__in=own_partner_ids(actor))


def own_partner_ids(actor: Actor) -> list[int]:
    """The actor's partners whose statements it may see."""
    return sorted(pk for pk in actor.partner_ids if partner_rules.may(actor, "statement.view", pk))


def statement_list(actor: Actor, *, partner_name: str = "", month: date | None = None, status: str = "") -> Any:
    """Visible statements with their partners and number of lines, newest month first; empty filters let all through."""
    found = statements_visible_to(actor).select_related("partner").annotate(line_count=Count("lines"))
    if partner_name:
        found = found.filter(partner__name__icontains=partner_name)
    if month:
        found = found.filter(month_starts_on=month.replace(day=1))
    if status:
        found = found.filter(status=status)
    return found.order_by("-month_starts_on", "-id")


def statements_with_lines(actor: Actor) -> QuerySet[Statement]:
    """Visible statements with partner and lines ready; three statements of SQL however many lines there are."""
    lines = StatementLine.objects.select_related("accrual").order_by("kind", "accrual__period_starts_on", "id")
    return statements_visible_to(actor).select_related("partner").prefetch_related(Prefetch("lines", lines))


def months_visible_to(actor: Actor) -> list[date]:
    """The months that visible statements are of, newest first."""
    months = statements_visible_to(actor).order_by("-month_starts_on").values_list("month_starts_on", flat=True)
    return list(months.distinct())


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A statement with its lines by kind. An open one is as the ledger is at this moment."""

    statement: Statement
    lines: Sequence[StatementLine]


def statement_page(actor: Actor, public_id: str) -> StatementPage:
    """One visible statement; `NotFound` for a foreign as for a missing one. Two statements of SQL."""
    statement = statements_visible_to(actor).select_related("partner").filter(public_id=public_id).first()
    if statement is None:
        raise NotFound(public_id)
    return StatementPage(statement, list(_lines_of([statement.pk])))


def _lines_of(statement_ids: Sequence[int]) -> QuerySet[StatementLine]:
    lines = StatementLine.objects.filter(statement_id__in=statement_ids)
    return lines.select_related("accrual__plan_version__plan", "make_good").order_by(
        "kind", "accrual__period_starts_on", "id"
    )


@dataclass(frozen=True, slots=True)
class LinePage:
    """Why a line is what it is. Lines of payouts have no plan, and nothing was counted for them."""

    statement: Statement
    line: StatementLine
    terms: PlanTerms | None
    measured: Period | None  # sales booked in it were counted
    sale_lines: Sequence[SaleLineFacts]
    sales_total: Decimal
    rates: Mapping[tuple[str, date], Decimal]  # by currency and day booked, as in force now
    is_unchanged: bool  # the sale lines are the very ones that were counted


def line_page(actor: Actor, statement_public_id: str, line_public_id: str) -> LinePage:
    """One line of a visible statement; `NotFound` for a foreign as for a missing one."""
    statement = statements_visible_to(actor).select_related("partner").filter(public_id=statement_public_id).first()
    lines = _lines_of([statement.pk]) if statement else StatementLine.objects.none()
    line = lines.filter(public_id=line_public_id).first()
    if statement is None or line is None:
        raise NotFound(line_public_id)
    if line.accrual is None:
        return LinePage(statement, line, None, None, (), ZERO, {}, is_unchanged=True)
    terms = promise_of(line.accrual.plan_version_id).terms
    measured = measured_until(line.accrual, line.computed_on)
    sold = crm_queries.sale_lines_for(line.accrual.partner_id, measured, sorted(terms.family_codes))
    counted = [sale_line for sale_line in sold if counts(terms, sale_line.family_code, sale_line.kind)]
    return LinePage(
        statement=statement,
        line=line,
        terms=terms,
        measured=measured,
        sale_lines=counted,
        sales_total=sum((sale_line.base_amount for sale_line in counted), ZERO),
        rates=crm_queries.rates_on((sale_line.currency, sale_line.booked_on) for sale_line in counted),
        is_unchanged=line.inputs_hash == inputs_hash_of(line.accrual.partner_id, terms, measured),
    )


def measured_until(accrual: Accrual, computed_on: date) -> Period:
    """The part of the accrual's period whose sales could be counted on the business date."""
    return Period(accrual.period_starts_on, min(accrual.period_ends_on, computed_on + timedelta(days=1)))


def inputs_hash_of(partner_id: int, terms: PlanTerms, measured: Period) -> str:
    """The fingerprint of the sale lines that count for the plan in the period as they are now."""
    parts = volume_parts([partner_id], measured).get(partner_id, [])
    return volume_of(part for part in parts if counts(terms, part.family_code, part.kind)).inputs_hash


def contents_of_month(month_starts_on: date) -> dict[int, Mapping[str, Any]]:
    """What the hash of each of the month's statements is over, by primary key; three statements of SQL."""
    statements = Statement.objects.filter(month_starts_on=month_starts_on).select_related("partner").order_by("pk")
    return contents_of(list(statements))


def contents_of(statements: Sequence[Statement]) -> dict[int, Mapping[str, Any]]:
    """Statement figures and lines as plain text values, lines in the order they were made."""
    lines: dict[int, list[Mapping[str, Any]]] = {}
    found = StatementLine.objects.filter(statement_id__in=[statement.pk for statement in statements])
    for line in found.order_by("pk"):
        lines.setdefault(line.statement_id, []).append(_line_content(line))
    return {statement.pk: _content(statement, lines.get(statement.pk, [])) for statement in statements}


def _content(statement: Statement, lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {
        "statement": statement.public_id,
        "partner": statement.partner.public_id,
        "month": str(statement.month_starts_on),
        "currency": statement.currency,
        "figures": {
            name: f"{getattr(statement, name):f}"
            for name in (*_FIGURES, *(name for name in _LATER_FIGURES if getattr(statement, name)))
        },
        "lines": lines,
    }


def _line_content(line: StatementLine) -> Mapping[str, Any]:
    return {
        "line": line.public_id,
        "kind": line.kind,
        "description": line.description,
        "amount": f"{line.amount:f}",
        "computed_on": str(line.computed_on),
        "volume": None if line.volume is None else f"{line.volume:f}",
        "inputs_hash": line.inputs_hash,
        "steps": line.steps,
    }
