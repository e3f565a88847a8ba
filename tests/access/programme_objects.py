"""A draft of the programme that is being simulated; the version in force is published: it says nothing of anybody."""

from datetime import timedelta

from django.utils import timezone

from common.actor import SYSTEM
from tiers.actions.drafts import draft_programme
from tiers.actions.simulations import start_simulation
from tiers.queries.overrides import day_of


def programme_objects(text: str) -> dict[str, str]:
    """Public ids by kind; a version is named by its number."""
    draft = draft_programme(name=text, by=SYSTEM, at=timezone.now())
    day = day_of(draft.created_at)
    tried = start_simulation(draft.pk, starts_on=day - timedelta(days=9), ends_on=day, by=SYSTEM, at=draft.created_at)
    return {"programme draft": draft.public_id, "programme version": "1", "simulation": tried.public_id}
