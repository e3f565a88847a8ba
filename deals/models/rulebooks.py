"""Rulebooks, the vendor's calendar that their clocks run on, and what a draft would have changed."""

from datetime import date, timedelta
from functools import partial

from django.db import models
from django.db.models import F, Q

from common.choices import RunStatus
from common.ids import public_id
from deals.choices.engagement import RuleVerdict


class Rulebook(models.Model):
    """A version of the rules of engagement: ordered rules, and terms. Frozen by a trigger once published.

    In force on a day is the published version with the latest `effective_from` not after it; of one day the newest.
    A draft has no version number yet.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "rbk"), editable=False)
    version = models.PositiveIntegerField(unique=True, null=True, blank=True)
    rules = models.JSONField()  # ordered: deals.rules.rulebook.Rule
    terms = models.JSONField(default=dict)  # deals.rules.terms.Terms
    title = models.CharField(max_length=120, blank=True)  # what changes, in the words of whoever drafted it
    effective_from = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-effective_from", "-version"], name="rulebook_in_force")]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(version__isnull=False, effective_from__isnull=False),
                name="rulebook_published_whole",
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}" if self.version else self.public_id


class Holiday(models.Model):
    """A day on which the vendor's review clock stands still."""

    on = models.DateField(unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["on"]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


class BackTest(models.Model):
    """A draft rulebook judged against past decisions: of those decided in the half-open period, which would differ?

    `rules` are the draft's as they were then: a test says nothing about what was edited since. `older`: by rule, how
    many of the decisions were made before it existed, so that facts it looks at stand at their defaults.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "bkt"), editable=False)
    rulebook = models.ForeignKey(Rulebook, models.CASCADE, related_name="back_tests")
    rules = models.JSONField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    status = models.CharField(max_length=8, choices=RunStatus, default=RunStatus.RUNNING)
    decision_count = models.PositiveIntegerField(default=0)  # to judge again
    judged_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    older = models.JSONField(default=dict)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="back_test_period")]

    def __str__(self) -> str:
        return f"{self.rulebook} {self.starts_on}"

    @property
    def last_day(self) -> date:
        return self.ends_on - timedelta(days=1)


class BackTestChange(models.Model):
    """One past decision that the draft would have made otherwise."""

    back_test = models.ForeignKey(BackTest, models.CASCADE, related_name="changes")
    decision = models.ForeignKey("deals.Decision", models.PROTECT, related_name="+")
    verdict_before = models.CharField(max_length=8, choices=RuleVerdict)
    verdict_after = models.CharField(max_length=8, choices=RuleVerdict)
    rule_before = models.CharField(max_length=40, blank=True)
    rule_after = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4)  # of the deal when it was decided, in base currency

    class Meta:
        constraints = [models.UniqueConstraint(fields=["back_test", "decision"], name="back_test_change_once")]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.verdict_before} → {self.verdict_after}"
