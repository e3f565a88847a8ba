"""Words for appeals and breaches, and the sentences of their refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AppealStatus(TextChoices):
    OPEN = "open", _("Open")
    UPHELD = "upheld", _("Refusal upheld")
    OVERTURNED = "overturned", _("Overturned")


class BreachSource(TextChoices):
    OPPORTUNITY = "opportunity", _("Direct opportunity")
    SALE = "sale", _("Direct sale")


class BreachStatus(TextChoices):
    """`withdrawn`: the CRM took back what it had reported."""

    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    SETTLED = "settled", _("Made good")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


REASONS: dict[str, object] = {}
EVENTS: dict[str, tuple[object, str, str]] = {}
