"""Protections, what prolongs them, and the pencil that holds a place for three days."""

from datetime import datetime
from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, BigIntegerRangeField, DateTimeRangeField, RangeBoundary
from django.contrib.postgres.fields.ranges import RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import F, Func, Q

from common.ids import public_id
from deals.choices.protections import ExtensionStatus, WarningKind
from deals.models.registrations import Registration


def everywhere() -> NumericRange:
    """All sites of a customer."""
    return NumericRange(None, None)


def instants() -> Func:
    """The half-open time of a row with `starts_at` and `ends_at`."""
    return Func("starts_at", "ends_at", RangeBoundary(), function="tstzrange", output_field=DateTimeRangeField())


class Protection(models.Model):
    """The customer is this partner's in this product family, from approval on, half-open.

    `sites` is the range of site numbers (`deals.rules.sites`): one number, or unbounded for the whole customer. At most
    one lives per customer, family and site at any instant: the exclusion constraint is the backstop of the locks in
    `deals.actions.claims`. Those of a published tender are shared and exclude nobody. Giving one up ends it early;
    rows stay. A company that the CRM has several records of is protected in all of them.
    """

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="protections")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    customer = models.ForeignKey("crm.Customer", models.PROTECT, related_name="+")
    family = models.ForeignKey("crm.ProductFamily", models.PROTECT, related_name="+")
    sites = BigIntegerRangeField(default=everywhere)
    is_shared = models.BooleanField(default=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "customer", "family", "starts_at"], name="protection_once"),
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="protection_period"),
            ExclusionConstraint(
                name="protection_one_live",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("family", RangeOperators.EQUAL),
                    ("sites", RangeOperators.OVERLAPS),
                    (instants(), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_shared=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.family_id} until {self.ends_at}"


class Extension(models.Model):
    """A request for more time, with the day of its evidence. At most one waits for an answer."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "ext"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="extensions")
    number = models.PositiveSmallIntegerField()  # the first is granted by rule, later ones by a manager
    words = models.TextField()
    evidence = models.ForeignKey("deals.Attachment", models.PROTECT, null=True, blank=True, related_name="+")
    evidence_on = models.DateField()
    days = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8, choices=ExtensionStatus, default=ExtensionStatus.PENDING)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)  # empty: by rule
    answer = models.TextField(blank=True)
    ends_before = models.DateTimeField()  # the protection's end when it was asked for
    ends_after = models.DateTimeField(null=True, blank=True)  # and after it was granted

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "number"], name="extension_once"),
            models.UniqueConstraint(
                fields=["registration"], name="extension_one_pending", condition=Q(status="pending")
            ),
            models.CheckConstraint(
                condition=~Q(status="granted") | Q(ends_after__gt=F("ends_before")), name="extension_prolongs"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}/{self.number} {self.status}"


class LifeWarning(models.Model):
    """A partner was told that its protection is at stake. Once for each rung of each stretch without activity, and for
    each number of days before each end: `counted_from` is the last activity or the end that was warned of."""

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="warnings")
    kind = models.CharField(max_length=8, choices=WarningKind)
    days = models.PositiveSmallIntegerField()
    counted_from = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "kind", "days", "counted_from"], name="warning_once")
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.kind} {self.days}"


class PencilHold(models.Model):
    """A free customer kept for a partner for a short time, half-open, while it prepares its registration."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "pcl"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    customer = models.ForeignKey("crm.Customer", models.PROTECT, related_name="+")
    family_ids = ArrayField(models.BigIntegerField())
    sites = BigIntegerRangeField(default=everywhere)
    customer_name = models.CharField(max_length=300)  # as typed by the partner
    customer_country = models.CharField(max_length=2)
    customer_domain = models.CharField(max_length=253, blank=True)
    customer_tax_id = models.CharField(max_length=40, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "ends_at"], name="pencil_of_customer"),
            models.Index(fields=["partner", "ends_at"], name="pencil_of_partner"),
        ]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="pencil_period")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.customer_id} until {self.ends_at}"

    def is_live(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at
