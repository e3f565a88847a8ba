"""What is remembered of deal registrations, the decisions about them, and protections."""

from datetime import datetime
from functools import partial
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Upper

from common.database import are_numbers
from common.ids import public_id
from deals.choices.engagement import RuleVerdict
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


class Registration(models.Model):
    """A deal that a partner asks to be protected for.

    `customer_*` is what the partner typed and never changes after submission; `customer` is who that turned out to be.
    `receipt_number` is the order of receipt, counted under the locks of what is claimed.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "reg"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="registrations")
    status = models.CharField(max_length=12, choices=RegistrationStatus, default=RegistrationStatus.DRAFT)
    customer_name = models.CharField(max_length=300)
    customer_country = models.CharField(max_length=2, blank=True)
    customer_domain = models.CharField(max_length=253, blank=True)
    customer_tax_id = models.CharField(max_length=40, blank=True)
    customer = models.ForeignKey("crm.Customer", models.PROTECT, null=True, blank=True, related_name="registrations")
    match_kind = models.CharField(max_length=12, blank=True)
    match_score = models.PositiveSmallIntegerField(default=0)
    family_ids = ArrayField(models.BigIntegerField(), default=list)  # claimed: as the products' families were then
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
    decided_at = models.DateTimeField(null=True, blank=True)
    protected_until = models.DateTimeField(null=True, blank=True)  # end of its protections, half-open
    won_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    lost_reason = models.CharField(max_length=20, blank=True)

    objects: ClassVar[RegistrationQuerySet] = RegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["partner", "-id"], name="registration_of_partner"),
            models.Index(fields=["review_due_at", "id"], name="registration_queue", condition=Q(status="in_review")),
            models.Index(fields=["customer"], name="registration_waiting", condition=Q(status="in_review")),
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


class Rulebook(models.Model):
    """A version of the rules of engagement. Once published it is frozen by a trigger.

    In force on a day is the published version with the latest `effective_from` not after it; of one day the newest.
    """

    version = models.PositiveIntegerField(unique=True)
    rules = models.JSONField()  # ordered: deals.rules.rulebook.Rule
    effective_from = models.DateField()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-effective_from", "-version"], name="rulebook_in_force")]

    def __str__(self) -> str:
        return f"v{self.version}"


class NamedAccount(models.Model):
    """A customer on the published list of those whom direct sales alone serves, half-open by days."""

    customer = models.ForeignKey("crm.Customer", models.PROTECT, related_name="named_accounts")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="named_account_period"
            ),
            ExclusionConstraint(
                name="named_account_once",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (
                        Func(
                            "starts_on", "ends_on", RangeBoundary(), function="daterange", output_field=DateRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.starts_on}"


class Decision(models.Model):
    """One judgement of a registration, with everything needed to judge again. Append-only by trigger and privilege.

    `verdict` is what was decided; `judged_verdict` what the rules said by themselves (they differ only where a person
    settled a review). `outcomes` and `inputs` tell of rivals: partners read `queries.decisions.receipt_for`.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "dec"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="decisions")
    sequence = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=8, choices=RuleVerdict)
    judged_verdict = models.CharField(max_length=8, choices=RuleVerdict)
    decisive_rule = models.CharField(max_length=40, blank=True)
    reason_code = models.CharField(max_length=80)
    reason_params = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    rulebook = models.ForeignKey(Rulebook, models.PROTECT, related_name="decisions")
    outcomes = models.JSONField()
    inputs = models.JSONField()
    decided_by = models.ForeignKey("partners.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_by_label = models.CharField(max_length=200, blank=True)  # empty: automatic
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at", "id"], name="decision_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["registration", "sequence"], name="decision_once"),
            models.CheckConstraint(
                condition=Q(
                    verdict__in=["approve", "review", "reject"], judged_verdict__in=["approve", "review", "reject"]
                ),
                name="decision_verdict_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}/{self.sequence} {self.verdict}"


class Protection(models.Model):
    """The customer is this partner's in this product family, from approval on, half-open.

    At most one lives per customer and family at any instant: the exclusion constraint is the backstop of the locks in
    `deals.actions.claims`. Giving one up ends it early; rows stay. A company that the CRM has several records of is
    protected in all of them.
    """

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="protections")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    customer = models.ForeignKey("crm.Customer", models.PROTECT, related_name="+")
    family = models.ForeignKey("crm.ProductFamily", models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "customer", "family"], name="protection_once"),
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="protection_period"),
            ExclusionConstraint(
                name="protection_one_live",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("family", RangeOperators.EQUAL),
                    (
                        Func(
                            "starts_at",
                            "ends_at",
                            RangeBoundary(),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.family_id} until {self.ends_at}"
