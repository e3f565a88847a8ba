"""Statements, and why each of their lines is what it is."""

from datetime import date

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date

from common.actor import Actor
from common.money import Money
from common.requests import ActorRequest
from common.templatetags.formats import month as written_month
from incentives.choices import (
    FIGURES,
    JOURNAL_KIND_COLOURS,
    STATEMENT_STATUS_COLOURS,
    Calculation,
    MeasurementPeriod,
    StatementStatus,
)
from incentives.queries import ledger, statements
from partners import queries as partner_queries

PAGE_SIZE = 25
LINES_SHOWN = 200  # sale lines of one page


@login_required
def statement_list(request: ActorRequest) -> HttpResponse:
    """The partner's own statements; for the vendor's finance people, everybody's."""
    actor = request.actor
    partner_queries.require(actor, "statement.view")
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "month", "status")}
    found = statements.statement_list(
        actor, partner_name=chosen["q"], month=_month(chosen["month"]), status=chosen["status"]
    )
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "is_narrowed": any(chosen.values()),
        "months": [(day.isoformat(), written_month(day)) for day in statements.months_visible_to(actor)],
        "statuses": StatementStatus.choices,
        "status_colours": STATEMENT_STATUS_COLOURS,
        "balance": _own_balance(actor),
    }
    return render(request, "incentives/statements.html", context)


def _own_balance(actor: Actor) -> Money | None:
    """What is owed to the reader's partner; None for the vendor's people and for those who see several partners."""
    own = statements.own_partner_ids(actor)
    return ledger.balance_of(own[0]) if len(own) == 1 else None


def _month(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


@login_required
def statement_detail(request: ActorRequest, public_id: str) -> HttpResponse:
    """One statement: from its opening to its closing balance, and its lines."""
    page = statements.statement_page(request.actor, public_id)
    context = {
        "page": page,
        "figures": [{"label": label, "amount": getattr(page.statement, name)} for name, label in FIGURES.items()],
        "status_colours": STATEMENT_STATUS_COLOURS,
        "kind_colours": JOURNAL_KIND_COLOURS,
    }
    return render(request, "incentives/statement.html", context)


@login_required
def line_detail(request: ActorRequest, public_id: str, line_public_id: str) -> HttpResponse:
    """Why a line is what it is: its steps, and the sale lines that were counted."""
    page = statements.line_page(request.actor, public_id, line_public_id)
    context = {
        "page": page,
        "sales": Paginator(page.sale_lines, LINES_SHOWN).get_page(request.GET.get("page")),
        "calculation": Calculation(page.terms.calculation).label if page.terms else "",
        "measurement": MeasurementPeriod(page.terms.measurement).label if page.terms else "",
        "kind_colours": JOURNAL_KIND_COLOURS,
    }
    return render(request, "incentives/line.html", context)
