"""Drafts of a programme for tests, and simulations as if they had been run."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from common.actor import Actor
from common.period import add_months
from tests.factories.deals import vendor
from tiers.actions.drafts import change_draft, draft_programme
from tiers.actions.programmes import publish_draft
from tiers.models import ProgrammeDraft, ProgrammeVersion, Simulation
from tiers.queries.drafts import proposal_of, readiness_of
from tiers.queries.overrides import day_of
from tiers.rules.content import PathContent, ProgrammeContent, Proposal, fingerprint
from tiers.rules.programme_changes import Publication

WORDS = "From next quarter certified people count for more."


def gold_costs(content: ProgrammeContent, revenue: str) -> ProgrammeContent:
    """The same programme, with another revenue on Gold's first path."""
    gold = content.levels[2]
    first, *others = gold.paths
    dearer = msgspec.structs.replace(first.requirements[0], threshold=Decimal(revenue))
    paths = (PathContent((dearer, *first.requirements[1:])), *others)
    levels = (*content.levels[:2], msgspec.structs.replace(gold, paths=paths), *content.levels[3:])
    return msgspec.structs.replace(content, levels=levels)


def drafted(*, at: datetime, by: Actor | None = None, revenue: str = "600000", days_ahead: int = 45) -> ProgrammeDraft:
    """A draft that asks another revenue for Gold, with words and a first day."""
    by = by or vendor("channel_chief")
    draft = draft_programme(name="Growth", by=by, at=at)
    said = proposal_of(draft)
    wanted = Proposal("Growth", gold_costs(said.content, revenue), day_of(at) + timedelta(days=days_ahead), WORDS)
    return change_draft(draft.pk, wanted, seen=fingerprint(said), by=by, at=at)


def simulated(draft: ProgrammeDraft, *, at: datetime, months: int = 12, status: str = "done") -> Simulation:
    """As if the draft as it is now had been tried on the months before."""
    day = day_of(at)
    return Simulation.objects.create(
        draft=draft,
        revision=draft.revision,
        content=draft.content,
        starts_on=add_months(day, -months),
        ends_on=day,
        status=status,
        partner_count=0,
        requested_at=at,
        requested_by="Chief",
        finished_at=at if status == "done" else None,
    )


def asked_for(draft: ProgrammeDraft, starts_on: date) -> Publication:
    """Publishing the draft as it is now, confirmed."""
    return Publication(starts_on, fingerprint(proposal_of(draft)), readiness_of(draft).number)


def published(
    *, at: datetime, by: Actor | None = None, days_ahead: int = 45, revenue: str = "600000"
) -> ProgrammeVersion:
    """A version that begins so many days ahead, simulated before."""
    by = by or vendor("channel_chief")
    draft = drafted(at=at, by=by, revenue=revenue, days_ahead=days_ahead)
    simulated(draft, at=at)
    return publish_draft(draft.pk, asked_for(draft, day_of(at) + timedelta(days=days_ahead)), by=by, at=at)
