"""For the browser: an override in force, one that waits, a freeze, and the forms they are made with."""

from datetime import datetime, timedelta

from partners.models import Partner, User
from partners.queries import actor_of
from tests.factories.overrides import REASON
from tests.factories.partners import PartnerFactory
from tiers.actions.freezes import set_freeze
from tiers.actions.manual_reviews import review_now
from tiers.actions.overrides import approve_override, request_override
from tiers.queries.overrides import day_of
from tiers.rules.overrides import NewFreeze, NewOverride

Sights = dict[str, tuple[str, list[str]]]


def override_sights(partner: Partner, users: dict[str, User], at: datetime) -> dict[str, Sights]:
    """By reader."""
    manager, chief = (actor_of(users[name]) for name in ("channel-manager", "channel-chief"))
    day = day_of(at)
    month = day + timedelta(days=30)
    given, waits = (
        request_override(NewOverride(partner.pk, level, REASON, *days), by=manager, at=at)
        for level, days in (("gold", (day, month)), ("silver", (month, month + timedelta(days=9))))
    )
    approve_override(given.public_id, answer="Agreed for a month.", by=chief, at=at)
    freeze = set_freeze(NewFreeze(partner.pk, REASON, day, month), by=manager, at=at)
    other = PartnerFactory(name="Reviewed By Hand")
    review_now(other.pk, by=manager, at=at)
    return {
        "channel-manager": {
            "override-live": ("tiers:override", [given.public_id]),
            "override-waits": ("tiers:override", [waits.public_id]),
            "override-new": ("tiers:override-new", [partner.public_id]),
            "freeze": ("tiers:freeze", [freeze.public_id]),
            "freeze-new": ("tiers:freeze-new", [partner.public_id]),
            "review-now": ("tiers:review-now", [other.public_id]),
        },
        "channel-chief": {"override-decide": ("tiers:override", [waits.public_id])},
    }
