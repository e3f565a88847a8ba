"""Sending notices by e-mail: one by one at once, or all of a person's in one daily summary.

A notice is claimed by locking its row; `mailed_at` is written in the same transaction after the mail server took the
message. Nobody else sends it meanwhile. Only if the program dies between the two is it sent again: at least once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Any

import css_inline
import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from common.outbox import after_commit
from common.reasons import sentence
from common.verdict import Reason
from partners import queries
from partners.choices import NOTICE_KINDS, MailDue
from partners.models import Digest, Notification, User

LINES = 100  # of one summary; the rest is in the portal
SUBJECT_LENGTH = 150
log = structlog.get_logger(__name__)


class MailServerError(Exception):
    """None of several messages could be handed over."""


def send_due_mails(notices: Sequence[str], *, at: datetime) -> None:
    """Mail each of these notices that is still to be mailed by itself. Run from the outbox, after the commit.

    What fails beside others that went is asked for anew, so that one bad address holds nobody up. If nothing goes,
    the outbox tries again later; what it gave up on is in the next daily summary.
    """
    failed = [public_id for public_id in notices if not _send_notice(public_id, at)]
    if failed and len(failed) == len(notices):
        raise MailServerError(f"{len(failed)} notices could not be mailed")
    if failed:
        after_commit("partners.mail_due", at=at, notices=failed)


def _send_notice(public_id: str, at: datetime) -> bool:
    """False if it should have been mailed and was not."""
    try:
        with transaction.atomic():
            notice = _lock(public_id)
            if notice is None:
                return True
            visible = queries.notices_visible_to(queries.actor_of(notice.user))
            if not visible.filter(pk=notice.pk).exists():
                Notification.objects.filter(pk=notice.pk).update(mail_due=MailDue.NONE)
                return True
            with translation.override(_language_of(notice.user)):
                _message(notice.user, _written(notice), [notice]).send()
            Notification.objects.filter(pk=notice.pk).update(mailed_at=at)
    except Exception:
        log.exception("notice not mailed", notice=public_id)
        return False
    return True


def _lock(public_id: str) -> Notification | None:
    """The notice, locked, if it is to be mailed and nobody else is doing so."""
    due = Notification.objects.filter(public_id=public_id, mail_due=MailDue.NOW, mailed_at=None)
    return due.select_related("user").select_for_update(skip_locked=True, of=("self",)).first()


@dataclass(frozen=True, slots=True)
class DigestCount:
    """How many people got the summary, and for how many it failed; these have it all in the next one."""

    sent: int
    failed: int


def send_digests(day: date, *, at: datetime) -> DigestCount:
    """Mail everybody's summary of the day; nobody gets a second one, however often and by how many it is called."""
    sent = failed = 0
    for user_id in queries.people_with_digest_due(at):
        try:
            sent += _send_digest(user_id, day, at)
        except Exception:
            log.exception("summary not mailed", user=user_id)
            failed += 1
    return DigestCount(sent, failed)


def _send_digest(user_id: int, day: date, at: datetime) -> bool:
    with transaction.atomic():
        due = queries.mail_of_digest(at).filter(user_id=user_id).order_by("-pk").select_for_update(skip_locked=True)
        keys = list(due.values_list("pk", flat=True))
        user = User.objects.get(pk=user_id)
        visible = queries.notices_visible_to(queries.actor_of(user)).filter(pk__in=keys)
        notices = list(visible.order_by("-pk"))
        Notification.objects.filter(pk__in=set(keys) - {notice.pk for notice in notices}).update(mail_due=MailDue.NONE)
        if not notices or not Digest.objects.get_or_create(user=user, day=day, defaults={"sent_at": at})[1]:
            return False
        with translation.override(_language_of(user)):
            title = ngettext("%(count)s piece of news for you", "%(count)s pieces of news for you", len(notices))
            _message(user, title % {"count": len(notices)}, notices).send()
        Notification.objects.filter(pk__in=[notice.pk for notice in notices]).update(mailed_at=at)
    return True


def _message(user: User, title: str, notices: Sequence[Notification]) -> EmailMultiAlternatives:
    """To one address, as plain text and as HTML, in the language that is active now."""
    context: dict[str, Any] = {
        "title": title,
        "groups": list(_groups(notices[:LINES])),
        "left_out": max(0, len(notices) - LINES),
        "site": settings.BASE_URL,
        "language": translation.get_language(),
    }
    # A line break in a name would end the header.
    subject = " ".join(title.split())[:SUBJECT_LENGTH]
    text = render_to_string("partners/mail/notices.txt", context)
    message = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [user.email])
    message.attach_alternative(_inliner().inline(render_to_string("partners/mail/notices.html", context)), "text/html")
    return message


def _groups(notices: Iterable[Notification]) -> Iterable[dict[str, Any]]:
    """By kind, in the order in which the kinds are declared; inside a kind as given."""
    places = {kind: place for place, kind in enumerate(NOTICE_KINDS)}
    for kind, group in groupby(sorted(notices, key=lambda notice: places[notice.kind]), key=lambda notice: notice.kind):
        lines = [{"public_id": notice.public_id, "text": _written(notice)} for notice in group]
        yield {"label": NOTICE_KINDS[kind].label, "lines": lines}


def _written(notice: Notification) -> str:
    return sentence(Reason(notice.code, notice.params))


def _language_of(user: User) -> str:
    """The reader's language if the program speaks it, otherwise its own."""
    return user.language if user.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@cache
def _inliner() -> css_inline.CSSInliner:
    """Mail readers drop style sheets: the rules of ``mail.css`` are written into each element."""
    css = (settings.BASE_DIR / "static" / "css" / "mail.css").read_text(encoding="utf-8")
    return css_inline.CSSInliner(extra_css=css, load_remote_stylesheets=False)
