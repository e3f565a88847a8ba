"""Words for the programme, its score book, and the sentences of this app's refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Window(TextChoices):
    """Which credits a requirement looks at, seen from a day."""

    TRAILING_12_MONTHS = "trailing_12_months", _("Last 12 months")
    FISCAL_YEAR = "fiscal_year", _("This fiscal year")
    SINCE_JOINING = "since_joining", _("Since joining")
    VALID_ON_DAY = "valid_on_day", _("Valid today")


class Aggregation(TextChoices):
    SUM = "sum", _("Total")
    COUNT = "count", _("Number")
    AVERAGE = "average", _("Average")


class MetricUnit(TextChoices):
    """How a value of the metric is printed."""

    MONEY = "money", _("Amount in the programme's currency")
    NUMBER = "number", _("Number")
    SCORE = "score", _("Score")


class PeriodLength(TextChoices):
    """At whose end a demotion takes effect."""

    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


class NoticeOutcome(TextChoices):
    OPEN = "open", _("Announced")
    CANCELLED = "cancelled", _("Cancelled: the requirements are met again")
    TOOK_EFFECT = "took_effect", _("Took effect")


LEVEL_COLOURS = {code: code for code in ("bronze", "silver", "gold", "platinum")}  # other levels: secondary

# Metrics that the program itself credits; any other one is defined as data.
METRICS = {
    "channel_revenue": (_("Channel revenue"), MetricUnit.MONEY),
    "solution_revenue": (_("Solution and service revenue"), MetricUnit.MONEY),
    "new_customers": (_("New customers"), MetricUnit.NUMBER),
    "certified_people": (_("Certified people"), MetricUnit.NUMBER),
    "training": (_("Completed training"), MetricUnit.NUMBER),
    "csat": (_("Customer satisfaction"), MetricUnit.SCORE),
    "nps": (_("Net promoter score"), MetricUnit.SCORE),
    "marketing_activity": (_("Marketing activities"), MetricUnit.NUMBER),
}

REASONS = {
    "tier.no_programme": _("No partner programme is in force on %(day)s."),
    "metric.unknown": _("There is no metric called “%(metric)s”."),
    "metric.exists": _("There is already a metric called “%(metric)s”."),
    "score.source_differs": _(
        "“%(key)s” was already credited to %(metric)s with another amount or validity: reverse it and credit a new key."
    ),
    "score.source_reversed": _("“%(key)s” was credited to %(metric)s and reversed: credit a new key."),
}
