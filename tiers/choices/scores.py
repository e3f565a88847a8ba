"""Words for the score book."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MetricUnit(TextChoices):
    """How a value of the metric is printed."""

    MONEY = "money", _("Amount in the programme's currency")
    NUMBER = "number", _("Number")
    SCORE = "score", _("Score")


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
    "metric.unknown": _("There is no metric called “%(metric)s”."),
    "metric.exists": _("There is already a metric called “%(metric)s”."),
    "score.source_differs": _(
        "“%(key)s” was already credited to %(metric)s with another amount or validity: reverse it and credit a new key."
    ),
    "score.source_reversed": _("“%(key)s” was credited to %(metric)s and reversed: credit a new key."),
}
