"""What is promised: plans, their versions and bands. A version is frozen when it is published."""

from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from common.database import are_numbers
from common.ids import public_id
from incentives.choices import Calculation, MeasurementPeriod


class Plan(models.Model):
    """A promise under one name; what exactly is promised when is in its versions."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """The terms of a plan for a time. Once published only `ends_on` may still be set; a trigger sees to it."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "plv"), editable=False)
    number = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # half-open; none: until a successor
    published_at = models.DateTimeField(null=True, blank=True)
    calculation = models.CharField(max_length=16, choices=Calculation)
    measurement = models.CharField(max_length=8, choices=MeasurementPeriod)
    currency = models.CharField(max_length=3)
    uses_tier_multiplier = models.BooleanField()
    eligible_types = ArrayField(models.CharField(max_length=20))
    eligible_levels = ArrayField(models.CharField(max_length=20), default=list, blank=True)  # empty: every level
    family_codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)  # empty: every family
    product_kinds = ArrayField(models.CharField(max_length=12), default=list, blank=True)  # empty: every kind

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="plan_version_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(eligible_types=[]), name="plan_version_has_a_type"),
            models.CheckConstraint(condition=Q(calculation__in=Calculation.values), name="plan_calculation_known"),
            models.CheckConstraint(
                condition=Q(measurement__in=MeasurementPeriod.values), name="plan_measurement_known"
            ),
            ExclusionConstraint(
                name="plan_versions_do_not_overlap",
                expressions=[
                    ("plan", RangeOperators.EQUAL),
                    (Func("starts_on", "ends_on", function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class Band(models.Model):
    """From this volume on, this rate. The next band's lower bound ends it: gaps and overlaps cannot be written."""

    version = models.ForeignKey(PlanVersion, models.CASCADE, related_name="bands")
    lower_bound = models.DecimalField(max_digits=19, decimal_places=4)
    rate = models.DecimalField(max_digits=9, decimal_places=6)  # 0.04 = 4 %

    class Meta:
        ordering = ["version", "lower_bound"]
        constraints = [
            models.UniqueConstraint(fields=["version", "lower_bound"], name="band_once"),
            models.CheckConstraint(condition=Q(lower_bound__gte=0) & are_numbers("lower_bound"), name="band_from_zero"),
            models.CheckConstraint(condition=Q(rate__gte=0) & are_numbers("rate"), name="band_rate_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.lower_bound}: {self.rate}"
