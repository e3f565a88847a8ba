"""Customers: as the CRM has them, and as partners bring them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from common import events
from common.actor import Actor
from common.audit import record
from common.batches import BatchResult
from common.errors import NotFound
from common.rows import insert
from crm.actions.batches import MERGES, Batch, lock_keys, lock_space, locks_of, write_differences
from crm.actions.scores import merge_first_sales
from crm.actions.words import count_words
from crm.choices import CustomerSource
from crm.models import Customer, Opportunity
from crm.rules import faults, matching
from crm.rules import merges as merging
from crm.rules.domains import registrable_domain
from crm.rules.matching import CustomerIdentity, IdentityKeys
from crm.rules.rows import CustomerRow, trimmed
from crm.rules.search import index_words
from partners import rules as partner_rules

_IDENTITIES = "crm.customer.identity"


@dataclass(frozen=True, slots=True)
class Ensured:
    """The customer that there is now; `is_new`: made just now, so that nobody else can see it before the commit."""

    pk: int
    public_id: str
    is_new: bool


def ensure_customer(
    identity: CustomerIdentity, *, by: Actor, at: datetime, distinct_from: Collection[int] = ()
) -> Ensured:
    """The customer that this is, made if there is none: one row, however many ask at once.

    The same company is one with the same tax id or the same domain, or with the same normalised name in the same
    country unless both tax ids are known and differ. `distinct_from`: customers that a person judged to be others.
    Refuses a company without a name or country. Serialised by locks on its keys, held until the transaction ends.
    """
    matching.identity_is_complete(identity).or_refuse()
    keys = matching.keys_of(identity)
    with transaction.atomic():
        known = _same_companies([keys]) if _lock_and_look(keys) else []
        found = _counterpart(keys, [row for row in known if _live(row).pk not in distinct_from])
        if found is not None:
            return Ensured(found.pk, found.public_id, is_new=False)
        made = Customer(**_columns(identity, keys), source=CustomerSource.REGISTRATION, created_at=at, updated_at=at)
        insert(made)
        count_words(new=[made.name_words])
        record("customer.created", on=made, by=by, at=at, legal_name=identity.legal_name, country=identity.country)
    return Ensured(made.pk, made.public_id, is_new=True)


def upsert_customers(rows: Sequence[CustomerRow], *, by: Actor, at: datetime) -> BatchResult:
    """Create or change customers by external id. All or nothing; refuses anyone without ``crm.write``.

    A new external id first looks for the same company among those that partners brought and the CRM had not: that
    row gets the external id, so that the partner's registration and the CRM's sales meet.
    """
    partner_rules.may(by, "crm.write").or_refuse()
    rows = [trimmed(row) for row in rows]
    batch = Batch("customers", [row.external_id for row in rows])
    for index, row in enumerate(rows):
        batch.add_faults(index, faults.customer_faults(row))
    if batch.failed:
        return batch.result()
    identities = [CustomerIdentity(row.legal_name, row.country, row.domain, row.tax_id) for row in rows]
    keys = [matching.keys_of(identity) for identity in identities]
    with transaction.atomic():
        lock_keys("crm.customer", batch.keys)
        lock_identities(keys)
        existing = {row.external_id or "": row for row in Customer.objects.filter(external_id__in=batch.keys)}
        _adopt(batch.keys, keys, existing)
        words_before = {row.pk: row.name_words for row in existing.values()}
        values = [
            {"external_id": row.external_id, "segment": row.segment, **_columns(identity, key)}
            for row, identity, key in zip(rows, identities, keys, strict=True)
        ]
        written = write_differences(
            *(batch, Customer, values, existing),
            created={"source": CustomerSource.CRM, "created_at": at},
            changed={"updated_at": at},
        )
        before = [words_before[row.pk] for row in written if row.pk in words_before]
        count_words(new=[row.name_words for row in written], old=before)
        return batch.deliver(by=by, at=at)


def merge_customers(keep_id: int, lose_id: int, *, by: Actor, at: datetime) -> None:
    """From now on the one customer is a spelling of the other, which gets its opportunities and its business.

    Sales stay as they were booked; whoever asks by customer is told them as the kept one's. Ids of the CRM, names,
    domains and tax ids of the lost one lead to the kept one, and so do customers that were merged into it before.
    Publishes ``customer.merged`` (`kept_id`, `lost_id`, `at`) in the transaction: a listener may refuse. Refuses
    without ``customer.merge``, one and the same, and ones merged before; `NotFound` if one is unknown.
    """
    partner_rules.may(by, "customer.merge").or_refuse()
    with transaction.atomic():
        lock_space(MERGES, shared=False)
        both = _locked({keep_id, lose_id})
        merging.may_merge(keep_id, lose_id, [row.pk for row in both.values() if row.merged_into_id]).or_refuse()
        Customer.objects.filter(Q(pk=lose_id) | Q(merged_into=lose_id)).update(merged_into=keep_id, updated_at=at)
        Opportunity.objects.filter(customer=lose_id).update(customer=keep_id, updated_at=at)
        merge_first_sales(keep_id, lose_id, at=at)
        record("customer.merged", on=both[lose_id], by=by, at=at, kept=both[keep_id].public_id)
        record("customer.absorbed", on=both[keep_id], by=by, at=at, lost=both[lose_id].public_id)
        events.publish("customer.merged", kept_id=keep_id, lost_id=lose_id, at=at)


def _locked(customer_ids: Collection[int]) -> dict[int, Customer]:
    """The rows by key, locked in order, and first what they are recognised by: nobody is about to find them."""
    lock_identities([_keys_of_row(row) for row in Customer.objects.filter(pk__in=customer_ids)])
    found = Customer.objects.select_for_update(no_key=True).filter(
        pk__in=customer_ids
    )  # others may still refer to them
    rows = {row.pk: row for row in found.order_by("pk")}
    if len(rows) < len(customer_ids):
        raise NotFound("customer")
    return rows


def _adopt(external_ids: Sequence[str], keys: Sequence[IdentityKeys], existing: dict[str, Customer]) -> None:
    """Add to `existing` the partners' customers that the CRM now names for the first time, each of them once."""
    new = [(name, key) for name, key in zip(external_ids, keys, strict=True) if name not in existing]
    unnamed = [row for row in _same_companies([key for _, key in new]) if _live(row).external_id is None] if new else []
    for name, key in new:
        found = _counterpart(key, unnamed)
        if found is not None:
            existing[name] = found
            unnamed = [row for row in unnamed if _live(row) != found]


