"""Pre-flight checks that partners made: what their rate and ratio of refusals are counted from."""

from django.db import models

from deals.choices.checks import Light


class PreflightCheck(models.Model):
    """One answer given. `asked` is a keyed digest of the identity: the same question twice counts once."""

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    asked = models.CharField(max_length=32)
    light = models.CharField(max_length=6, choices=Light)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["partner", "-at"], name="check_of_partner")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.light}"
