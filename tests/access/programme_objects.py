"""A draft of the programme; the version in force is published, so it says nothing of anybody."""

from django.utils import timezone

from common.actor import SYSTEM
from tiers.actions.drafts import draft_programme


def programme_objects(text: str) -> dict[str, str]:
    """Public ids by kind; a version is named by its number."""
    draft = draft_programme(name=text, by=SYSTEM, at=timezone.now())
    return {"programme draft": draft.public_id, "programme version": "1"}
