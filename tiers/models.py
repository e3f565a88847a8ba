"""The programme by versions, the score book, and where each partner stands."""

from datetime import date
from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast

from common.ids import public_id
from tiers.choices import Aggregation, MetricUnit, NoticeOutcome, PeriodLength, Window

SCORE_SCALE = 10_000  # units of the score book per 1.0: amounts have four decimals


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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="programme_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class ProgrammeVersion(models.Model):
    """What the programme asks and gives for a time. Frozen when published; only its end may still be set."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)  # none: a draft
    currency = models.CharField(max_length=3)  # of money metrics and their thresholds
    notice_days = models.PositiveSmallIntegerField(default=90)  # at least so long before a demotion
    demotion_period = models.CharField(max_length=8, choices=PeriodLength, default=PeriodLength.YEAR)

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


class Metric(models.Model):
    """Something that is counted in the score book. New ones are data, not code."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=8, choices=MetricUnit)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(unit__in=MetricUnit.values), name="metric_unit_known")]

    def __str__(self) -> str:
        return self.name


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


class ScoreCredit(models.Model):
    """One thing that counts for a partner, and why. Never changed; undone by a second row that reverses it.

    A source is credited once for ever per partner and metric: what was corrected comes under a new key. `units` is
    the amount in ten-thousandths, for sums over many rows.
    """

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+", db_index=False)
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    units = models.GeneratedField(
        expression=Cast(F("amount") * SCORE_SCALE, models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)  # half-open; none: no end
    source_kind = models.CharField(max_length=40)
    source_key = models.CharField(max_length=160)
    label = models.CharField(max_length=200, blank=True)  # what the partner reads
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="reversals", db_index=False)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_kind", "source_key", "partner", "metric"],
                condition=Q(reverses=None),
                name="score_source_once",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="score_reversed_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="score_validity"
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "metric", "valid_from"],
                include=["valid_until", "units", "reverses", "recorded_at"],
                name="score_window",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.source_kind} {self.source_key}"


class Standing(models.Model):
    """The level a partner holds for a time; no two at once, whoever writes."""

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    level = models.ForeignKey(Level, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["partner", "starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="standing_period"),
            ExclusionConstraint(
                name="standing_one_level_a_day",
                expressions=[
                    ("partner", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.starts_on} … {self.ends_on or ''}".strip()


class DemotionNotice(models.Model):
    """What a partner was told: without recovery it falls to this level, at the earliest, on that day."""

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+", db_index=False)
    level = models.ForeignKey(Level, models.PROTECT, related_name="+")
    given_on = models.DateField()
    effective_on = models.DateField()
    outcome = models.CharField(max_length=12, choices=NoticeOutcome, default=NoticeOutcome.OPEN)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["partner", "given_on"]
        indexes = [models.Index(fields=["partner", "given_on"], name="notice_history")]
        constraints = [
            models.UniqueConstraint(fields=["partner", "level"], condition=Q(outcome="open"), name="notice_open_once"),
            models.CheckConstraint(condition=Q(outcome__in=NoticeOutcome.values), name="notice_outcome_known"),
            models.CheckConstraint(condition=Q(effective_on__gt=F("given_on")), name="notice_before_effect"),
            models.CheckConstraint(
                condition=Q(outcome="open", closed_on=None) | Q(~Q(outcome="open"), closed_on__isnull=False),
                name="notice_closed_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.effective_on} {self.outcome}"


class Review(models.Model):
    """What the night found for a partner: each requirement's value and target, and the level that follows.

    Written only when it differs from the one before, so the review of a day is the latest that is not after it.
    """

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+", db_index=False)
    business_date = models.DateField()
    version = models.ForeignKey(ProgrammeVersion, models.PROTECT, related_name="+")
    level = models.ForeignKey(Level, models.PROTECT, null=True, related_name="+")  # none: not even the entry level
    steps = models.JSONField(encoder=DjangoJSONEncoder)
    fingerprint = models.CharField(max_length=64)  # of version and steps: what is compared night by night

    class Meta:
        ordering = ["partner", "business_date"]
        constraints = [models.UniqueConstraint(fields=["partner", "business_date"], name="review_once_a_day")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.business_date}"
