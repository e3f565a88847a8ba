"""What the rules of engagement look at, gathered for one registration. Ask only under the locks of `actions.claims`."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import msgspec
from django.db import connection

from crm import queries as crm_queries
from deals.models import Registration, Rulebook
from deals.rules.facts import ClaimFact, NamedAccountFact, OpportunityFact, ProtectionFact

_RULEBOOK_IN_FORCE = """
    SELECT * FROM deals_rulebook WHERE published_at IS NOT NULL AND effective_from <= %s
    ORDER BY effective_from DESC, version DESC LIMIT 1
"""


def rulebook_on(day: date) -> Rulebook | None:
    """The rulebook in force on the day, if there is one."""
    return next(iter(Rulebook.objects.raw(_RULEBOOK_IN_FORCE, [day])), None)


class StandingAgainst(msgspec.Struct, frozen=True):
    """What may stand against a claim, and the claim's own place in the order of receipt."""

    receipt_number: int
    protections: tuple[ProtectionFact, ...]
    named_accounts: tuple[NamedAccountFact, ...]
    earlier_claims: tuple[ClaimFact, ...]


# One statement, since everybody who claims the same customer waits while it runs.
_STANDING_AGAINST = """
SELECT jsonb_build_object(
    'receipt_number', coalesce(%(receipt)s::bigint, nextval('deals_receipt_number')),
    'protections', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'registration', holder.public_id, 'own', protection.partner_id = %(partner)s,
            'family_id', protection.family_id, 'starts_at', protection.starts_at, 'ends_at', protection.ends_at
        ) ORDER BY protection.starts_at, protection.id), '[]')
        FROM deals_protection protection JOIN deals_registration holder ON holder.id = protection.registration_id
        WHERE protection.customer_id = ANY(%(customers)s::bigint[])
          AND protection.family_id = ANY(%(families)s::bigint[])
          AND tstzrange(protection.starts_at, protection.ends_at) && tstzrange(%(at)s, NULL)
    ),
    'named_accounts', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'starts_on', named.starts_on, 'ends_on', named.ends_on
        ) ORDER BY named.starts_on, named.id), '[]')
        FROM deals_namedaccount named
        WHERE named.customer_id = ANY(%(customers)s::bigint[]) AND (named.ends_on IS NULL OR named.ends_on > %(day)s)
    ),
    'earlier_claims', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'registration', claim.public_id, 'receipt_number', claim.receipt_number
        ) ORDER BY claim.receipt_number), '[]')
        FROM deals_registration claim
        WHERE claim.customer_id = ANY(%(customers)s::bigint[]) AND claim.status = 'in_review'
          AND claim.family_ids && %(families)s::bigint[] AND claim.partner_id <> %(partner)s
          AND claim.receipt_number < coalesce(%(receipt)s::bigint, 9223372036854775807)
    )
)::text
"""


def standing_against(
    registration: Registration, customer_ids: Sequence[int], *, at: datetime, day: date
) -> StandingAgainst:
    """Protections that have not ended, the direct-only list, other partners' earlier registrations still being judged.

    A registration that has no receipt number yet gets the next one: asked under the locks of what is claimed, so that
    the numbers are in the order of the claims (the clock reads when a transaction began, not when its turn came).
    """
    parameters = {
        "receipt": registration.receipt_number,
        "partner": registration.partner_id,
        "customers": list(customer_ids),
        "families": list(registration.family_ids),
        "at": at,
        "day": day,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_AGAINST, parameters)
        return msgspec.json.decode(cursor.fetchone()[0], type=StandingAgainst)


def opportunities_with(customer_ids: Iterable[int], family_ids: Sequence[int]) -> tuple[OpportunityFact, ...]:
    """Open direct opportunities with these customers in these families."""
    return tuple(
        OpportunityFact(
            found.external_id, found.close_on, found.updated_at_source, found.stage_moved_at, found.first_seen_at
        )
        for customer_id in customer_ids
        for found in crm_queries.live_direct_opportunities(customer_id, family_ids)
    )
