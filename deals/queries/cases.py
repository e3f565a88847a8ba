"""Appeals and breaches of one deal, for its page."""

from dataclasses import dataclass
from datetime import datetime

from common.actor import Actor
from deals.models import Appeal, Breach, Registration
from deals.queries.appeals import Appealable, appealable, appeals_visible_to
from deals.queries.breaches import breaches_visible_to


@dataclass(frozen=True, slots=True)
class DealCases:
    appealable: Appealable
    appeals: list[Appeal]
    breaches: list[Breach]


def deal_cases(actor: Actor, registration: Registration, *, at: datetime) -> DealCases:
    """What the actor may see and do; at most three statements."""
    return DealCases(
        appealable=appealable(actor, registration, at=at),
        appeals=list(appeals_visible_to(actor).filter(registration=registration).order_by("-pk")),
        breaches=list(breaches_visible_to(actor).filter(registration=registration).order_by("-pk")),
    )
