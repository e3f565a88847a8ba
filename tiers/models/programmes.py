"""Programmes by versions: levels, the paths to them, what is asked and given."""

from datetime import date
from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Q

from common.ids import public_id
from tiers.choices.programmes import Aggregation, PeriodLength, SupportLevel, Window
from tiers.models.scores import Metric


class DateRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


def in_force_on(day: date) -> Q:
    """Rows whose half-open period ``starts_on`` … ``ends_on`` contains the day."""
    return Q(starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gt=day))


class Programme(models.Model):
    """A partner programme. Partners are enrolled in the default one unless another is named."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "prg"), editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    is_default = models.BooleanField(default=False)
    change_notice_days = models.PositiveSmallIntegerField(default=30)  # from publishing a version to its first day

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="programme_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class ProgrammeVersion(models.Model):
    """What the programme asks and gives for a time. Frozen when published; only its end may still be set.

    Before it begins it can be withdrawn: it then counts as not published, and stays as it was.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)  # none: being written, or withdrawn
    currency = models.CharField(max_length=3)  # of money metrics and their thresholds
    notice_days = models.PositiveSmallIntegerField(default=90)  # at least so long before a demotion
    demotion_period = models.CharField(max_length=8, choices=PeriodLength, default=PeriodLength.YEAR)
    words = models.TextField(blank=True)  # what partners are told about the change
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_words = models.TextField(blank=True)  # what partners are told about it

    class Meta:
        ordering = ["programme", "number"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="programme_version_number_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="programme_version_period"
            ),
            models.CheckConstraint(
                condition=Q(demotion_period__in=PeriodLength.values), name="programme_version_demotion_period_known"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(withdrawn_at=None), name="programme_version_published_or_withdrawn"
            ),
            ExclusionConstraint(
                name="programme_one_published_version_a_day",
                expressions=[
                    ("programme", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.number}"


class Level(models.Model):
    """A rung of the ladder and its benefits. Rates are shares: 0.03 is 3 %."""

    version = models.ForeignKey(ProgrammeVersion, models.CASCADE, related_name="levels")
    rank = models.PositiveSmallIntegerField()  # 1 is the entry level
    code = models.SlugField(max_length=20)
    name = models.CharField(max_length=60)
    protection_days = models.PositiveSmallIntegerField()
    deal_discount = models.DecimalField(max_digits=5, decimal_places=4)
    rebate_multiplier = models.DecimalField(max_digits=6, decimal_places=4)
    mdf_rate = models.DecimalField(max_digits=5, decimal_places=4)
    lead_priority = models.PositiveSmallIntegerField(
        default=0
    )  # among equal partners the higher is offered leads first
    support_level = models.CharField(max_length=10, choices=SupportLevel, default=SupportLevel.STANDARD)

    class Meta:
        ordering = ["version", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["version", "rank"], name="level_rank_once"),
            models.UniqueConstraint(fields=["version", "code"], name="level_code_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="level_rank_from_one"),
            models.CheckConstraint(
                condition=Q(deal_discount__gte=0, deal_discount__lte=1, mdf_rate__gte=0, mdf_rate__lte=1),
                name="level_rates_are_shares",
            ),
            models.CheckConstraint(
                condition=Q(rebate_multiplier__gt=0, rebate_multiplier__lt=100), name="level_multiplier_positive"
            ),
            models.CheckConstraint(condition=Q(support_level__in=SupportLevel.values), name="level_support_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Path(models.Model):
    """One way to a level: all of its requirements. Any path that is met gives the level."""

    level = models.ForeignKey(Level, models.CASCADE, related_name="paths")
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["level", "number"]
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="path_number_once")]

    def __str__(self) -> str:
        return f"{self.level} {self.number}"


class Requirement(models.Model):
    """A threshold on a metric, seen through a window. A threshold of zero would be none: leave it out."""

    path = models.ForeignKey(Path, models.CASCADE, related_name="requirements")
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="+")
    window = models.CharField(max_length=20, choices=Window)
    aggregation = models.CharField(max_length=8, choices=Aggregation, default=Aggregation.SUM)
    threshold = models.DecimalField(max_digits=18, decimal_places=4)
    minimum_samples = models.PositiveIntegerField(default=0)  # fewer credits: an average says nothing yet

    class Meta:
        ordering = ["path", "id"]
        constraints = [
            models.UniqueConstraint(fields=["path", "metric", "window", "aggregation"], name="requirement_once"),
            models.CheckConstraint(condition=Q(threshold__gt=0, threshold__lt=10**14), name="requirement_positive"),
            models.CheckConstraint(condition=Q(window__in=Window.values), name="requirement_window_known"),
            models.CheckConstraint(condition=Q(aggregation__in=Aggregation.values), name="requirement_sum_known"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} ≥ {self.threshold}"


class ProgrammeDraft(models.Model):
    """A version in the making: levels, paths and benefits as values (`tiers.rules.content`), not in force.

    `revision` counts its changes: a simulation is of one of them. It becomes a version once and stays as it was then.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "pdr"), editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="drafts")
    name = models.CharField(max_length=120)
    content = models.JSONField(encoder=DjangoJSONEncoder)
    revision = models.PositiveIntegerField(default=1)
    starts_on = models.DateField(null=True, blank=True)  # the first day that is wished for
    words = models.TextField(blank=True)
    version = models.OneToOneField(ProgrammeVersion, models.PROTECT, null=True, blank=True, related_name="draft")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.name
