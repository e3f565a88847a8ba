"""Telling people what concerns them, and what they do about it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from django.db import transaction
from django.db.models import F

from common.actor import Actor
from common.outbox import after_commit
from common.reasons import sentence
from common.verdict import Reason, refusal
from partners import queries
from partners.choices import MAIL_DUE, NOTICE_KINDS, EmailWhen, MailDue
from partners.models import Notification, NotificationPreference
from partners.rules import NoticeWish


class Details(TypedDict, total=False):
    """What a notice says and where it leads.

    ``params`` are the sentence's; ``url`` is a path of this site, empty for none; ``about`` is the public id of the
    thing. With ``dedup`` a person is told once for this kind, however often it is said.
    """

    params: Mapping[str, Any]
    url: Required[str]
    about: str
    dedup: str


def notify(user_ids: Iterable[int], *, kind: str, code: str, at: datetime, **details: Unpack[Details]) -> int:
    """Tell these people, in the caller's transaction; returns how many are told now.

    Left out are those who are not active, whom the kind does not concern, who do not want to hear of it, or who were
    told before. Mail follows the commit. A kind or a sentence that nobody declared is a programming error and raises
    (KeyError, ValueError). At most five statements, however many people.
    """
    if code not in NOTICE_KINDS[kind].codes:
        raise ValueError(f"{kind} does not say {code}: see its NoticeKind")
    params = details.get("params", {})
    sentence(Reason(code, params))  # what cannot be written now could not be read later either
    with transaction.atomic():
        notices = [
            Notification(
                user_id=reader.user_id,
                kind=kind,
                code=code,
                params=dict(params),
                url=details["url"],
                subject_id=details.get("about", ""),
                partner_ids=list(reader.partner_ids),
                dedup_key=details.get("dedup") or None,
                in_portal=reader.wish.in_portal,
                created_at=at,
                mail_due=MAIL_DUE[EmailWhen(reader.wish.email)],
            )
            for reader in queries.readers_of(kind, user_ids)
        ]
        Notification.objects.bulk_create(notices, ignore_conflicts=True)
        written = Notification.objects.filter(public_id__in=[notice.public_id for notice in notices]).order_by("pk")
        told = list(written.values_list("public_id", "mail_due"))
        due = [public_id for public_id, mail_due in told if mail_due == MailDue.NOW]
        if due:
            after_commit("partners.mail_due", at=at, notices=due)
    return len(told)


def read_notice(public_id: str, *, by: Actor, at: datetime) -> Notification:
    """Mark one of the reader's own notices as read; reading it again changes nothing. `NotFound` for any other."""
    notice = queries.find_notice(by, public_id)
    Notification.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)
    return notice


def read_all_notices(*, by: Actor, at: datetime) -> int:
    """Mark everything that the reader has in the portal as read; returns how many were not."""
    return queries.notices_visible_to(by).filter(in_portal=True, read_at=None).update(read_at=at)


def settle_notices(*, before: datetime) -> int:
    """For whoever loads a history: what was told before this instant counts as read when it was told, and of all that
    was told nothing is mailed any more. Returns how many count as read now."""
    with transaction.atomic():
        Notification.objects.filter(mailed_at=None).exclude(mail_due=MailDue.NONE).update(mail_due=MailDue.NONE)
        old = Notification.objects.filter(read_at=None, created_at__lt=before)
        return old.update(read_at=F("created_at"))


def choose_notices(wishes: Mapping[str, NoticeWish], *, by: Actor) -> None:
    """Set how the reader hears of each of these kinds from now on. Refuses kinds that are not of the reader's side."""
    reader = queries.user_of(by)
    if not wishes.keys() <= queries.notice_kinds_for(by).keys():
        refusal("actor.not_permitted").or_refuse()
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(user=reader, kind=kind, in_portal=wish.in_portal, email=wish.email)
            for kind, wish in sorted(wishes.items())
        ],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["in_portal", "email"],
    )
