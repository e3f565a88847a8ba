"""For the browser: a version to come, a draft that differs and was simulated, and one that only began."""

from datetime import datetime

from common.actor import SYSTEM
from tests.factories.programmes import drafted, published, simulated
from tiers.actions.drafts import draft_programme

Sights = dict[str, tuple[str, list[str]]]


def programme_sights(at: datetime) -> Sights:
    """What the channel chief looks at; the version to come is on everybody's programme page."""
    published(at=at, by=SYSTEM, days_ahead=40)
    draft = drafted(at=at, by=SYSTEM, revenue="650000", days_ahead=80)
    simulated(draft, at=at)
    other = draft_programme(name="What if nothing changed", by=SYSTEM, at=at)
    return {
        "programme-withdraw": ("tiers:programme-withdraw", []),
        "programme-draft": ("tiers:programme-draft", [draft.public_id]),
        "programme-edit": ("tiers:programme-edit", [draft.public_id]),
        "programme-publish": ("tiers:programme-publish", [draft.public_id]),
        "programme-publish-early": ("tiers:programme-publish", [other.public_id]),
        "programme-discard": ("tiers:programme-discard", [draft.public_id]),
    }
