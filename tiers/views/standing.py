"""The tier page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.errors import NotFound
from common.requests import ActorRequest
from common.writing import written_day
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.choices.programmes import LEVEL_COLOURS, SupportLevel
from tiers.forms.standing import DayForm
from tiers.queries.pages import StandingPage, standing_page_for
from tiers.rules.ladder import ONE_DAY, Level, Programme
from tiers.rules.outlook import CHECKPOINTS, Outlook


@login_required
def own_standing(request: ActorRequest) -> HttpResponse:
    """Where the reader's own partner stands; the vendor's people have none and find nothing here."""
    partner = partner_queries.home_partner_of(request.actor)
    if partner is None:
        raise NotFound("tier")
    return _standing_of(request, partner)


@login_required
def partner_standing(request: ActorRequest, public_id: str) -> HttpResponse:
    """Where a partner stands, for the vendor and its own people; to its rivals it does not exist."""
    partner = partner_queries.partners_visible_to(request.actor).filter(public_id=public_id).first()
    if partner is None:
        raise NotFound(public_id)
    return _standing_of(request, partner)


def _standing_of(request: ActorRequest, partner: Any) -> HttpResponse:
    """Of the day that is asked for: what held then, measured by what was known at its end unless asked otherwise."""
    partner_queries.require(request.actor, "tier.view", partner.pk)
    today = timezone.localdate()
    asked = DayForm(request.GET, today=today)
    page = standing_page_for(
        partner.pk,
        day=asked.day,
        known_at=None if asked.knows_later else _end_of(asked.day),
        sees_money=bool(partner_rules.may(request.actor, "statement.view", partner.pk)),
    )
    days = course_days(page) if page else []
    context: dict[str, Any] = {
        "page": page,
        "partner_name": partner.name,
        "overridable": partner.public_id if partner_rules.may(request.actor, "tier.override") else "",
        "asked": asked,
        "is_past": asked.day < today,
        "level_colours": LEVEL_COLOURS,
        "support_names": dict(SupportLevel.choices),
        "checkpoints": dict(enumerate(_checkpoint_names())),
        "course": days,
        "course_chart": course_chart(days, page.position.measured.programme) if page else {},
    }
    return render(request, "tiers/standing.html", context)


def _checkpoint_names() -> list[str]:
    later = (ngettext("In %(count)s month", "In %(count)s months", count) % {"count": count} for count in CHECKPOINTS)
    return [_("Now"), *later]


def _end_of(day: date) -> datetime:
    """The instant that ends the day where the programme is at home."""
    return datetime.combine(day + ONE_DAY, time(), tzinfo=timezone.get_default_timezone())


@dataclass(frozen=True, slots=True)
class CourseDay:
    """The level held on the day and the one whose requirements are met."""

    day: date
    held: Level
    met: Level


def course_days(page: StandingPage) -> list[CourseDay]:
    """Of the twelve months: their first days, and those on which a level changes."""
    outlook, programme = page.position.ahead.outlook, page.position.measured.programme
    changes = {move.day for move in outlook.course.moves} | {turn.day for turn in outlook.turns}
    days = _months(outlook) | {day for day in changes if day <= outlook.until}
    return [CourseDay(day, _held_on(outlook, programme, day), _met_on(outlook, programme, day)) for day in sorted(days)]


def course_chart(days: Sequence[CourseDay], programme: Programme) -> dict[str, Any]:
    """As ``static/js/charts.js`` reads it."""
    return {
        "kind": "line",
        "labels": [written_day(each.day) for each in days],
        "steps": [level.name for level in programme.levels],
        "series": [
            {"label": _("Level held"), "values": [programme.levels.index(each.held) for each in days]},
            {"label": _("By the requirements"), "values": [programme.levels.index(each.met) for each in days]},
        ],
    }


def _months(outlook: Outlook) -> set[date]:
    """The first and last day, and the first of each month between them."""
    day, days = outlook.day, {outlook.day, outlook.until}
    while day < outlook.until:
        days.add(day)
        day = (day.replace(day=28) + 4 * ONE_DAY).replace(day=1)
    return days


def _held_on(outlook: Outlook, programme: Programme, day: date) -> Level:
    held = outlook.course.level_on(day)
    assert held is not None
    return programme.level_of_rank(programme.rank_of(held.level_code, otherwise=held.level_rank))


def _met_on(outlook: Outlook, programme: Programme, day: date) -> Level:
    last = [found for found in outlook.course.reached if found.day <= day][-1]
    entry = programme.entry
    return programme.level_of_rank(programme.rank_of(last.level_code or entry.code, otherwise=entry.rank))
