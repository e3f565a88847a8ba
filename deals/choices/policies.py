"""Words for the lists that the rules of engagement look at, and the sentences of their refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BlockReason(TextChoices):
    SANCTIONED = "sanctioned", _("Sanctioned")
    BARRED = "barred", _("Barred by the vendor")


REASONS = {
    "named_account.overlaps": _("The customer is already on the list in this period."),
}
