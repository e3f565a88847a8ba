"""What the chief thinks about for the partner programme: certified people count for more, tried on the past."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from common.actor import Actor
from common.period import add_months, period_of
from tiers.actions.drafts import change_draft, draft_programme
from tiers.actions.simulations import do_waiting, start_simulation
from tiers.queries.drafts import proposal_of
from tiers.rules.content import LevelContent, PathContent, Proposal, RequirementContent, fingerprint

NAME = "Certified people count for more"
WORDS = (
    "Customers ask for people who know the product. Gold and Platinum can therefore be reached with less revenue by "
    "those who certify more of their people, and Gold protects registered deals for longer."
)
LESS, MORE = Decimal("0.75"), Decimal("1.25")  # of the second path's revenue and certified people
NOTICE = timedelta(days=30)
PROTECTION_DAYS = {"gold": 135}
MONTHS = 12


def draft_programme_change(chief: Actor, *, today: date, at: datetime) -> None:
    """A draft for the next quarter that leaves time for notice, with a finished simulation."""
    draft = draft_programme(name=NAME, by=chief, at=at)
    said = proposal_of(draft)
    levels = tuple(_eased(level) if level.code in ("gold", "platinum") else level for level in said.content.levels)
    content = msgspec.structs.replace(said.content, levels=levels)
    starts_on = period_of(today + NOTICE, "quarter").ends_on
    wanted = Proposal(NAME, content, starts_on, WORDS)
    change_draft(draft.pk, wanted, seen=fingerprint(said), by=chief, at=at)
    start_simulation(draft.pk, starts_on=add_months(today, -MONTHS), ends_on=today, by=chief, at=at)
    do_waiting(now=lambda: at)


def _eased(level: LevelContent) -> LevelContent:
    first, second = level.paths
    eased = PathContent(tuple(_traded(asked) for asked in second.requirements))
    days = PROTECTION_DAYS.get(level.code, level.protection_days)
    return msgspec.structs.replace(level, paths=(first, eased), protection_days=days)


def _traded(asked: RequirementContent) -> RequirementContent:
    factor = {"channel_revenue": LESS, "certified_people": MORE}.get(asked.metric, Decimal(1))
    whole = (asked.threshold * factor).to_integral_value()
    return msgspec.structs.replace(asked, threshold=whole)
