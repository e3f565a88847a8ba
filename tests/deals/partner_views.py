"""Everything that a partner can read of its registrations, searched for facts that are others' alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any

from django.db.models import Q

from common.actor import Actor
from common.models import AuditEntry
from common.reasons import sentence
from deals.models import Registration
from deals.queries.life import DealLife, deal_life
from partners.models import Notification


def foreign_facts(canaries: Mapping[int, Iterable[str]], *, since: int, at: datetime) -> tuple[list[str], int]:
    """Where a partner reads a text that is another's; of what was recorded after the audit entry `since`.

    A registration's views change only with what is recorded about it, so that the others need not be read again. Who
    sells together, or registers for somebody, knows each other. Returns the newest audit entry, too.
    """
    newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entries = AuditEntry.objects.filter(pk__gt=since, subject_kind="deals.registration")
    touched = {int(key) for key in entries.values_list("subject_id", flat=True)}
    rows = Registration.objects.filter(pk__in=touched).prefetch_related("participants").order_by("pk")
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
    return [*found, *_in_notices(secrets)], newest


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


def _in_notices(secrets: Mapping[int, set[str]]) -> Iterator[str]:
    """News for a partner's people that tell of another, unless both sell together or one registers for the other."""
    for owner, texts in secrets.items():
        told = Notification.objects.filter(user__memberships__isnull=False).exclude(user__memberships__partner=owner)
        naming = Q()
        for text in texts:
            naming |= Q(params__icontains=text) | Q(subject_id=text) | Q(url__icontains=text)
        for code, user_id in told.filter(naming).values_list("code", "user_id"):
            if code not in _AMONG_PARTNERS:
                yield f"user {user_id} is told of partner {owner} by “{code}”"


_AMONG_PARTNERS = frozenset(
    {"participant.invited", "participant.agreed", "participant.declined", "registration.on_behalf"}
)
