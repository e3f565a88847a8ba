"""Leads from the vendor, and to whom they were offered."""

from datetime import datetime
from functools import partial

from django.db import models
from django.db.models import F, Q

from common.database import are_numbers
from common.ids import public_id
from deals.choices.leads import LeadStatus, OfferAnswer
from deals.models.registrations import Registration


class Lead(models.Model):
    """A company that asked the vendor, looking for the right partner. `value` is in the base currency.

    `ranking` is the last one that an offer, or finding nobody, rested on (`deals.rules.leads.Ranking` as JSON).
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "led"), editable=False)
    status = models.CharField(max_length=10, choices=LeadStatus, default=LeadStatus.OPEN)
    customer_name = models.CharField(max_length=300)
    customer_country = models.CharField(max_length=2)
    customer_domain = models.CharField(max_length=253, blank=True)
    customer_segment = models.CharField(max_length=60, blank=True)  # empty: not known
    family = models.ForeignKey("crm.ProductFamily", models.PROTECT, related_name="+")
    contact_name = models.CharField(max_length=80)
    contact_email = models.CharField(max_length=80, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    words = models.TextField()  # what is needed: read by whom it is offered to, before they accept
    value = models.DecimalField(max_digits=19, decimal_places=4)
    ranking = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="lead_by_age"),
            models.Index(fields=["created_at", "public_id"], name="lead_by_creation"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LeadStatus.values), name="lead_status_known"),
            models.CheckConstraint(condition=are_numbers("value") & Q(value__gt=0), name="lead_value"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.customer_name}"


class LeadOffer(models.Model):
    """A lead offered to one partner, which may accept it until before `expires_at`.

    Never twice to the same partner; of a lead one offer waits at a time, and one is accepted at most. `steps` say why
    this partner, each with its points: they add up to `score`.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "lof"), editable=False)
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="offers")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    steps = models.JSONField()
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=OfferAnswer, default=OfferAnswer.WAITING)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)
    registration = models.ForeignKey(  # the draft that it became when it was accepted
        Registration, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=["partner", "-offered_at"], name="lead_offer_of_partner"),
            models.Index(fields=["offered_at", "public_id"], name="lead_offer_by_time"),
            models.Index(fields=["expires_at"], name="lead_offer_waiting", condition=Q(answer="waiting")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["lead", "partner"], name="lead_offer_never_twice"),
            models.UniqueConstraint(fields=["lead"], name="lead_offer_one_waiting", condition=Q(answer="waiting")),
            models.UniqueConstraint(fields=["lead"], name="lead_offer_one_accepted", condition=Q(answer="accepted")),
            models.CheckConstraint(condition=Q(answer__in=OfferAnswer.values), name="lead_offer_answer_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("offered_at")), name="lead_offer_window"),
            models.CheckConstraint(
                condition=Q(answer="waiting", answered_at__isnull=True)
                | ~Q(answer="waiting") & Q(answered_at__isnull=False),
                name="lead_offer_answered",
            ),
            models.CheckConstraint(
                condition=Q(answer="accepted", registration__isnull=False)
                | ~Q(answer="accepted") & Q(registration__isnull=True),
                name="lead_offer_becomes_a_deal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.partner_id} {self.answer}"

    def answer_on(self, at: datetime) -> str:
        """As it reads at the instant: nobody has to run for an offer to end."""
        is_over = self.answer == OfferAnswer.WAITING and self.expires_at <= at
        return OfferAnswer.EXPIRED.value if is_over else self.answer
