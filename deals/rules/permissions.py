"""Who may act on a registration."""

from common.actor import Actor
from common.verdict import Verdict, refusal
from partners import rules as partner_rules


def may_act(actor: Actor, capability: str, partner_id: int) -> Verdict:
    """Whether the actor holds the capability for this partner's registrations; a partner's own client only there."""
    if not actor.is_vendor and partner_id not in actor.partner_ids:
        return refusal("actor.not_permitted")
    return partner_rules.may(actor, capability, partner_id)
