"""Words for a programme: what it asks, how it is counted, and what it gives."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Window(TextChoices):
    """Which credits a requirement looks at, seen from a day."""

    TRAILING_3_MONTHS = "trailing_3_months", _("Last 3 months")
    TRAILING_6_MONTHS = "trailing_6_months", _("Last 6 months")
    TRAILING_12_MONTHS = "trailing_12_months", _("Last 12 months")
    TRAILING_24_MONTHS = "trailing_24_months", _("Last 24 months")
    FISCAL_QUARTER = "fiscal_quarter", _("This fiscal quarter")
    FISCAL_YEAR = "fiscal_year", _("This fiscal year")
    SINCE_JOINING = "since_joining", _("Since joining")
    VALID_ON_DAY = "valid_on_day", _("Valid today")


class Aggregation(TextChoices):
    """What the credits that a requirement sees add up to. The latest is that of the latest first day of validity."""

    SUM = "sum", _("Total")
    COUNT = "count", _("Number")
    AVERAGE = "average", _("Average")
    LATEST = "latest", _("Latest")


class PeriodLength(TextChoices):
    """At whose end a demotion takes effect."""

    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


LEVEL_COLOURS = {code: code for code in ("bronze", "silver", "gold", "platinum")}  # other levels: secondary


class SupportLevel(TextChoices):
    """What a partner of the level may expect when it asks for help."""

    STANDARD = "standard", _("Standard")
    PRIORITY = "priority", _("Priority")
    PREMIUM = "premium", _("Premium, with a named engineer")


# Metrics that sales and won deals credit by themselves.
ALWAYS_CREDITED = frozenset({"channel_revenue", "solution_revenue", "new_customers", "won_deals"})

# How a window is named within a sentence.
WINDOW_WORDS = {
    "trailing_3_months": _("in the last 3 months"),
    "trailing_6_months": _("in the last 6 months"),
    "trailing_12_months": _("in the last 12 months"),
    "trailing_24_months": _("in the last 24 months"),
    "fiscal_quarter": _("in the fiscal quarter"),
    "fiscal_year": _("in the fiscal year"),
    "since_joining": _("since joining"),
    "valid_on_day": _("valid today"),
}

BENEFIT_LABELS = {
    "protection_days": _("Protection of a registered deal"),
    "deal_discount": _("Discount on deals"),
    "rebate_multiplier": _("Rebates multiplied by"),
    "mdf_rate": _("Marketing funds, of revenue"),
    "lead_priority": _("Priority when leads are given out"),
    "support_level": _("Support"),
}


class VersionState(TextChoices):
    """How a version stands on a day; derived, never stored."""

    ANNOUNCED = "announced", _("Announced")
    IN_FORCE = "in_force", _("In force")
    PAST = "past", _("Past")
    WITHDRAWN = "withdrawn", _("Withdrawn")


VERSION_COLOURS = {"announced": "purple", "in_force": "green", "past": "secondary", "withdrawn": "red"}


class Revision(TextChoices):
    """What was done from one version to another."""

    ADDED = "added", _("Added")
    REMOVED = "removed", _("Removed")
    MOVED = "moved", _("Moved")
    CHANGED = "changed", _("Changed")


REVISION_COLOURS = {"added": "green", "removed": "red", "moved": "azure", "changed": "yellow"}

REASONS = {
    "tier.no_programme": _("No partner programme is in force on %(day)s."),
}
