"""The score book."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast

from tiers.choices.scores import OF_SALES, MetricUnit

SCORE_SCALE = 10_000  # units of the score book per 1.0: amounts have four decimals


class Metric(models.Model):
    """Something that is counted in the score book. New ones are data, not code."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=8, choices=MetricUnit)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(unit__in=MetricUnit.values), name="metric_unit_known")]

    def __str__(self) -> str:
        return self.name


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
    holder = models.CharField(max_length=120, blank=True)  # the person it stands and falls with
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
            ),
            # For whom something begins or ends on a day, or leaves a window.
            models.Index(fields=["metric", "valid_from"], include=["partner"], name="score_begins"),
            models.Index(
                fields=["metric", "valid_until"],
                include=["partner"],
                condition=Q(valid_until__isnull=False),
                name="score_ends",
            ),
            # What the pages and programs that read the book go along, newest or oldest first.
            models.Index(fields=["recorded_at", "id"], name="score_order"),
            models.Index(fields=["partner", "recorded_at", "id"], name="score_order_of_partner"),
            models.Index(fields=["metric", "recorded_at", "id"], name="score_order_of_metric"),
            models.Index(
                fields=["source_kind", "recorded_at", "id"],
                condition=~Q(source_kind__in=OF_SALES),
                name="score_order_of_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.source_kind} {self.source_key}"
