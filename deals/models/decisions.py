"""Decisions: what was judged, with everything needed to judge it again."""

from functools import partial

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from common.ids import public_id
from deals.choices.engagement import Question, RuleVerdict
from deals.models.registrations import Registration
from deals.models.rulebooks import Rulebook

DECIDED = [verdict for verdict in RuleVerdict.values if verdict != RuleVerdict.PASS]


class Decision(models.Model):
    """One judgement of a registration, with everything needed to judge again. Append-only by trigger and privilege.

    `verdict` is what was decided; `judged_verdict` what the rules said by themselves (they differ only where a person
    settled a review). `outcomes` and `inputs` tell of rivals: partners read `queries.decisions.receipt_for`.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "dec"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="decisions")
    sequence = models.PositiveSmallIntegerField()
    question = models.CharField(max_length=12, choices=Question, default=Question.REGISTRATION)
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
                condition=Q(verdict__in=DECIDED, judged_verdict__in=DECIDED), name="decision_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}/{self.sequence} {self.verdict}"
