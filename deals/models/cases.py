"""Cases in which somebody's word is checked: appeals against a decision, breaches of a protection."""

from functools import partial

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from common.database import are_numbers
from common.ids import public_id
from deals.choices.cases import AppealStatus, BreachSource, BreachStatus
from deals.models.decisions import Decision
from deals.models.registrations import Registration


class Appeal(models.Model):
    """A partner asks somebody else to look again at a negative decision, or at the end of a protection. One for each.

    `decision` is the one appealed against; for a protection that lapsed or was revoked, the approval it came from.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "apl"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="appeals")
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="appeals")
    status_before = models.CharField(max_length=16)  # rejected, expired or revoked
    grounds = models.TextField()
    status = models.CharField(max_length=10, choices=AppealStatus, default=AppealStatus.OPEN)
    filed_at = models.DateTimeField()
    filed_by = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey("partners.User", models.SET_NULL, null=True, blank=True, related_name="+")
    judged_at = models.DateTimeField(null=True, blank=True)
    judged_by = models.ForeignKey("partners.User", models.PROTECT, null=True, blank=True, related_name="+")
    judged_by_label = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)  # of the judge; partners read them
    precedent = models.TextField(blank=True)  # the case in a sentence without names, for everybody
    outcome = models.ForeignKey(Decision, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="appeal_queue", condition=Q(status="open")),
            models.Index(fields=["assigned_to"], name="appeal_of_judge", condition=Q(status="open")),
            models.Index(fields=["judged_at"], name="appeal_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["registration", "decision", "status_before"], name="appeal_once"),
            models.UniqueConstraint(fields=["registration"], name="appeal_one_open", condition=Q(status="open")),
            models.CheckConstraint(
                condition=Q(status="open") | (Q(judged_at__isnull=False) & ~Q(judged_by_label="")),
                name="appeal_judged_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.status}"


class Breach(models.Model):
    """Direct sales was active inside a live protection. Found by the program itself when the CRM reports it.

    `steps` explain `amount`, the make-good proposed in `currency`: the margin and rebate the partner would have earned.
    `settled_amount` was paid. `words` say what went wrong, `closing_words` how it ended; the partner reads both.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "brc"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="breaches")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    source = models.CharField(max_length=12, choices=BreachSource)
    source_public_id = models.CharField(max_length=24)
    source_external_id = models.CharField(max_length=100)
    facts = models.JSONField(encoder=DjangoJSONEncoder)  # what the CRM reported, as it was then
    status = models.CharField(max_length=12, choices=BreachStatus, default=BreachStatus.OPEN)
    found_at = models.DateTimeField()
    due_at = models.DateTimeField()  # until then the vendor has promised to acknowledge it
    amount = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    currency = models.CharField(max_length=3)
    steps = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)
    settled_amount = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True)
    closing_words = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "breaches"
        indexes = [
            models.Index(fields=["status", "due_at"], name="breach_by_status"),
            models.Index(fields=["partner", "-found_at"], name="breach_of_partner"),
            models.Index(fields=["source", "source_external_id"], name="breach_by_source"),
            models.Index(fields=["found_at"], name="breach_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["registration", "source", "source_external_id"], name="breach_once"),
            models.CheckConstraint(
                condition=are_numbers("amount", "settled_amount") & Q(amount__gte=0), name="breach_amount"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["acknowledged", "settled", "rejected"])
                | Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by=""),
                name="breach_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["settled", "rejected"]) | Q(closed_at__isnull=False) & ~Q(closed_by=""),
                name="breach_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="settled", settled_amount__gt=0) & ~Q(words="")
                | Q(status="rejected", settled_amount__isnull=True) & ~Q(closing_words="")
                | Q(status="acknowledged", settled_amount__isnull=True) & ~Q(words="")
                | Q(status__in=["open", "withdrawn"], settled_amount__isnull=True),
                name="breach_says_what_it_must",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.status}"
