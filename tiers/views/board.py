"""The vendor's tier board: who is where, levels over time, and notices sent."""

from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from common.downloads import csv_file
from common.requests import ActorRequest
from partners import queries as partner_queries
from tiers.choices.board import COLUMNS, MONTH_COLUMNS, NOTICE_COLUMNS, SHOWS
from tiers.choices.standings import NoticeOutcome
from tiers.forms.board import BoardForm, DayForm, NoticeFilterForm
from tiers.queries.board import DEFAULT_SORT, board_page, board_rows
from tiers.queries.distribution import Distribution, distribution_until, notice_cells, notices_sent
from tiers.rules.ladder import ONE_DAY
from tiers.views import board_words

PAGE_SIZE = 50


@login_required
@require_GET
def board(request: ActorRequest) -> HttpResponse:
    """All partners with their levels, for holders of ``tier.board``; as of a past day with ``?on=``."""
    partner_queries.require(request.actor, "tier.board")
    form, today = BoardForm(request.GET), timezone.localdate()
    day, chosen = form.day(today), form.chosen()
    page = board_page(form.wish(request.actor.user_id), day=day, known_at=_known_at(day, today))
    context = {
        "page": page,
        "rows": [board_words.shown(row) for row in page.rows] if page else [],
        "chosen": chosen,
        "is_narrowed": any(chosen[name] for name in ("q", "level", "show", "mine", "after")),
        "levels": [(level.code, level.name) for level in page.levels] if page else [],
        "shows": list(SHOWS.items()),
        "default_sort": DEFAULT_SORT,
        "saved_views": partner_queries.saved_views_for(request.actor, "tiers.board"),
        **_days(day, today),
    }
    return render(request, "tiers/board/list.html", context)


@login_required
@require_GET
def export(request: ActorRequest) -> HttpResponseBase:
    """The board as a file: its columns, narrowed and sorted like the page."""
    partner_queries.require(request.actor, "tier.board")
    form, today = BoardForm(request.GET), timezone.localdate()
    day = form.day(today)
    found = board_rows(form.wish(request.actor.user_id), day=day, known_at=_known_at(day, today))
    return csv_file(f"tier-board-{day}.csv", [COLUMNS], map(board_words.cells, found))


@login_required
@require_GET
def over_time(request: ActorRequest) -> HttpResponse:
    """How many partners held each level at the end of each of the last months."""
    partner_queries.require(request.actor, "tier.board")
    today = timezone.localdate()
    day = DayForm(request.GET).day(today)
    found = distribution_until(day)
    context = {"page": found, "chart": _chart(found), "rows": _months(found), **_days(day, today)}
    return render(request, "tiers/board/over_time.html", context)


@login_required
@require_GET
def over_time_export(request: ActorRequest) -> HttpResponseBase:
    """The same as a file."""
    partner_queries.require(request.actor, "tier.board")
    day = DayForm(request.GET).day(timezone.localdate())
    found = distribution_until(day)
    cells = [(on, level.code, count) for on, counts, _total in _months(found) for level, count in counts]
    return csv_file(f"tiers-over-time-{day}.csv", [MONTH_COLUMNS], cells)


@login_required
@require_GET
def notices(request: ActorRequest) -> HttpResponse:
    """Announced demotions, the newest first."""
    partner_queries.require(request.actor, "tier.board")
    form, today = NoticeFilterForm(request.GET), timezone.localdate()
    day, chosen = form.day(today), form.chosen()
    found = notices_sent(day=day, outcome=chosen["outcome"], search=chosen["q"])
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "is_narrowed": bool(chosen["q"] or chosen["outcome"]),
        "outcomes": NoticeOutcome.choices,
        **_days(day, today),
    }
    return render(request, "tiers/board/notices.html", context)


@login_required
@require_GET
def notices_export(request: ActorRequest) -> HttpResponseBase:
    """The same as a file."""
    partner_queries.require(request.actor, "tier.board")
    form = NoticeFilterForm(request.GET)
    day, chosen = form.day(timezone.localdate()), form.chosen()
    found = notices_sent(day=day, outcome=chosen["outcome"], search=chosen["q"])
    return csv_file(f"demotion-notices-{day}.csv", [NOTICE_COLUMNS], notice_cells(found))


def _known_at(day: date, today: date) -> datetime | None:
    """The end of a day that is over: what was recorded later is left out."""
    return datetime.combine(day + ONE_DAY, time(), tzinfo=timezone.get_default_timezone()) if day < today else None


def _days(day: date, today: date) -> dict[str, Any]:
    """The day that is shown; `past` only if it is not today, to be kept by links."""
    return {"day": day, "past": day if day != today else None}


def _months(found: Distribution | None) -> list[tuple[Any, list[tuple[Any, int]], int]]:
    """The last day of each month, the count of each level, and that of all, newest first."""
    if found is None:
        return []
    rows = [
        (on, [(level, level.counts[place]) for level in found.levels], found.totals[place])
        for place, on in enumerate(found.days)
    ]
    return rows[::-1]


def _chart(found: Distribution | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "kind": "bar",
        "stacked": True,
        "labels": board_words.month_names(found.days),
        "series": [{"label": level.name, "values": list(level.counts), "colour": level.code} for level in found.levels],
    }
