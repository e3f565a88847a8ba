"""What every batch has in common: row-precise results, all or nothing, and writing only what differs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zlib import crc32

from django.db import connection, models

from common import batches
from common.actor import Actor
from common.audit import record
from common.batches import BatchResult
from common.choices import RowOutcome
from crm.models import Delivery

MERGES = "crm.merge"  # a space: who names customers by the CRM's ids shares it, who merges two has it alone
BUCKETS = 256  # at most that many advisory locks for a batch of any size
M = TypeVar("M", bound=models.Model)


class Batch(batches.Batch):
    """A batch that leaves a note of its delivery."""

    def __init__(self, kind: str, keys: Sequence[str]) -> None:
        super().__init__(keys)
        self.kind = kind

    def deliver(self, *, by: Actor, at: datetime) -> BatchResult:
        """Note the delivery, if it changed anything, and answer."""
        result = self.result()
        counts = result.counts
        if counts["created"] or counts["updated"] or counts["waiting"]:
            delivery = Delivery.objects.create(
                kind=self.kind,
                received_at=at,
                sent_by=by.label,
                created_count=counts["created"],
                updated_count=counts["updated"],
                unchanged_count=counts["unchanged"],
                waiting_count=counts["waiting"],
            )
            record("crm.delivery_applied", on=delivery, by=by, at=at, kind=self.kind, counts=counts)
        return result


def lock_keys(space: str, keys: Iterable[str]) -> None:
    """Hold everyone else who locks one of these keys until the transaction ends, whether or not a row exists yet.

    Keys fall into buckets, which are locked in ascending order: two batches never wait for each other in a circle.
    """
    _advise("pg_advisory_xact_lock", *locks_of(space, keys))


def locks_of(space: str, keys: Iterable[str]) -> tuple[int, list[int]]:
    """The number of the space and, ascending, those of the keys' buckets, as the lock functions take them."""
    buckets = {crc32(key.encode("utf-8", "surrogatepass")) % BUCKETS for key in keys}
    return crc32(space.encode()) - 2**31, sorted(buckets)  # signed integers of 32 bits


def lock_space(space: str, *, shared: bool) -> None:
    """Hold a whole space: alone, or together with all who share it."""
    number_of_space, _no_keys = locks_of(f"all of {space}", ())
    _advise("pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock", number_of_space, [0])


def _advise(function: str, number_of_space: int, numbers: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(%s, number) FROM unnest(%s::integer[]) AS number",  # noqa: S608 one of two literals
            [number_of_space, list(numbers)],
        )


def write_differences(
    batch: Batch, model: type[M], values: Sequence[dict[str, Any]], existing: Mapping[str, M], **stamps: dict[str, Any]
) -> list[M]:
    """Create the missing and update the differing objects, in two statements at most; returns those written.

    `values` and the batch's rows go together; `existing` is by the batch's keys. `stamps` are columns that do not make
    a difference: `created` ones are set on new objects, `changed` ones on new and differing objects.
    """
    on_create, on_change = stamps.get("created", {}), stamps.get("changed", {})
    new: list[M] = []
    differing: list[M] = []
    for index, (key, columns) in enumerate(zip(batch.keys, values, strict=True)):
        known = existing.get(key)
        if known is None:
            new.append(model(**columns, **on_create, **on_change))
            batch.outcomes[index] = RowOutcome.CREATED
        elif any(getattr(known, name) != value for name, value in columns.items()):
            for name, value in {**columns, **on_change}.items():
                setattr(known, name, value)
            differing.append(known)
            batch.outcomes[index] = RowOutcome.UPDATED
    model._default_manager.bulk_create(new)
    if differing:
        overwrite(differing, [*values[0], *on_change])
    return [*new, *differing]


def overwrite(objects: Sequence[M], columns: Sequence[str]) -> None:
    """Update these columns of whole, existing objects in one statement."""
    type(objects[0])._default_manager.bulk_create(
        objects, update_conflicts=True, unique_fields=["pk"], update_fields=list(columns)
    )
