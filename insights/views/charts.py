"""The dashboard's figures as the charts of ``static/js/charts.js`` read them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from babel.dates import format_date
from django.conf import settings
from django.utils.translation import gettext as _

from common.writing import reader_locale
from insights import rules
from insights.choices import REVENUE_CHANNELS
from insights.queries.dashboard import Dashboard

WAIT_LIMITS = (timedelta(hours=4), timedelta(days=1), timedelta(days=2), timedelta(days=5))


def mix_chart(page: Dashboard) -> dict[str, Any]:
    return {
        "kind": "bar",
        "stacked": True,
        "currency": settings.BASE_CURRENCY,
        "labels": _month_names(row.month_starts_on for row in page.mix),
        "series": [
            _series(REVENUE_CHANNELS["partner"], (row.partner_amount for row in page.mix)),
            _series(REVENUE_CHANNELS["direct"], (row.direct_amount for row in page.mix)),
        ],
    }


def money_chart(page: Dashboard) -> dict[str, Any]:
    return {
        "kind": "bar",
        "currency": settings.BASE_CURRENCY,
        "labels": _month_names(row.month_starts_on for row in page.money),
        "series": [
            _series(_("Accrued"), (row.accrued for row in page.money)),
            _series(_("Paid"), (row.paid for row in page.money)),
        ],
    }


def wait_rows(page: Dashboard) -> list[tuple[str, int]]:
    """Answers given by a person, by how long they took."""
    names = (_("Up to 4 hours"), _("Up to 1 day"), _("Up to 2 days"), _("Up to 5 days"), _("Longer"))
    waits = [answer.waited for answer in page.waits if not answer.is_automatic]
    return list(zip(names, rules.bucket_counts(waits, WAIT_LIMITS), strict=True))


def wait_chart(rows: list[tuple[str, int]]) -> dict[str, Any]:
    return {
        "kind": "bar",
        "labels": [name for name, _count in rows],
        "series": [{"label": _("Answers"), "values": [count for _name, count in rows]}],
    }


def _month_names(months: Iterable[Any]) -> list[str]:
    locale = reader_locale()
    return [format_date(month, "LLL yy", locale=locale) for month in months]


def _series(label: Any, amounts: Iterable[Any]) -> dict[str, Any]:
    """Amounts become plain numbers only here, where pixels are all that comes of them."""
    return {"label": str(label), "values": [round(amount) for amount in amounts]}
