"""The locks that claims are decided under, held until the transaction ends.

Claims that find them free look under them. The others look once before they queue here; what is not rejected then is
looked at again in turn, and whoever is rejected in turn lets them go at once, before the refusal is written.

Order, for everybody: the registration's row, the names of newcomers (here), crm's own locks, and then the pairs of
customer and family in sorted order. Advisory locks, because what is claimed may not have a row yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db import connection

from common.actor import Actor
from common.errors import NotFound
from crm.rules.matching import IdentityKeys
from deals.models import Registration
from deals.queries.calendar import day_of
from deals.queries.claimants import may_act_on
from deals.queries.facts import RulesInForce, published_rules
from deals.queries.registrations import may_see
from deals.rules.permissions import may_act
from partners.rules import StandingFacts, agreement_is_current

_LOCKED = "SELECT * FROM deals_registration WHERE id = %s FOR UPDATE"
_OPENED = """
    SELECT registration.*, partner.public_id AS partner_public_id, partner.status AS partner_status,
           partner.agreement_ends_on AS partner_agreement_ends_on, partner.credit_hold AS partner_credit_hold,
           deals_rulebook_on(%(day)s) AS rulebook_in_force
    FROM deals_registration registration JOIN partners_partner partner ON partner.id = registration.partner_id
    WHERE registration.{key} = %(asked)s FOR UPDATE OF registration
"""
_OPENED_BY = {key: _OPENED.format(key=key) for key in ("id", "public_id")}


@dataclass(frozen=True, slots=True)
class Opened:
    """A registration, locked, and what its judgement begins with; `in_force` None: no rulebook is."""

    registration: Registration
    standing: StandingFacts
    in_force: RulesInForce | None


def lock_registration(registration_id: int, *, by: Actor, capability: str, at: datetime | None = None) -> Registration:
    """The registration's row, locked. Refuses an actor without the capability; `NotFound` if there is none.

    With the instant, the distributor who registered it for the partner may act too: see `queries.claimants`.
    """
    locked = Registration.objects.raw(_LOCKED, [registration_id])  # the ORM takes longer to write this than to run it
    registration = next(iter(locked), None)
    if registration is None:
        raise NotFound("registration")
    if at is None:
        may_act(by, capability, registration.partner_id).or_refuse()
    else:
        may_act_on(by, capability, registration, at=at).or_refuse()
    return registration


def open_registration(asked: int | str, *, by: Actor, capability: str, at: datetime) -> Opened:
    """The same by key or by public id, for a judgement at the instant. One statement for those who see everything.

    By public id it is `NotFound` also if `by` cannot see it, and nobody waits for such a row.
    """
    key = "id" if isinstance(asked, int) else "public_id"
    if isinstance(asked, str) and not may_see(by, asked):
        raise NotFound("registration")
    day = day_of(at)
    locked: Iterable[Any] = Registration.objects.raw(_OPENED_BY[key], {"asked": asked, "day": day})
    found = next(iter(locked), None)
    if found is None:
        raise NotFound("registration")
    may_act_on(by, capability, found, at=at).or_refuse()
    agreement_current = agreement_is_current(found.partner_agreement_ends_on, day)
    return Opened(
        registration=found,
        standing=StandingFacts(found.partner_status, agreement_current, found.partner_credit_hold),
        in_force=published_rules(found.rulebook_in_force) if found.rulebook_in_force else None,
    )


def lock_claims(customer_ids: Iterable[int], family_ids: Iterable[int]) -> None:
    """One lock for each customer and family: whoever holds it alone looks, decides and inserts."""
    families = list(family_ids)
    take(f"claim {customer_id} {family_id}" for customer_id in customer_ids for family_id in families)


def lock_free_claims(customer_ids: Iterable[int], family_ids: Iterable[int]) -> bool:
    """The same locks if nobody holds any of them, otherwise none."""
    families = list(family_ids)
    return take_free(f"claim {customer_id} {family_id}" for customer_id in customer_ids for family_id in families)


def lock_newcomer(keys: IdentityKeys) -> None:
    """One unknown company of a country, domain or tax id at a time: two spellings of one are compared, not both new."""
    take(_newcomer(keys))


def lock_free_newcomer(keys: IdentityKeys) -> bool:
    """The same locks if nobody holds any of them, otherwise none."""
    return take_free(_newcomer(keys))


def _newcomer(keys: IdentityKeys) -> list[str]:
    names = [f"newcomer country {keys.country}"]
    names += [f"newcomer domain {keys.domain}"] if keys.domain else []
    names += [f"newcomer tax {keys.tax}"] if keys.tax else []
    return names


def take(names: Iterable[str]) -> None:
    """Locks by name, in one order for everybody (of their 64-bit hashes)."""
    numbers = _numbers(names)
    if not numbers:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers])


def take_free(names: Iterable[str]) -> bool:
    """Whether all of these locks were free, and are held now; none is if not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deals_lock_if_free(%s::bigint[])", [_numbers(names)])
        return bool(cursor.fetchone()[0])


def _numbers(names: Iterable[str]) -> list[int]:
    digests = (blake2b(f"deals {name}".encode(), digest_size=8).digest() for name in names)
    return sorted({int.from_bytes(digest, signed=True) for digest in digests})
