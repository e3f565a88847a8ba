"""Words of the tier board."""

from django.utils.translation import gettext_lazy as _

SHOWS = {
    "rises": _("Rises tonight"),
    "at_risk": _("At risk"),
    "notice": _("Notice running"),
    "overridden": _("Overridden"),
    "frozen": _("Frozen"),
}

COLUMNS = (
    *("partner", "name", "manager", "level", "since", "override", "override_until", "frozen_until"),
    *("reviewed_level", "reviewed_on", "next_level", "progress", "missing", "rises_to"),
    *("risk", "risk_on", "risk_cause", "revenue", "currency"),
)
NOTICE_COLUMNS = ("partner", "name", "level", "given_on", "effective_on", "outcome", "closed_on")
MONTH_COLUMNS = ("day", "level", "partners")
