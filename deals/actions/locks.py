"""The locks that claims are decided under, held until the transaction ends.

Claims look once before they queue here; what is not rejected then is looked at again under the locks. Whoever is
rejected under them lets them go at once, before the refusal is written.

Order, for everybody: the registration's row, the names of newcomers (here), crm's own locks, and then the pairs of
customer and family in sorted order. Advisory locks, because what is claimed may not have a row yet.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

from django.db import connection

from common.actor import Actor
from common.errors import NotFound
from crm.rules.matching import IdentityKeys
from deals.models import Registration
from deals.queries.calendar import day_of
from deals.queries.claimants import may_act_on
from deals.queries.registrations import registrations_visible_to
from deals.rules.permissions import may_act

_LOCKED = "SELECT * FROM deals_registration WHERE id = %s FOR UPDATE"


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


def lock_visible(public_id: str, *, by: Actor, capability: str, at: datetime) -> Registration:
    """The same by public id, with its partner and `rulebook_in_force`; `NotFound` also for one that `by` cannot see."""
    rows = registrations_visible_to(by).under_rules_of(day_of(at)).select_related("partner")
    registration = rows.select_for_update(of=("self",)).filter(public_id=public_id).first()
    if registration is None:
        raise NotFound("registration")
    may_act_on(by, capability, registration, at=at).or_refuse()
    return registration


def lock_claims(customer_ids: Iterable[int], family_ids: Iterable[int]) -> None:
    """One lock for each customer and family: whoever holds it alone looks, decides and inserts."""
    families = list(family_ids)
    take(f"claim {customer_id} {family_id}" for customer_id in customer_ids for family_id in families)


def lock_free_claims(customer_ids: Iterable[int], family_ids: Iterable[int]) -> bool:
    """The same locks if nobody holds any of them. Otherwise some may be held: roll back to let them go."""
    families = list(family_ids)
    return take_free(f"claim {customer_id} {family_id}" for customer_id in customer_ids for family_id in families)


def lock_newcomer(keys: IdentityKeys) -> None:
    """One unknown company of a country, domain or tax id at a time: two spellings of one are compared, not both new."""
    take(_newcomer(keys))


def lock_free_newcomer(keys: IdentityKeys) -> bool:
    """The same locks if nobody holds any of them. Otherwise some may be held: roll back to let them go."""
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
    """Whether all of these locks were free, and are held now; some may be held if not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(pg_try_advisory_xact_lock(number)) FROM unnest(%s::bigint[]) number", [_numbers(names)]
        )
        return bool(cursor.fetchone()[0])


def _numbers(names: Iterable[str]) -> list[int]:
    digests = (blake2b(f"deals {name}".encode(), digest_size=8).digest() for name in names)
    return sorted({int.from_bytes(digest, signed=True) for digest in digests})
