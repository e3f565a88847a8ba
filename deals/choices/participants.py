"""Words for selling together, and the sentences of its refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ParticipantRole(TextChoices):
    LEAD = "lead", _("Leads the deal")
    RESELL = "resell", _("Resells")
    INTEGRATE = "integrate", _("Integrates")
    REFER = "refer", _("Introduced the customer")
    DIRECT = "direct", _("Vendor's direct sales")


class Consent(TextChoices):
    INVITED = "invited", _("Invited")
    GIVEN = "given", _("Agreed")
    DECLINED = "declined", _("Declined")


REASONS: dict[str, object] = {}
EVENTS: dict[str, tuple[object, str, str]] = {}
