"""Drafts of a programme tried on the past."""

from datetime import date, timedelta
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from common.ids import public_id
from tiers.choices.simulations import SimulationStatus
from tiers.models.programmes import ProgrammeDraft


class Simulation(models.Model):
    """A draft replayed over past days, half-open. The work is a run of jobs; `totals` are there when it is done."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "sim"), editable=False)
    draft = models.ForeignKey(ProgrammeDraft, models.PROTECT, related_name="simulations")
    revision = models.PositiveIntegerField()  # of the draft: an older one says nothing about what would be published
    content = models.JSONField(encoder=DjangoJSONEncoder)
    starts_on = models.DateField()
    ends_on = models.DateField()
    knows_today = models.BooleanField(default=False)  # every night of what is known today, not of what was known then
    status = models.CharField(max_length=10, choices=SimulationStatus, default=SimulationStatus.RUNNING)
    partner_count = models.PositiveIntegerField()
    totals = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="simulation_period"),
            models.CheckConstraint(condition=Q(status__in=SimulationStatus.values), name="simulation_status_known"),
            models.UniqueConstraint(fields=["draft"], condition=Q(status="running"), name="simulation_one_running"),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id}/{self.revision} {self.starts_on} … {self.ends_on}"

    @property
    def last_day(self) -> date:
        return self.ends_on - timedelta(days=1)


class SimulatedPartner(models.Model):
    """What the draft would have meant for one partner: its moves, and its money beside what really was.

    Moves: day, level before and after, by code. Money in the programme's currency, over the simulated days.
    """

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="partners")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    moves = models.JSONField(encoder=DjangoJSONEncoder)
    actual_moves = models.JSONField(encoder=DjangoJSONEncoder, default=list)
    actual_level = models.CharField(max_length=20)  # held at the end
    simulated_level = models.CharField(max_length=20)
    rank_change = models.SmallIntegerField()  # from the actual to the simulated level, by rank in the draft
    revenue = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    rebate_effect = models.DecimalField(max_digits=18, decimal_places=4)
    discount_effect = models.DecimalField(max_digits=18, decimal_places=4)

    class Meta:
        ordering = ["simulation", "partner"]
        constraints = [models.UniqueConstraint(fields=["simulation", "partner"], name="simulated_partner_once")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.actual_level} → {self.simulated_level}"

    @property
    def shown_moves(self) -> list[dict[str, Any]]:
        return _with_days(self.moves)

    @property
    def shown_actual_moves(self) -> list[dict[str, Any]]:
        return _with_days(self.actual_moves)


def _with_days(moves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**move, "day": date.fromisoformat(move["day"])} for move in moves]
