"""The CEO's dashboard, and the rows behind each figure."""

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from common.period import Period, month_of
from common.requests import ActorRequest
from deals.choices.registrations import STATUS_COLOURS, RegistrationStatus
from insights.choices import DEFINITIONS, REVENUE_CHANNELS
from insights.queries.dashboard import Dashboard, answer_of, answers_in, dashboard_for, dashboard_period
from insights.queries.sales import sales_behind, total_of
from insights.views import charts
from partners import queries as partner_queries

PAGE_SIZE = 50


@login_required
def dashboard(request: ActorRequest) -> HttpResponse:
    """Is the channel healthy, and does the company keep its word? For holders of ``insights.view``."""
    partner_queries.require(request.actor, "insights.view")
    page = dashboard_for(request.actor, at=timezone.now())
    waits = charts.wait_rows(page)
    context = {
        "page": page,
        "currency": settings.BASE_CURRENCY,
        "definitions": DEFINITIONS,
        "mix_chart": charts.mix_chart(page),
        "money_chart": charts.money_chart(page),
        "waits": waits,
        "wait_chart": charts.wait_chart(waits),
        "statuses": _statuses(page),
        "level_total": sum(level.partner_count for level in page.levels),
    }
    return render(request, "insights/dashboard.html", context)


@login_required
def sales(request: ActorRequest) -> HttpResponse:
    """The sales that make up the revenue of the whole period or of one month (``?month=2026-10``)."""
    partner_queries.require(request.actor, "insights.view")
    period, channel = _chosen_period(request), request.GET.get("channel", "")
    found = sales_behind(request.actor, period, channel=channel if channel in REVENUE_CHANNELS else "")
    months = [month.starts_on for month in dashboard_period(timezone.localdate()).months()]
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "total": total_of(found),
        "currency": settings.BASE_CURRENCY,
        "period": period,
        "channel": channel,
        "channels": list(REVENUE_CHANNELS.items()),
        "month": request.GET.get("month", ""),
        "months": reversed(months),
    }
    return render(request, "insights/sales.html", context)


@login_required
def answers(request: ActorRequest) -> HttpResponse:
    """The answers behind the time to decision, the longest wait first; ``?show=person`` or ``late`` narrows them."""
    partner_queries.require(request.actor, "insights.view")
    rows = [(row, answer_of(row)) for row in answers_in(dashboard_period(timezone.localdate()))]
    shown = request.GET.get("show", "")
    if shown == "person":
        rows = [(row, answer) for row, answer in rows if not answer.is_automatic]
    elif shown == "late":
        rows = [(row, answer) for row, answer in rows if not answer.in_time]
    rows.sort(key=lambda pair: pair[1].waited, reverse=True)
    context = {"page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")), "shown": shown}
    return render(request, "insights/answers.html", context)


def _chosen_period(request: ActorRequest) -> Period:
    try:
        return month_of(date.fromisoformat(f"{request.GET.get('month', '')}-01"))
    except ValueError:
        return dashboard_period(timezone.localdate())


def _statuses(page: Dashboard) -> list[dict[str, Any]]:
    received = {status: total for status, total in page.registrations.items() if status != RegistrationStatus.DRAFT}
    most = max((total.count for total in received.values()), default=0)
    return [
        {
            "status": status,
            "label": RegistrationStatus(status).label,
            "colour": STATUS_COLOURS[status],
            "total": total,
            "most": most,
        }
        for status, total in received.items()
    ]
