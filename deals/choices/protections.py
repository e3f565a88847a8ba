"""Words for the life of a protection, and the sentences of its refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ExtensionStatus(TextChoices):
    PENDING = "pending", _("Waits for a manager")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")


class ChangeStatus(TextChoices):
    """Of a change to a registration that was already decided."""

    PENDING = "pending", _("Waits for a decision")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


REASONS: dict[str, object] = {}
EVENTS: dict[str, tuple[object, str, str]] = {}