def lock_identities(keys: Iterable[IdentityKeys]) -> None:
    """Whoever is about to look for a company and to make it if it is missing holds what it is recognised by."""
    lock_keys(_IDENTITIES, _recognised_by(keys))


# One statement, since most of those who ask bring a company that nobody knows.
_LOCK_AND_LOOK = "SELECT crm_lock_and_look(%s, %s::integer[], %s, %s, %s)"


def _lock_and_look(keys: IdentityKeys) -> bool:
    """The same for one company; whether anybody shares an exact key with it by the time that it is locked."""
    locks = locks_of(_IDENTITIES, _recognised_by([keys]))
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_AND_LOOK, [*locks, keys.identity or None, keys.domain or None, keys.tax or None])
        return bool(cursor.fetchone()[0])


def _recognised_by(keys: Iterable[IdentityKeys]) -> list[str]:
    return [name for key in keys for name in (key.identity, key.domain, key.tax) if name]


def _same_companies(keys: Sequence[IdentityKeys]) -> list[Customer]:
    """Customers that share an exact key with any of these, oldest first; merged ones too: they are other spellings."""
    shared = (
        Q(identity_key__in={key.identity for key in keys if key.identity})
        | Q(domain_key__in={key.domain for key in keys if key.domain})
        | Q(tax_key__in={key.tax for key in keys if key.tax})
    )
    return list(Customer.objects.filter(shared).select_related("merged_into").order_by("pk"))


def _counterpart(keys: IdentityKeys, known: Iterable[Customer]) -> Customer | None:
    """Of customers that share a key the one that is the same company, the surest first; None if none is."""
    found = [(matching.same_company(keys, _keys_of_row(row)), row) for row in known]
    scored = [(score, row) for score, row in found if score]
    return _live(max(scored, key=lambda pair: (pair[0], -pair[1].pk))[1]) if scored else None


def _live(row: Customer) -> Customer:
    """The customer that this row is, or that it was merged into."""
    return row.merged_into or row


def _keys_of_row(row: Customer) -> IdentityKeys:
    return IdentityKeys(row.name_key, row.country, row.domain_key, row.tax_key)


def _columns(identity: CustomerIdentity, keys: IdentityKeys) -> dict[str, Any]:
    return {
        "legal_name": identity.legal_name,
        "country": identity.country,
        "domain": registrable_domain(identity.domain),
        "tax_id": identity.tax_id,
        "name_key": keys.name,
        "identity_key": keys.identity,
        "domain_key": keys.domain,
        "tax_key": keys.tax,
        "name_words": index_words(keys.name),
    }
