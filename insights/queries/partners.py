"""A partner seen from all sides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from common.actor import Actor
from common.errors import NotFound, Refused
from partners import queries as partner_queries
from partners.rules import agreement_is_current
from tiers.queries.standings import StandingPeriod, standings_of
from tiers.queries.terms import terms_for_many
from tiers.rules.ladder import Terms


def terms_if_any(partner_ids: Iterable[int], *, day: date) -> dict[int, Terms]:
    """Tier terms by partner; none while no programme is in force."""
    try:
        return terms_for_many(partner_ids, day=day)
    except Refused:
        return {}


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """What one partner's page shows. ``partner`` and ``people`` are rows; ``terms`` is None without a programme."""

    partner: Any
    people: list[Any]
    agreement_current: bool
    terms: Terms | None
    standings: list[StandingPeriod]


def partner_page(actor: Actor, public_id: str, *, day: date) -> PartnerPage:
    """Refuses (`NotFound`) a partner that the actor may not see exactly like one that does not exist."""
    partner = partner_queries.partner_list_for(actor).filter(public_id=public_id).first()
    if partner is None:
        raise NotFound(public_id)
    return PartnerPage(
        partner=partner,
        people=list(partner_queries.people_of(partner.pk)),
        agreement_current=agreement_is_current(partner.agreement_ends_on, day),
        terms=terms_if_any([partner.pk], day=day).get(partner.pk),
        standings=standings_of(partner.pk)[::-1],
    )
