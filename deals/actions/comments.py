"""What partner and vendor say to each other about a deal, and the vendor's people among themselves."""

from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.verdict import Verdict, refusal
from deals.actions.activity import note_activity
from deals.actions.locks import lock_registration
from deals.actions.news import lives as news
from deals.choices.conversation import Stream
from deals.choices.registrations import RegistrationStatus
from deals.models import Comment, Registration
from deals.rules.comments import comment_is_sound, may_write

EXCERPT = 120  # characters of a comment that a notice quotes


def add_comment(registration_id: int, *, stream: str, text: str, by: Actor, at: datetime) -> Comment:
    """Say something in one of the streams; it is not changed afterwards. The other side is told.

    Refuses what is empty, too long or unreadable, a stream that is not the actor's, and drafts, which nobody reads. A
    partner's comment is activity that keeps its protection.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.comment")
        (may_talk(registration) & may_write(stream, is_vendor=by.is_vendor) & comment_is_sound(text)).or_refuse()
        comment = Comment.objects.create(
            registration=registration,
            stream=stream,
            text=text.strip(),
            author_id=by.user_id,
            author_label=by.label,
            is_from_vendor=by.is_vendor,
            at=at,
        )
        record("comment.added", on=comment, by=by, at=at, registration=registration.public_id, stream=stream)
        said = {"author": by.label, "text": " ".join(comment.text.split())[:EXCERPT]}
        announce(registration, "conversation.comment", stream=stream, by=by, at=at, said=said)
    return comment


def may_talk(registration: Registration) -> Verdict:
    """Nobody but the partner reads a draft. Refuses with ``registration.status``."""
    if registration.receipt_number is None:
        return refusal("registration.status", status=RegistrationStatus(registration.status).label)
    return Verdict()


def announce(
    registration: Registration, code: str, *, stream: str, by: Actor, at: datetime, said: dict[str, str]
) -> None:
    """Count what a partner says as activity; tell the other side of what it may read."""
    if not by.is_vendor:
        note_activity(registration, at)
        news.tell("vendor", code, about=registration, at=at, params=said)
    elif stream == Stream.SHARED:
        news.tell("partner", code, about=registration, at=at, params=said)
