"""Words for the check before a registration, and its sentences."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Light(TextChoices):
    GREEN = "green", _("Free")
    AMBER = "amber", _("A person will look")
    RED = "red", _("Cannot be protected")


REASONS: dict[str, object] = {}
