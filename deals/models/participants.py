"""Who shares in a deal that several sell together."""

from decimal import Decimal
from functools import partial

from django.db import models
from django.db.models import Q

from common.ids import public_id
from deals.choices.participants import Consent, ParticipantRole
from deals.models.registrations import Registration


class Participant(models.Model):
    """One side of a co-sell and its share in basis points. Without a partner it is the vendor's direct sales.

    Shares of a registration's rows that were not declined sum to 10 000 (a deferred trigger sees to it).
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "prt"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="participants")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=12, choices=ParticipantRole)
    share_bps = models.PositiveSmallIntegerField()
    consent = models.CharField(max_length=10, choices=Consent, default=Consent.INVITED)
    invited_at = models.DateTimeField()
    invited_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["partner", "consent"], name="participant_of_partner")]
        constraints = [
            models.UniqueConstraint(fields=["registration", "partner"], name="participant_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(share_bps__lte=10_000), name="participant_share"),
        ]

    @property
    def share(self) -> Decimal:
        return Decimal(self.share_bps) / 10_000

    def __str__(self) -> str:
        return f"{self.registration_id} {self.partner_id} {self.share_bps}"
