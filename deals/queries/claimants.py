"""For whom somebody registers deals: the own company, or as a distributor for a reseller who agreed to it."""

from dataclasses import dataclass
from datetime import date, datetime

from common.actor import Actor
from common.verdict import ALLOWED, Verdict, refusal
from deals.models import Registration
from deals.queries.calendar import day_of
from deals.rules.permissions import may_act
from partners import queries as partner_queries
from partners import rules as partner_rules

CREATE = "registration.create"


@dataclass(frozen=True, slots=True)
class Claimant:
    """A partner that deals can be registered for; `registered_by_id` is the distributor who does so, if one does."""

    partner_id: int
    public_id: str
    name: str
    currency: str
    registered_by_id: int | None = None


def claimants(actor: Actor, *, day: date) -> list[Claimant]:
    """Whom this person may register for: own companies, then resellers, each by name. At most three statements."""
    own = [pk for pk in actor.partner_ids if partner_rules.may(actor, CREATE, pk)]
    profiles = sorted(partner_queries.partner_profiles(own).values(), key=lambda profile: (profile.name, profile.pk))
    found = [Claimant(profile.pk, profile.public_id, profile.name, profile.currency) for profile in profiles]
    if any(partner_rules.may_distribute(profile.types, profile.status) for profile in profiles):
        found += [
            Claimant(reseller.pk, reseller.public_id, reseller.name, reseller.currency, distributor_id)
            for distributor_id, reseller in partner_queries.resellers_of(own, day=day)
            if reseller.pk not in own
        ]
    return found


def registrar_for(actor: Actor, partner_id: int, *, day: date) -> tuple[Verdict, int | None]:
    """Whether the actor may register for the partner, and the distributor through which (None: for itself)."""
    verdict = may_act(actor, CREATE, partner_id)
    if verdict or actor.is_vendor:
        return verdict, None
    for found in claimants(actor, day=day):
        if found.partner_id == partner_id:
            return ALLOWED, found.registered_by_id
    return verdict, None


def may_act_on(actor: Actor, capability: str, registration: Registration, *, at: datetime) -> Verdict:
    """As `may_act`; the distributor who registered it may do what the partner does to get it decided, too.

    Only while it registers deals for the partner: after that it reads what it has registered, and no more.
    """
    verdict = may_act(actor, capability, registration.partner_id)
    distributor_id = registration.registered_by_id
    if verdict or distributor_id is None or capability != CREATE or not may_act(actor, capability, distributor_id):
        return verdict
    day = day_of(at)
    resellers = {reseller.pk for _, reseller in partner_queries.resellers_of([distributor_id], day=day)}
    return ALLOWED if registration.partner_id in resellers else refusal("registration.link_ended")
