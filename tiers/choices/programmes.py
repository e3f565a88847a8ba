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


REASONS = {
    "tier.no_programme": _("No partner programme is in force on %(day)s."),
}
