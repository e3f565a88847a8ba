"""Everything that a partner can read of its registrations, searched for facts that are others' alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from common.actor import Actor
from common.models import AuditEntry
from common.reasons import sentence
from deals.models import Registration
from deals.queries.life import DealLife, deal_life
from partners.models import Notification


@dataclass(frozen=True, slots=True)
class Read:
    """The newest audit entry and the newest notification that were looked at."""

    entry: int = 0
    notification: int = 0


def foreign_facts(canaries: Mapping[int, Iterable[str]], *, since: Read, at: datetime) -> tuple[list[str], Read]:
    """Where a partner reads a text that is another's, of what came after `since`; and how far it is read now.

    A registration's views change only with what is recorded about it, so that the others need not be read again. Who
    sells together, or registers for somebody, knows each other.
    """
    entries = AuditEntry.objects.filter(pk__gt=since.entry, subject_kind="deals.registration")
    touched = dict(entries.order_by("pk").values_list("pk", "subject_id"))
    rows = Registration.objects.filter(pk__in=set(touched.values())).prefetch_related("participants").order_by("pk")
    secrets = _secrets(canaries)
    found = []
    for row in rows:
        acquainted = {row.partner_id, row.registered_by_id, *(each.partner_id for each in row.participants.all())}
        text = " ".join(_readable(row, at))
        found += [
            f"partner {row.partner_id} reads “{secret}” of partner {owner} in registration {row.pk}"
            for owner, texts in secrets.items()
            if owner not in acquainted
            for secret in texts
            if secret in text
        ]
    told, newest = _in_notices(secrets, since.notification)
    return [*found, *told], Read(max(touched, default=since.entry), newest)


def _secrets(canaries: Mapping[int, Iterable[str]]) -> dict[int, set[str]]:
    """The canaries of each partner, and the numbers of what it has."""
    secrets = {partner_id: set(texts) for partner_id, texts in canaries.items()}
    rows = Registration.objects.filter(partner__in=secrets, registered_by=None)
    for partner_id, public_id in rows.values_list("partner", "public_id"):
        secrets[partner_id].add(public_id)
    return secrets


def _readable(row: Registration, at: datetime) -> Iterator[str]:
    """What the page, the receipts and the REST answers are made of, as the partner's administrator reads it."""
    reader = Actor("person", "user:0", "Reader", partner_roles={row.partner_id: "admin"})
    life: DealLife = deal_life(reader, row, at=at)
    for receipt in life.receipts:
        yield repr(receipt)
        yield sentence(receipt.reason)
        yield from (sentence(line.reason) for line in receipt.lines)
    yield from (repr([str(part) for part in astuple(entry)]) for entry in life.timeline)
    yield from (f"{comment.text} {comment.author_label}" for comment in life.comments)
    yield from (_columns(one.extension) for one in life.extensions)
    yield from (_columns(one.change) for one in life.changes)
    yield _columns(row)


def _columns(row: Any) -> str:
    return repr({field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})


def _in_notices(secrets: Mapping[int, set[str]], since: int) -> tuple[list[str], int]:
    """News for a partner's people that tell of another, unless both sell together or one registers for the other."""
    rows = Notification.objects.filter(pk__gt=since, user__memberships__isnull=False).order_by("pk")
    told = list(rows.values_list("pk", "user__memberships__partner", "code", "params", "url", "subject_id"))
    found = [
        f"somebody of partner {reader} is told of partner {owner} by “{code}”"
        for _pk, reader, code, *said in told
        if code not in _AMONG_PARTNERS
        for owner, texts in secrets.items()
        if owner != reader and any(text in repr(said) for text in texts)
    ]
    return found, max((row[0] for row in told), default=since)


_AMONG_PARTNERS = frozenset(
    {"participant.invited", "participant.agreed", "participant.declined", "registration.on_behalf"}
)
