"""What the rules of engagement look at, gathered for one claim. Without the locks of `actions.claims` it may be old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from common.period import add_months
from crm import queries as crm_queries
from deals.models import Rulebook
from deals.rules.facts import (
    AuthorisationFact,
    BlockFact,
    ClaimFact,
    FamilyFact,
    GrantFact,
    HoldFact,
    IncumbentFact,
    NamedAccountFact,
    OpportunityFact,
    ProtectionFact,
)
from deals.rules.rulebook import Rule, rules_from
from deals.rules.sites import site_span
from deals.rules.terms import DEFAULT_TERMS, Terms, terms_from

_IN_FORCE = "SELECT deals_rulebook_on(%s)"


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """A published rulebook with its rules and terms read."""

    rulebook: Rulebook
    rules: tuple[Rule, ...]
    terms: Terms


def rules_on(day: date) -> RulesInForce | None:
    """The rulebook in force on the day, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE, [day])
        (rulebook_id,) = cursor.fetchone()
    return published_rules(rulebook_id) if rulebook_id else None


def rulebook_on(day: date) -> Rulebook | None:
    found = rules_on(day)
    return found.rulebook if found else None


def terms_on(day: date) -> Terms:
    """The published terms of the day; the usual ones if nothing is published yet."""
    found = rules_on(day)
    return found.terms if found else DEFAULT_TERMS


@lru_cache(maxsize=32)
def published_rules(rulebook_id: int) -> RulesInForce:
    """A published rulebook never changes (a trigger sees to it), so that a process reads each of them once."""
    rulebook = Rulebook.objects.get(pk=rulebook_id, published_at__isnull=False)
    return RulesInForce(rulebook, rules_from(rulebook.rules), terms_from(rulebook.terms))


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked for: customers (all records of one company), families, a site or all of them, by whom.

    `receipt_number` None: the claim has no place in the order of receipt yet, and gets the next one.
    """

    partner_id: int
    customer_ids: Sequence[int]
    family_ids: Sequence[int]
    country: str
    site: str = ""
    receipt_number: int | None = None


class StandingAgainst(msgspec.Struct, frozen=True):
    """What may stand against a claim or for it, and its own place in the order of receipt."""

    receipt_number: int
    protections: tuple[ProtectionFact, ...]
    named_accounts: tuple[NamedAccountFact, ...]
    earlier_claims: tuple[ClaimFact, ...]
    blocks: tuple[BlockFact, ...]
    grants: tuple[GrantFact, ...]
    authorisations: tuple[AuthorisationFact, ...]
    incumbents: tuple[IncumbentFact, ...]
    holds: tuple[HoldFact, ...]
    has_own_hold: bool


# One statement, since everybody who claims the same customer waits while it runs; a function keeps its plan.
_STANDING_AGAINST = """
    SELECT deals_standing_against(
        %(receipt)s, %(partner)s, %(customers)s::bigint[], %(families)s::bigint[], %(country)s,
        %(sites)s::int8range, %(zone)s, %(since)s, %(at)s, %(day)s
    )
"""


def standing_against(claim: Claim, *, at: datetime, day: date, months: int) -> StandingAgainst:
    """What is true on the day about the customer and the partner; business won counts for that many months.

    A claim that has no receipt number yet gets the next one: asked under the locks of what is claimed, so that the
    numbers are in the order of the claims (the clock reads when a transaction began, not when its turn came).
    """
    lower, upper = site_span(claim.site)
    parameters = {
        "receipt": claim.receipt_number,
        "partner": claim.partner_id,
        "customers": list(claim.customer_ids),
        "families": list(claim.family_ids),
        "country": claim.country,
        "sites": "(,)" if lower is None else f"[{lower},{upper})",
        "zone": timezone.get_default_timezone_name(),
        "since": at - timedelta(days=31 * months),
        "at": at,
        "day": day,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_AGAINST, parameters)
        return msgspec.json.decode(cursor.fetchone()[0], type=StandingAgainst)


@dataclass(frozen=True, slots=True)
class Market:
    """What direct sales and partners do with a customer."""

    opportunities: tuple[OpportunityFact, ...]
    incumbents: tuple[IncumbentFact, ...]
    families: tuple[FamilyFact, ...]
    segment: str


def market_of(claim: Claim, *, day: date, months: int) -> Market:
    """Open direct opportunities with the customer, and what partners sold to it in the last months. One statement."""
    found = crm_queries.activity_at(claim.customer_ids, claim.family_ids, since=add_months(day, -months))
    return Market(
        tuple(
            OpportunityFact(each.external_id, each.close_on, each.updated_at, each.stage_moved_at, each.first_seen_at)
            for each in found.opportunities
        ),
        tuple(
            IncumbentFact(each.partner_id == claim.partner_id, each.family_id, each.booked_on)
            for each in found.business
        ),
        tuple(FamilyFact(each.pk, each.code) for each in found.families),
        found.segment,
    )


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that the rules look at besides the claim itself."""

    seen: StandingAgainst
    market: Market

    def as_facts(self) -> dict[str, Any]:
        """By the names that `Facts` has for it."""
        seen, market = self.seen, self.market
        return {
            "customer_segment": market.segment,
            "named_accounts": seen.named_accounts,
            "protections": seen.protections,
            "opportunities": market.opportunities,
            "earlier_claims": seen.earlier_claims,
            "families": market.families,
            "blocks": seen.blocks,
            "grants": seen.grants,
            "authorisations": seen.authorisations,
            "incumbents": (*seen.incumbents, *market.incumbents),
            "holds": seen.holds,
        }


def gather(claim: Claim, *, at: datetime, day: date, months: int, market: Market | None = None) -> Gathered:
    """What is true at the instant; of the market what was found a moment ago, if it is given."""
    seen = standing_against(claim, at=at, day=day, months=months)
    return Gathered(seen, market or market_of(claim, day=day, months=months))
