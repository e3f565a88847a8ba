"""Statements, and why each of their lines is what it is."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.actor import Actor
from common.errors import NotFound, Refused
from common.money import Money
from common.reasons import sentences
from common.requests import ActorRequest
from common.templatetags.formats import month as written_month
from incentives.actions.make_goods import reverse_make_good
from incentives.choices import (
    FIGURES,
    JOURNAL_KIND_COLOURS,
    STATEMENT_STATUS_COLOURS,
    Calculation,
    MeasurementPeriod,
    StatementStatus,
)
from incentives.queries import ledger, statements
from incentives.queries.make_goods import may_take_back
from partners import queries as partner_queries
from partners import rules as partner_rules

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
        "may_take_back": page.line.make_good is not None and may_take_back(request.actor, page.line.make_good),
        "sees_breach": bool(partner_rules.may(request.actor, "breach.view", page.statement.partner_id)),
    }
    return render(request, "incentives/line.html", context)


@login_required
@require_POST
def take_back(request: ActorRequest, public_id: str, line_public_id: str) -> HttpResponse:
    """Take a make-good back; for those who may not, the address does not exist."""
    line = statements.line_page(request.actor, public_id, line_public_id).line
    if line.make_good is None or not partner_rules.may(request.actor, "make_good.reverse"):
        raise NotFound(line_public_id)
    try:
        reverse_make_good(
            line.make_good.public_id, words=request.POST.get("words", ""), by=request.actor, at=timezone.now()
        )
    except Refused as refused:
        for text in sentences(refused.reasons):
            messages.error(request, text)
    else:
        messages.success(request, _("Taken back by a counter-entry in the open month."))
    return redirect("incentives:line", public_id, line_public_id)
