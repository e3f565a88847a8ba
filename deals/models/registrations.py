"""Registrations and their lines."""

from datetime import datetime
from functools import partial
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Upper

from common.database import are_numbers
from common.ids import public_id
from deals.choices.registrations import DealSource, RegistrationStatus, SalesStage
from deals.rules import transitions

STORED_STATUSES = [status for status in RegistrationStatus.values if status != RegistrationStatus.EXPIRED]


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def reading_on(self, at: datetime) -> Self:
        """With `current_status`: the status as it reads at the instant, lapsed by time."""
        lapsed = When(
            status=RegistrationStatus.APPROVED, protected_until__lte=at, then=Value(RegistrationStatus.EXPIRED.value)
        )
        return self.annotate(current_status=Case(lapsed, default=F("status")))

    def with_status(self, status: str, at: datetime) -> Self:
        """Those that read as this status at the instant."""
        if status == RegistrationStatus.EXPIRED:
            return self.filter(status=RegistrationStatus.APPROVED, protected_until__lte=at)
        if status == RegistrationStatus.APPROVED:
            return self.filter(status=status, protected_until__gt=at)
        return self.filter(status=status)

    def under_review(self) -> Self:
        return self.filter(status=RegistrationStatus.IN_REVIEW)

    def late_on(self, at: datetime) -> Self:
        """Those under review whose answer was due before the instant."""
        return self.under_review().filter(review_due_at__lt=at)


class Registration(models.Model):
    """A deal that a partner asks to be protected for.

    `customer_*` is what the partner typed and never changes after submission; `customer` is who that turned out to be.
    `receipt_number` is the order of receipt, counted under the locks of what is claimed.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "reg"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="registrations")
    registered_by = models.ForeignKey(  # the distributor who brought it for this partner; none: the partner itself
        "partners.Partner", models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=16, choices=RegistrationStatus, default=RegistrationStatus.DRAFT)
    customer_name = models.CharField(max_length=300)
    customer_country = models.CharField(max_length=2, blank=True)
    customer_domain = models.CharField(max_length=253, blank=True)
    customer_tax_id = models.CharField(max_length=40, blank=True)
    customer = models.ForeignKey("crm.Customer", models.PROTECT, null=True, blank=True, related_name="registrations")
    match_kind = models.CharField(max_length=12, blank=True)
    match_score = models.PositiveSmallIntegerField(default=0)
    family_ids = ArrayField(models.BigIntegerField(), default=list)  # claimed: as the products' families were then
    site = models.CharField(max_length=120, blank=True)  # empty: the whole customer
    contact = models.CharField(max_length=200, blank=True)
    expected_close_on = models.DateField(null=True, blank=True)
    stage = models.CharField(max_length=12, choices=SalesStage, default=SalesStage.PROSPECT)
    why_now = models.TextField(blank=True)
    source = models.CharField(max_length=12, choices=DealSource, default=DealSource.OWN)
    currency = models.CharField(max_length=3)
    total_amount = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    base_amount = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)  # at the day's rate
    receipt_number = models.BigIntegerField(null=True, blank=True, unique=True)
    created_by = models.ForeignKey("partners.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    review_due_at = models.DateTimeField(null=True, blank=True)
    auto_approve_at = models.DateTimeField(null=True, blank=True)  # a low-risk review that nobody settles until then
    paused_at = models.DateTimeField(null=True, blank=True)  # the clock stands still while the partner has to act
    escalated_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey("partners.User", models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    protected_until = models.DateTimeField(null=True, blank=True)  # end of its protections, half-open
    late_days = models.PositiveSmallIntegerField(default=0)  # that the answer was late, added to the protection
    last_activity_at = models.DateTimeField(null=True, blank=True)  # the partner's, while it is approved
    won_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    lost_reason = models.CharField(max_length=20, blank=True)

    objects: ClassVar[RegistrationQuerySet] = RegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["partner", "-id"], name="registration_of_partner"),
            models.Index(fields=["review_due_at", "id"], name="registration_queue", condition=Q(status="in_review")),
            models.Index(
                fields=["customer"],
                name="registration_waiting",
                condition=Q(status__in=["in_review", "action_required", "appealed"]),
            ),
            models.Index(fields=["customer"], name="registration_of_customer"),
            models.Index(
                fields=["auto_approve_at"],
                name="registration_approved_by_clock",
                condition=Q(status="in_review", auto_approve_at__isnull=False),
            ),
            models.Index(fields=["last_activity_at"], name="registration_by_activity", condition=Q(status="approved")),
            models.Index(fields=["protected_until"], name="registration_by_end", condition=Q(status="approved")),
            models.Index(fields=["assigned_to"], name="registration_of_reviewer", condition=Q(status="in_review")),
            models.Index(fields=["decided_at"], name="registration_by_decision"),
            models.Index(fields=["updated_at", "public_id"], name="registration_by_change"),
            GinIndex(OpClass(Upper("customer_name"), "gin_trgm_ops"), name="registration_by_name"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=STORED_STATUSES), name="registration_status_known"),
            models.CheckConstraint(
                condition=are_numbers("total_amount", "base_amount") & Q(total_amount__gte=0),
                name="registration_amounts",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"])
                | Q(receipt_number__isnull=False, submitted_at__isnull=False, base_amount__isnull=False),
                name="registration_received",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "won", "lost"])
                | Q(protected_until__isnull=False, decided_at__isnull=False, customer__isnull=False),
                name="registration_protected",
            ),
            models.CheckConstraint(
                condition=~Q(status="in_review") | Q(review_due_at__isnull=False), name="registration_has_a_clock"
            ),
            models.CheckConstraint(
                condition=Q(status="action_required") | Q(paused_at__isnull=True), name="registration_pause"
            ),
            models.CheckConstraint(condition=~Q(registered_by=F("partner")), name="registration_on_behalf"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.customer_name}"

    def status_on(self, at: datetime) -> str:
        return transitions.status_on(self.status, self.protected_until, at)


class RegistrationLine(models.Model):
    """A product of the deal. `amount` is the value of the whole line in the registration's currency."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="lines")
    number = models.PositiveSmallIntegerField()
    product = models.ForeignKey("crm.Product", models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=19, decimal_places=4)

    class Meta:
        ordering = ["registration_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["registration", "number"], name="registration_line_once"),
            models.CheckConstraint(condition=are_numbers("amount") & Q(amount__gt=0), name="registration_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}/{self.number}"
