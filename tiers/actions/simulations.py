"""Trying a draft on the past: cut into slices whose progress is rows, so that a killed worker loses nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from common import jobs
from common.actor import Actor
from common.audit import record
from common.choices import RunStatus
from common.errors import NotFound
from common.models import JobRun, JobSlice
from common.outbox import after_commit
from common.verdict import refusal
from partners import rules as partner_rules
from tiers.choices.simulations import SimulationStatus
from tiers.models import ProgrammeDraft, SimulatedPartner, Simulation
from tiers.queries import simulations as queries
from tiers.queries.credits_of import versions_of
from tiers.queries.drafts import is_being_simulated, proposal_of, surroundings_of
from tiers.queries.overrides import day_of
from tiers.queries.rebates import rebates_of_last_year
from tiers.rules.content import programme_from, read_content
from tiers.rules.course import Move
from tiers.rules.programme_checks import proposal_is_sound
from tiers.rules.simulation import (
    ONE_PERCENT,
    Simulated,
    Trial,
    added,
    base_rate_of,
    chart_days,
    distribution_of,
    may_simulate,
    simulate,
)

KIND = "simulation"
SLICE_SIZE = 200  # partners in one transaction: about a second
_ONE_WORKER = 7_204_519_833_002  # advisory lock of a session: a long simulation must not take all workers


def start_simulation(
    draft_id: int, *, starts_on: date, ends_on: date, knows_today: bool = False, by: Actor, at: datetime
) -> Simulation:
    """Begin to try the draft on the half-open days; the workers do it.

    With `knows_today` every night is reviewed with all that is known now, else the nights that took place with what was
    known then. Refuses days to come or too long ago, a draft with problems, and a second simulation of it at once.
    """
    partner_rules.may(by, "programme.draft").or_refuse()
    with transaction.atomic():
        draft = _lock_draft(draft_id)
        _may_begin(draft, starts_on, ends_on, day_of(at))
        ids = queries.enrolled_partner_ids(draft.programme_id, starts_on, ends_on)
        simulation = Simulation.objects.create(
            draft=draft,
            revision=draft.revision,
            content=draft.content,
            starts_on=starts_on,
            ends_on=ends_on,
            knows_today=knows_today,
            partner_count=len(ids),
            requested_at=at,
            requested_by=by.label,
        )
        slices = [ids[start : start + SLICE_SIZE] for start in range(0, len(ids), SLICE_SIZE)]
        stages = [jobs.Stage("worth", [[]]), jobs.Stage("simulate", slices)]
        jobs.open_run(KIND, key=f"{KIND}:{simulation.pk}", business_date=day_of(at), stages=stages, at=at)
        facts = {"draft": draft.public_id, "revision": draft.revision, "partners": len(ids)}
        record("simulation.started", on=simulation, by=by, at=at, starts_on=starts_on, ends_on=ends_on, **facts)
        after_commit("tiers.simulation_started", at=at, simulation_id=simulation.pk)
    return simulation


def _lock_draft(draft_id: int) -> ProgrammeDraft:
    locked = ProgrammeDraft.objects.select_for_update(of=("self",)).select_related("programme")
    draft = locked.filter(pk=draft_id).first()
    if draft is None:
        raise NotFound("draft")
    return draft


def _may_begin(draft: ProgrammeDraft, starts_on: date, ends_on: date, today: date) -> None:
    proposal = replace(proposal_of(draft), starts_on=None)  # when it would begin does not matter to the past
    problems = proposal_is_sound(proposal, surroundings_of(draft.programme, proposal, day=today))
    is_running = is_being_simulated(draft)
    may_simulate((starts_on, ends_on), today=today, is_running=is_running, problems=problems).or_refuse()


def cancel_simulation(simulation_id: int, *, by: Actor, at: datetime) -> Simulation:
    """Stop it; what was found so far is thrown away. Refuses one that is not running."""
    partner_rules.may(by, "programme.draft").or_refuse()
    with transaction.atomic():
        simulation = Simulation.objects.select_for_update().filter(pk=simulation_id).first()
        if simulation is None:
            raise NotFound("simulation")
        if simulation.status != SimulationStatus.RUNNING:
            refusal("simulation.not_running").or_refuse()
        simulation.status, simulation.finished_at = SimulationStatus.CANCELLED, at
        simulation.save(update_fields=["status", "finished_at"])
        SimulatedPartner.objects.filter(simulation=simulation).delete()
        record("simulation.cancelled", on=simulation, by=by, at=at)
    return simulation


def do_waiting(*, now: Callable[[], datetime]) -> int:
    """Do what waits of all simulations; returns how many slices were done. Nothing if another worker is at it."""
    return jobs.work_alone(KIND, lock=_ONE_WORKER, work=_do, finish=_finish, now=now)


def is_waiting() -> bool:
    """Whether a simulation is not finished."""
    return jobs.unfinished_runs(KIND).exists()


def _do(part: JobSlice) -> dict[str, Any]:
    simulation = Simulation.objects.select_related("draft").filter(pk=_simulation_id(part.run)).first()
    if simulation is None or simulation.status != SimulationStatus.RUNNING:  # thrown away, or cancelled
        return {}
    return _STAGES[part.stage](simulation, part)


def _worth(simulation: Simulation, part: JobSlice) -> dict[str, Any]:
    """What a rebate multiplier of 1.0 is worth; None where nobody can tell."""
    currency = read_content(simulation.content).currency
    worth = rebates_of_last_year(simulation.draft.programme_id, currency, day_of(simulation.requested_at))
    rate = base_rate_of(worth.rebates, worth.weighted_revenue)
    totals = {"base_rate": None if rate is None else str(rate)}
    Simulation.objects.filter(pk=simulation.pk, status=SimulationStatus.RUNNING).update(totals=totals)
    return totals


def _try(simulation: Simulation, part: JobSlice) -> dict[str, Any]:
    programme_id, period = simulation.draft.programme_id, (simulation.starts_on, simulation.ends_on)
    trial = Trial(
        draft=programme_from(read_content(simulation.content), number=0),
        period=period,
        versions=versions_of(programme_id),
        base_rate=Decimal(simulation.totals["base_rate"] or ONE_PERCENT),
    )
    subjects = queries.subjects_of(part.object_ids, trial, programme_id, knows_today=simulation.knows_today)
    found = [each for subject in subjects if (each := simulate(subject, trial)) is not None]
    if not _write(simulation.pk, found):
        return {}
    revenue = sum((each.revenue for each in found), Decimal(0))
    return {"revenue": str(revenue), "distribution": distribution_of(found, chart_days(period))}


_STAGES = {"worth": _worth, "simulate": _try}


def _write(simulation_id: int, found: Sequence[Simulated]) -> bool:
    """Keep what was found, unless the simulation was cancelled or thrown away meanwhile."""
    running = Simulation.objects.select_for_update().filter(pk=simulation_id, status=SimulationStatus.RUNNING)
    if not running.exists():
        return False
    SimulatedPartner.objects.bulk_create(
        SimulatedPartner(
            simulation_id=simulation_id,
            partner_id=each.partner_id,
            moves=_moves(each.moves),
            actual_moves=_moves(each.actual_moves),
            actual_level=each.actual_level,
            simulated_level=each.simulated_level,
            rank_change=each.rank_change,
            revenue=each.revenue,
            rebate_effect=each.rebate_effect,
            discount_effect=each.discount_effect,
        )
        for each in found
    )
    return True


def _moves(moves: Sequence[Move]) -> list[dict[str, Any]]:
    return [
        {"day": move.day.isoformat(), "before": move.before, "after": move.after, "rises": move.rises} for move in moves
    ]


def _finish(run_id: int, at: datetime) -> None:
    """Close the run and its simulation in one commit, once nothing of it waits."""
    with transaction.atomic():
        if not jobs.finish_run(run_id, at=at):
            return
        run = JobRun.objects.get(pk=run_id)
        running = Simulation.objects.select_for_update().filter(status=SimulationStatus.RUNNING)
        simulation = running.filter(pk=_simulation_id(run)).first()
        if simulation is None:  # thrown away, or cancelled
            return
        parts = added(run.slices.order_by("number").values_list("result", flat=True))
        simulation.totals = {**simulation.totals, **parts, **queries.totals_of(simulation.pk)}
        simulation.status = SimulationStatus.DONE if run.status == RunStatus.DONE else SimulationStatus.FAILED
        simulation.finished_at = at
        simulation.save(update_fields=["totals", "status", "finished_at"])


def _simulation_id(run: JobRun) -> int:
    return int(run.key.partition(":")[2])
