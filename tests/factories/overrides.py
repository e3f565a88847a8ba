"""Overrides and freezes for tests, and the people who ask and decide."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from common.actor import Actor
from partners import queries as partner_queries
from tests.factories.partners import VendorRoleFactory
from tests.factories.tiers import enrolled_partner_id
from tiers.actions.overrides import approve_override, request_override
from tiers.models import Override
from tiers.rules.overrides import NewOverride

REASON = "They win the tender with us"
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def staff(role: str) -> Actor:
    """One more of the vendor's people."""
    return partner_queries.actor_of(VendorRoleFactory(role=role).user)


@dataclass
class Bench:
    """A Bronze partner, and who may ask and decide."""

    partner_id: int = field(default_factory=enrolled_partner_id)
    manager: Actor = field(default_factory=lambda: staff("channel_manager"))
    chief: Actor = field(default_factory=lambda: staff("channel_chief"))

    def asked(self, starts_on: date, ends_on: date, level: str = "gold", reason: str = REASON) -> NewOverride:
        return NewOverride(self.partner_id, level, reason, starts_on, ends_on)

    def requested(self, starts_on: date, ends_on: date, level: str = "gold", *, at: datetime = NOW) -> Override:
        return request_override(self.asked(starts_on, ends_on, level), by=self.manager, at=at)

    def approved(self, starts_on: date, ends_on: date, level: str = "gold", *, at: datetime = NOW) -> Override:
        made = self.requested(starts_on, ends_on, level, at=at)
        return approve_override(made.public_id, answer="Agreed", by=self.chief, at=at)
