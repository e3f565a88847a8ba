"""Words for what is said and shown about a registration, and the sentences of its refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Stream(TextChoices):
    """Who reads it."""

    SHARED = "shared", _("Partner and vendor")
    INTERNAL = "internal", _("Vendor only")


REASONS: dict[str, object] = {}
EVENTS: dict[str, tuple[object, str, str]] = {}
