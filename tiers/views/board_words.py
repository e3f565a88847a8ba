"""What a row of the board says in words, the same on the page and in the file."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.templatetags.formats import number, percent
from common.writing import reader_locale, written_amount
from tiers.choices.scores import MetricUnit
from tiers.queries.board import Row
from tiers.rules.board import Gap, Risk


def gap_words(gap: Gap | None, currency: str) -> str:
    """``€60,000 more of Channel revenue, and 2 other requirements``; empty when nothing is missing."""
    if gap is None:
        return ""
    asked, missing = gap.step.requirement, gap.step.missing
    if not missing:
        text = _("%(metric)s: counts from %(count)s entries") % {"metric": asked.name, "count": asked.minimum_samples}
    else:
        is_money = asked.unit == MetricUnit.MONEY
        amount = written_amount(missing, currency, whole=True) if is_money else number(missing)
        text = _("%(amount)s more: %(metric)s") % {"amount": amount, "metric": asked.name}
    if not gap.other_count:
        return text
    others = ngettext("%(count)s other", "%(count)s others", gap.other_count) % {"count": gap.other_count}
    return _("%(first)s, and %(others)s") % {"first": text, "others": others}


def risk_words(risk: Risk | None) -> tuple[str, str, str]:
    """Colour, title and cause of what threatens the level; empty texts when nothing does."""
    if risk is None:
        return "", "", ""
    if risk.notice:
        return "orange", _("Notice running"), _("Falls to %(level)s") % {"level": risk.notice.level_name}
    if risk.loss and (risk.loss.leaving or risk.loss.expiring):
        causes = [
            *(_("%(metric)s leaves its window") % {"metric": name} for name in risk.loss.leaving),
            *(_("%(metric)s: a credit expires") % {"metric": name} for name in risk.loss.expiring),
        ]
        return "yellow", _("Will be lost"), ", ".join(causes)
    return "red", _("Not met now"), ", ".join(risk.short)


def shown(row: Row) -> dict[str, Any]:
    """The row with its words, for the template."""
    colour, title, cause = risk_words(row.risk)
    progress = row.next.nearest.progress if row.next and row.next.nearest else None
    percents = None if progress is None else Decimal(int(progress * 100)) / 100  # cut: what is not met is not 100 %
    return {
        "row": row,
        "gap": gap_words(row.gap, row.currency),
        "progress": progress,
        "progress_text": percent(percents, 0),
        "risk_colour": colour,
        "risk_title": title,
        "risk_cause": cause,
        "differs": bool(row.held and row.computed and row.computed.code != row.held.code),
    }


def cells(row: Row) -> list[object]:
    """The cells of `tiers.choices.board.COLUMNS`."""
    said = shown(row)
    override, upper = row.override, row.next
    return [
        *(row.public_id, row.name, row.manager, row.held.code if row.held else "", row.since or ""),
        *((override.code, override.last_day) if override else ("", "")),
        row.frozen_until or "",
        *(row.computed.code if row.computed else "", row.reviewed_on or ""),
        *(upper.level.code if upper else "", said["progress_text"], said["gap"]),
        row.rises_to.code if row.rises_to else "",
        *(said["risk_title"], row.risk.on if row.risk else "", said["risk_cause"]),
        *("" if row.revenue is None else row.revenue, row.currency),
    ]


def month_names(days: Iterable[date]) -> list[str]:
    locale = reader_locale()
    return [format_date(day, "LLL yy", locale=locale) for day in days]
