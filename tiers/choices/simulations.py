"""Words for drafts that are tried on the past."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SimulationStatus(TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
