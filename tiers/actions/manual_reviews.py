"""Measuring one partner at once instead of waiting for the night."""

from datetime import datetime

from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import record
from common.verdict import refusal
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.actions.overrides import lock_partner
from tiers.actions.standings import review_partners
from tiers.queries.manual_reviews import EVENT, Stand, stand_of
from tiers.queries.overrides import ONE_DAY, day_of
from tiers.queries.programmes import programme_on


def review_now(partner_id: int, *, by: Actor, at: datetime) -> tuple[Stand, Stand]:
    """Review the partner as last night would have with everything that is recorded until now: measured at yesterday's
    end, with a new level from today. Returns how it stood before and after.

    Asked again, nothing more changes. A night that is at work on the partner is waited for. Refuses
    ``tier.no_programme`` and a partner that is terminated.
    """
    partner_rules.may(by, "tier.override").or_refuse()
    day = day_of(at) - ONE_DAY
    with transaction.atomic():
        lock_partner(partner_id)
        if programme_on(day) is None:
            refusal("tier.no_programme", day=day).or_refuse()
        before = stand_of(partner_id)
        review_partners([partner_id], day=day, at=at)
        after = stand_of(partner_id)
        facts = {"day": day, "before": before.as_facts(), "after": after.as_facts()}
        partner = partner_queries.partners_visible_to(SYSTEM).get(pk=partner_id)
        record(EVENT, on=partner, by=by, at=at, **facts)
    return before, after
