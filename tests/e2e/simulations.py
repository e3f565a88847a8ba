"""For the browser: a draft that was tried on the past, one that is being tried, and one that was cancelled."""

from datetime import datetime, timedelta
from decimal import Decimal

from common.actor import SYSTEM
from common.period import add_months
from tests.factories.partners import PartnerFactory
from tests.factories.programmes import gold_costs
from tests.factories.tiers import a_credit, credit
from tiers.actions.drafts import change_draft, draft_programme
from tiers.actions.simulations import cancel_simulation, do_waiting, start_simulation
from tiers.actions.standings import enrol_partner
from tiers.models import ProgrammeDraft
from tiers.queries.drafts import proposal_of
from tiers.queries.overrides import day_of
from tiers.rules.content import Proposal, fingerprint

Sights = dict[str, tuple[str, list[str]]]
REVENUES = (0, 60_000, 130_000, 450_000, 700_000, 2_000_000)


def simulation_sights(at: datetime) -> Sights:
    """What the channel chief looks at."""
    _some_partners(at)
    day = day_of(at)
    days = {"starts_on": add_months(day, -12), "ends_on": day + timedelta(days=1), "knows_today": True}
    dearer, running, stopped = (_draft(name, at) for name in ("Gold costs more", "Being tried", "Thought better of"))
    done = start_simulation(dearer.pk, **days, by=SYSTEM, at=at)
    do_waiting(now=lambda: at)
    cancelled = start_simulation(stopped.pk, **days, by=SYSTEM, at=at)
    cancel_simulation(cancelled.pk, by=SYSTEM, at=at)
    waits = start_simulation(running.pk, **days, by=SYSTEM, at=at)
    return {
        "simulation-new": ("tiers:simulation-new", [dearer.public_id]),
        "simulation": ("tiers:simulation", [done.public_id]),
        "simulation-running": ("tiers:simulation", [waits.public_id]),
        "simulation-cancelled": ("tiers:simulation", [cancelled.public_id]),
    }


def _draft(name: str, at: datetime) -> ProgrammeDraft:
    draft = draft_programme(name=name, by=SYSTEM, at=at)
    said = proposal_of(draft)
    wanted = Proposal(name, gold_costs(said.content, "900000"))
    return change_draft(draft.pk, wanted, seen=fingerprint(said), by=SYSTEM, at=at)


def _some_partners(at: datetime) -> None:
    """With revenue, customers and certified people of every size, since eight months ago."""
    first = add_months(day_of(at), -8)
    for number, revenue in enumerate(REVENUES * 3):
        partner_id = PartnerFactory(name=f"Tried Partner {number}", joined_on=first).pk
        enrol_partner(partner_id, day=first, at=at)
        on = first + timedelta(days=number * 9)
        amounts = {"channel_revenue": revenue, "new_customers": Decimal(15), "certified_people": Decimal(16)}
        for metric, amount in amounts.items():
            credit(a_credit(partner_id, metric, amount, on), at=at)
        credit(a_credit(partner_id, "channel_revenue", 9_000, on + timedelta(days=60)), at=at)
