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
    "won_deals": (_("Won registered deals"), MetricUnit.NUMBER),
}


class BookState(TextChoices):
    """How a row of the book is to be read."""

    STANDING = "standing", _("Counts")
    REVERSED = "reversed", _("Reversed")
    REVERSAL = "reversal", _("Reversal")


STATE_COLOURS = {"standing": "green", "reversed": "secondary", "reversal": "orange"}
OUTCOME_COLOURS = {"created": "green", "unchanged": "secondary", "failed": "red"}

REPORTED = "reported"  # the source of what people and other programs credit, by file or by REST
SOURCE_KINDS = {
    REPORTED: _("Reported"),
    "certificate": _("Certificate"),
    "sale_line": _("Line of a sale"),
    "first_sale": _("First sale to a customer"),
    "registration": _("Won deal"),
}
OF_SALES = ("sale_line", "first_sale")  # nearly all credits
FOLLOWING = frozenset((*OF_SALES, "registration"))  # move with what they come from, never by hand

COLUMN_TEXTS = {
    "partner": _("Its number (ptn_…)."),
    "partner_name": _("For you to read; not looked at."),
    "metric": _("The metric's code, such as training."),
    "amount": _("Such as 5000 or 5000.50, with at most 4 decimals: no separators of thousands."),
    "currency": _("Three letters, of amounts of money only: the programme's currency."),
    "valid_from": _("The day from which it counts, such as 2027-03-31 or 31.03.2027."),
    "valid_until": _("The first day on which it no longer counts; empty: no end."),
    "source_key": _("What it comes from, in your words: it is credited once for ever to a partner and metric."),
    "label": _("What the partner reads."),
    "holder": _("The person it stands and falls with."),
}

REASONS = {
    "metric.unknown": _("There is no metric called “%(metric)s”."),
    "metric.exists": _("There is already a metric called “%(metric)s”."),
    "score.source_differs": _(
        "“%(key)s” was already credited to %(metric)s with another amount or validity: reverse it and credit a new key."
    ),
    "score.key_differs": _(
        "“%(key)s” was already credited to %(metric)s with other content: reverse it and credit a new key."
    ),
    "score.source_reversed": _("“%(key)s” was credited to %(metric)s and reversed: credit a new key."),
    "score.partner_unknown": _("There is no partner with this number."),
    "score.amount_invalid": _("The amount must be a number with at most 14 digits before and 4 after the point."),
    "score.amount_unreadable": _("Write the amount as 5000 or 5000.50, without separators of thousands."),
    "score.currency_missing": _("Give the currency of an amount of money: %(currency)s."),
    "score.currency_other": _("The score book of this partner is kept in %(currency)s."),
    "score.currency_unneeded": _("%(metric)s is no amount of money: leave the currency out."),
    "score.no_programme": _("No programme is in force for this partner, so amounts of money have no currency."),
    "score.day_unreadable": _("Write the day as 2027-03-31 or 31.03.2027."),
    "score.day_missing": _("Enter the first day."),
    "score.day_absurd": _("The day must lie between 1970 and 2199."),
    "score.validity_reversed": _("It must end after it begins."),
    "score.key_missing": _("Enter what the credit comes from."),
    "score.text_long": _("At most %(limit)s characters are possible."),
    "score.text_unreadable": _("Only characters that can be read are possible, on one line."),
    "score.doubled": _("The same source, partner and metric as in row %(row)s."),
    "score.key_unknown": _("Nothing was credited under “%(key)s”."),
    "score.reason_missing": _("Say why."),
    "score.reason_long": _("At most %(limit)s characters are possible."),
    "score.follows": _("This credit follows what it comes from: correct that, and the score book follows."),
    "score.is_reversed": _("This was reversed before."),
    "metric.code_invalid": _("A code has at most 40 lower-case letters, digits and underscores; a letter comes first."),
    "metric.name_missing": _("Enter the metric's name."),
    "metric.name_invalid": _("A name is one line of at most %(limit)s characters."),
    "metric.unit_unknown": _("Known units: %(units)s."),
    "metric.built_in": _("This metric belongs to the program and keeps its name."),
}
