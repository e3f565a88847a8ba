"""An override that waits, and a freeze."""

from datetime import timedelta

from django.utils import timezone

from common.actor import SYSTEM
from tests.journeys.world import World
from tiers.actions.freezes import set_freeze
from tiers.actions.overrides import request_override
from tiers.queries.overrides import held_level
from tiers.rules.overrides import NewFreeze, NewOverride


def override_objects(world: World, text: str) -> dict[str, str]:
    """Public ids by kind."""
    day, at = timezone.localdate(), timezone.now()
    partner_id, ends_on = world.partner.pk, day + timedelta(days=30)
    programme, held = held_level(partner_id, day)
    other = next(level.code for level in programme.levels if level.code != held.code)
    override = request_override(NewOverride(partner_id, other, text, day, ends_on), by=SYSTEM, at=at)
    freeze = set_freeze(NewFreeze(partner_id, text, day, ends_on), by=SYSTEM, at=at)
    return {"override": override.public_id, "freeze": freeze.public_id}
