"""Where partners stand, and why."""

from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q

from common.ids import public_id
from tiers.choices.standings import NoticeOutcome, OverrideStatus
from tiers.models.programmes import DateRange, Level, ProgrammeVersion


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
        indexes = [
            models.Index(
                fields=["partner"],
                include=["level", "starts_on", "id"],
                condition=Q(ends_on=None),
                name="standing_latest",
            )
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
    """What the night found for a partner: what each measure of the programme's version adds up to, and the level.

    `totals`, `samples` and `latest` are in the order of `ladder.Programme.ordered_measures`, amounts in units of the
    score book; targets are the version's. `latest` is null where no requirement asks for it or nothing is credited.
    Written only when it differs from the one before, so the review of a day is the latest that is not after it.

    Without foreign keys in the database, which would take longer than measuring: a partner that is reviewed has
    standings, which hold it, and a published version can lose neither itself nor its levels.
    """

    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    business_date = models.DateField()
    version = models.ForeignKey(ProgrammeVersion, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    level = models.ForeignKey(  # none: not even the entry level
        Level, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    totals = ArrayField(models.BigIntegerField())
    samples = ArrayField(models.IntegerField())
    latest = ArrayField(models.BigIntegerField(null=True))

    class Meta:
        ordering = ["partner", "business_date"]
        constraints = [models.UniqueConstraint(fields=["partner", "business_date"], name="review_once_a_day")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.business_date}"


class DueReview(models.Model):
    """Something is new for the partner since it was last measured, or the partner is: a row each, written by triggers
    with the change.

    The review that measures the partner takes them away. No unique key, so that nobody who writes waits for another.
    """

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+", db_constraint=False)

    def __str__(self) -> str:
        return str(self.partner_id)


class Override(models.Model):
    """For a time a partner has another level than the one it holds, because two people say so.

    Half-open, at most twelve months; ending it early moves its end. What the review finds goes on beside it.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "ovr"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    level = models.ForeignKey(Level, models.PROTECT, related_name="+")
    reason = models.TextField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    status = models.CharField(max_length=10, choices=OverrideStatus, default=OverrideStatus.REQUESTED)
    requested_by = models.ForeignKey("partners.User", models.PROTECT, null=True, blank=True, related_name="+")
    requested_label = models.CharField(max_length=200)  # who that is for people; a program is no user
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey("partners.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="override_period"),
            models.CheckConstraint(condition=Q(status__in=OverrideStatus.values), name="override_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "withdrawn"], decided_by=None, decided_at=None)
                | Q(status__in=["approved", "declined"], decided_by__isnull=False, decided_at__isnull=False),
                name="override_decided",
            ),
            models.CheckConstraint(condition=~Q(decided_by=F("requested_by")), name="override_four_eyes"),
            ExclusionConstraint(
                name="override_one_a_day",
                expressions=[
                    ("partner", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(status="approved"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.starts_on} … {self.ends_on}"


class Freeze(models.Model):
    """For a time, half-open, a partner neither rises nor falls; what the review finds is still written."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "frz"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.TextField()
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="freeze_period"),
            ExclusionConstraint(
                name="freeze_one_a_day",
                expressions=[
                    ("partner", RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.starts_on} … {self.ends_on}"
