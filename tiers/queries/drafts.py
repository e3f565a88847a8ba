"""Drafts of a programme: who reads them, what they say, and what they are judged beside."""

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from common.actor import Actor
from common.errors import NotFound
from common.verdict import Verdict
from partners import rules as partner_rules
from tiers.choices.programmes import ALWAYS_CREDITED
from tiers.choices.scores import METRICS
from tiers.choices.simulations import SimulationStatus
from tiers.models import Metric, Programme, ProgrammeDraft, ProgrammeVersion, ScoreCredit, Simulation, Standing
from tiers.queries.overrides import day_of
from tiers.queries.programmes import programme_on
from tiers.rules.content import Proposal, read_content
from tiers.rules.default import CURRENCY
from tiers.rules.programme_changes import Readiness, covers_enough
from tiers.rules.programme_checks import Surroundings, proposal_is_sound


def drafts_visible_to(actor: Actor) -> QuerySet[ProgrammeDraft]:
    """For the vendor's channel: what the vendor thinks about concerns no partner before it is announced."""
    rows = ProgrammeDraft.objects.select_related("programme", "version")
    return rows if partner_rules.may(actor, "programme.draft") else rows.none()


def open_drafts(actor: Actor) -> QuerySet[ProgrammeDraft]:
    """Those that are not published, the one changed last first."""
    return drafts_visible_to(actor).filter(version=None).order_by("-updated_at", "-pk")


def find_draft(actor: Actor, public_id: str) -> ProgrammeDraft:
    found = drafts_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("draft")
    return found


def find_open_draft(actor: Actor, public_id: str) -> ProgrammeDraft:
    """A draft that can still be changed; `NotFound` for one that was published."""
    found = find_draft(actor, public_id)
    if found.version_id is not None:
        raise NotFound("draft")
    return found


def proposal_of(draft: ProgrammeDraft) -> Proposal:
    return Proposal(draft.name, read_content(draft.content), draft.starts_on, draft.words)


def metric_names() -> dict[str, str]:
    """What can be asked for, by code: the program's own metrics, and those that were defined."""
    defined = dict(Metric.objects.order_by("name").values_list("code", "name"))
    return {**defined, **{code: str(name) for code, (name, _unit) in METRICS.items()}}


def surroundings_of(programme: Programme, proposal: Proposal, *, day: date) -> Surroundings:
    """What the proposal is judged beside on the day.

    Somebody credits what sales and won deals do, what has a credit, and what the version in force asks for: a draft
    need not repair what is already so.
    """
    current = programme_on(day, programme.pk)
    in_force = {measure[0] for measure in current.measures} if current else set()
    known = in_force | ALWAYS_CREDITED
    asked = {wanted.metric for level in proposal.content.levels for path in level.paths for wanted in path.requirements}
    credits = ScoreCredit.objects.filter(metric=OuterRef("pk"), reverses=None)
    found = Metric.objects.filter(Exists(credits), code__in=asked - known).values_list("code", flat=True)
    return Surroundings(
        metrics=metric_names(),
        credited=frozenset(known | set(found)),
        currency=currency_of(programme),
        today=day,
        first_day=day + timedelta(days=programme.change_notice_days),
        change_notice_days=programme.change_notice_days,
    )


def objections_to(programme: Programme, proposal: Proposal, *, day: date) -> Verdict:
    """What stands against it on the day, without trying to write it."""
    return proposal_is_sound(proposal, surroundings_of(programme, proposal, day=day))


def currency_of(programme: Programme) -> str:
    """That of the last version: amounts in the score book are in it."""
    versions = ProgrammeVersion.objects.filter(programme=programme).order_by("-number")
    return versions.values_list("currency", flat=True).first() or CURRENCY


def readiness_of(draft: ProgrammeDraft) -> Readiness:
    """What must be so before the draft is published: its next number, its simulation, the version before."""
    versions = ProgrammeVersion.objects.filter(programme=draft.programme_id)
    published = versions.filter(published_at__isnull=False).order_by("-starts_on")
    return Readiness(
        number=versions.count() + 1,
        is_simulated=is_simulated(draft),
        last_starts_on=published.values_list("starts_on", flat=True).first(),
    )


def is_simulated(draft: ProgrammeDraft) -> bool:
    """Whether a finished simulation replayed exactly this revision over enough of the past."""
    history_starts_on = (
        Standing.objects.filter(level__version__programme=draft.programme_id)
        .order_by("starts_on")
        .values_list("starts_on", flat=True)
        .first()
    )
    done = Simulation.objects.filter(draft=draft, revision=draft.revision, status=SimulationStatus.DONE)
    return any(
        covers_enough(
            simulation.starts_on,
            simulation.ends_on,
            history_starts_on=history_starts_on,
            asked_on=day_of(simulation.requested_at),
        )
        for simulation in done
    )


def simulations_of(draft: ProgrammeDraft) -> QuerySet[Simulation]:
    """Newest first."""
    return Simulation.objects.filter(draft=draft).order_by("-requested_at", "-pk")


def is_being_simulated(draft: ProgrammeDraft) -> bool:
    return Simulation.objects.filter(draft=draft, status=SimulationStatus.RUNNING).exists()
