"""States of the program's own machinery."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class WorkStatus(TextChoices):
    """Of an outbox message or a slice of a job."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    QUARANTINED = "quarantined", _("Set aside after repeated failures")


class RunStatus(TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


REASONS = {
    "request.key_reused": _("This idempotency key was already used for a different request."),
}
