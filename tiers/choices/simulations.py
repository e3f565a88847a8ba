"""Words for drafts that are tried on the past."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SimulationStatus(TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


STATUS_COLOURS = {"running": "azure", "done": "green", "failed": "red", "cancelled": "secondary"}


class Direction(TextChoices):
    """Where a partner would stand at the end, beside where it stands."""

    HIGHER = "higher", _("Would stand higher")
    LOWER = "lower", _("Would stand lower")
    SAME = "same", _("Would stand the same")


REASONS = {
    "simulation.period": _("Choose days that are not to come, of which the first is before the last."),
    "simulation.too_long": _("A simulation goes back %(months)s months at most."),
    "simulation.running": _("A simulation of this draft is running: wait for it or cancel it."),
    "simulation.not_running": _("This simulation is not running any more."),
}
