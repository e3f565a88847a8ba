"""Which partners may be asked to take a lead, and everything that their ranking looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from common.period import add_months
from crm import queries as crm_queries
from crm.rules.matching import CustomerIdentity
from deals.models import Lead
from deals.queries.calendar import day_of
from deals.queries.facts import RulesInForce, rules_on
from deals.rules import leads as rules
from deals.rules.facts import AuthorisationFact, GrantFact
from deals.rules.leads import CandidateFacts, LeadFacts, Ranking
from deals.rules.rulebook import AuthorisationParams, identity_scores, incumbency_months, params_of
from deals.rules.terms import DEFAULT_TERMS, Terms
from partners import queries as partner_queries
from tiers.queries.terms import terms_for_many


class _Found(msgspec.Struct, frozen=True):
    """What deals know about all partners and this customer, by partner. `loads` counts the leads that each holds."""

    authorisations: dict[int, tuple[AuthorisationFact, ...]]
    grants: tuple[tuple[int, GrantFact], ...]
    holders: frozenset[int]
    winners: frozenset[int]
    offered: frozenset[int]
    loads: dict[int, int]
    is_closed: bool


_FOUND = """
SELECT jsonb_build_object(
    'authorisations', (
        SELECT coalesce(jsonb_object_agg(partner_id, entries), '{}') FROM (
            SELECT partner_id, jsonb_agg(jsonb_build_object(
                'countries', countries, 'segment', segment, 'family_id', family_id,
                'starts_on', starts_on, 'ends_on', ends_on
            ) ORDER BY id) AS entries
            FROM deals_authorisation
            WHERE starts_on <= %(day)s AND (ends_on IS NULL OR ends_on > %(day)s)
            GROUP BY partner_id
        ) held
    ),
    'grants', (
        SELECT coalesce(jsonb_agg(jsonb_build_array(partner_id, jsonb_build_object(
            'grant', public_id, 'own', false, 'countries', countries, 'segment', segment, 'family_id', family_id,
            'starts_on', starts_on, 'ends_on', ends_on
        )) ORDER BY id), '[]')
        FROM deals_exclusivegrant
        WHERE (countries = '{}' OR %(country)s = ANY(countries)) AND (family_id IS NULL OR family_id = %(family)s)
          AND starts_on <= %(day)s AND (ends_on IS NULL OR ends_on > %(day)s)
    ),
    'holders', (
        SELECT coalesce(jsonb_agg(DISTINCT partner_id), '[]') FROM deals_protection
        WHERE customer_id = ANY(%(customers)s::bigint[]) AND family_id = %(family)s AND NOT is_shared
          AND ends_at > %(at)s
    ),
    'winners', (
        SELECT coalesce(jsonb_agg(DISTINCT partner_id), '[]') FROM deals_registration
        WHERE customer_id = ANY(%(customers)s::bigint[]) AND status = 'won' AND won_at >= %(since)s
    ),
    'offered', (SELECT coalesce(jsonb_agg(partner_id), '[]') FROM deals_leadoffer WHERE lead_id = %(lead)s),
    'loads', (
        SELECT coalesce(jsonb_object_agg(partner_id, held_count), '{}') FROM (
            SELECT offer.partner_id, count(*) AS held_count
            FROM deals_leadoffer offer LEFT JOIN deals_registration deal ON deal.id = offer.registration_id
            WHERE offer.answer = 'waiting' AND offer.expires_at > %(at)s
               OR offer.answer = 'accepted' AND deal.status <> ALL(%(over)s::text[])
                  AND (deal.status <> 'approved' OR deal.protected_until > %(at)s)
            GROUP BY offer.partner_id
        ) held
    ),
    'is_closed', EXISTS (
        SELECT FROM deals_blockedcustomer WHERE customer_id = ANY(%(customers)s::bigint[])
          AND starts_on <= %(day)s AND (ends_on IS NULL OR ends_on > %(day)s)
    ) OR EXISTS (
        SELECT FROM deals_namedaccount WHERE customer_id = ANY(%(customers)s::bigint[])
          AND starts_on <= %(day)s AND (ends_on IS NULL OR ends_on > %(day)s)
    )
)::text
"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everybody who may be asked, what is asked for, and the terms of the day."""

    candidates: tuple[CandidateFacts, ...]
    lead: LeadFacts
    terms: Terms

    def ranking(self) -> Ranking:
        return rules.rank(self.candidates, self.lead)


def gather(lead: Lead, *, at: datetime) -> Gathered:
    """What is true at the instant. At most seven statements, however many partners and lists.

    Refuses ``tier.no_programme`` where no programme is in force.
    """
    day = day_of(at)
    in_force = rules_on(day)
    terms = in_force.terms if in_force else DEFAULT_TERMS
    months = incumbency_months(in_force.rules) if in_force else 24
    since = add_months(day, -months)
    customer_ids = _known_records(lead, in_force)
    business = crm_queries.activity_at(customer_ids, [lead.family_id], since=since).business if customer_ids else ()
    found = _found(
        {
            "lead": lead.pk,
            "customers": list(customer_ids),
            "family": lead.family_id,
            "country": lead.customer_country,
            "since": since,
            "at": at,
            "day": day,
            "over": sorted(rules.DEAL_IS_OVER),
        }
    )
    facts = LeadFacts(
        country=lead.customer_country,
        segment=lead.customer_segment,
        family_id=lead.family_id,
        day=day,
        limit=terms.lead_capacity,
        needs_authorisation=lead.family.code in _families_to_be_authorised(in_force),
        is_closed=found.is_closed,
        grants=found.grants,
    )
    incumbents = found.winners | {each.partner_id for each in business}
    return Gathered(_candidates(found, incumbents, at=at), facts, terms)


def _known_records(lead: Lead, in_force: RulesInForce | None) -> tuple[int, ...]:
    """Every record of the customer, if it is surely one that is known: what the rules call the same."""
    identity = CustomerIdentity(lead.customer_name, lead.customer_country, lead.customer_domain, "")
    same_score = identity_scores(in_force.rules).same_score if in_force else 90
    found = crm_queries.customer_candidates(identity, only_exact=True)
    same = [each.customer.pk for each in found if each.match.score >= same_score]
    return tuple(sorted(crm_queries.companies_of(same))) if same else ()


def _families_to_be_authorised(in_force: RulesInForce | None) -> frozenset[str]:
    """Codes of the families of which the rulebook lets only authorised partners sell."""
    params = [params_of(rule) for rule in in_force.rules if rule.code == "authorisation"] if in_force else []
    return frozenset(code for one in params if isinstance(one, AuthorisationParams) for code in one.families)


def _found(parameters: Mapping[str, Any]) -> _Found:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, parameters)
        return msgspec.json.decode(cursor.fetchone()[0], type=_Found)


def _candidates(found: _Found, incumbents: frozenset[int], *, at: datetime) -> tuple[CandidateFacts, ...]:
    day = day_of(at)
    standings = partner_queries.standings_on(day)
    levels = terms_for_many(standings, day=day) if standings else {}
    return tuple(
        CandidateFacts(
            partner_id=pk,
            standing=standing,
            level=levels[pk].level_name,
            rank=levels[pk].rank,
            priority=levels[pk].lead_priority,
            load=found.loads.get(pk, 0),
            authorisations=found.authorisations.get(pk, ()),
            is_incumbent=pk in incumbents,
            is_holder=pk in found.holders,
            is_held_by_other=bool(found.holders - {pk}),
            was_offered=pk in found.offered,
        )
        for pk, standing in standings.items()
    )
