"""Words for where partners stand."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class NoticeOutcome(TextChoices):
    OPEN = "open", _("Announced")
    CANCELLED = "cancelled", _("Cancelled: the requirements are met again")
    TOOK_EFFECT = "took_effect", _("Took effect")


class OverrideStatus(TextChoices):
    REQUESTED = "requested", _("Waits for a second person")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
