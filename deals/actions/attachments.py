"""Files as evidence: checked by content, kept in the database, never shown other than as a download."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from common.actor import Actor
from common.audit import record
from deals.actions.comments import announce, may_talk
from deals.actions.locks import lock_registration
from deals.models import Attachment, AttachmentContent
from deals.rules.comments import may_write
from deals.rules.evidence import evidence_of, file_is_evidence, may_be_added


def attach(registration_id: int, *, name: str, content: bytes, stream: str, by: Actor, at: datetime) -> Attachment:
    """Add a file to one of the streams; it is neither changed nor deleted afterwards. The other side is told.

    Refuses kinds that are not taken, content that is not what the name says, what is empty or too large, more files
    than a registration may have, a stream that is not the actor's, and drafts.
    """
    (may_write(stream, is_vendor=by.is_vendor) & file_is_evidence(name, content)).or_refuse()
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.comment")
        (may_talk(registration) & may_be_added(registration.attachments.filter(stream=stream).count())).or_refuse()
        kept = evidence_of(name)
        attachment = Attachment.objects.create(
            registration=registration,
            stream=stream,
            name=kept.name,
            kind=kept.kind,
            size=len(content),
            digest=sha256(content).hexdigest(),
            uploaded_by_id=by.user_id,
            uploaded_by_label=by.label,
            is_from_vendor=by.is_vendor,
            at=at,
        )
        AttachmentContent.objects.create(attachment=attachment, content=content)
        facts = {"registration": registration.public_id, "stream": stream, "digest": attachment.digest}
        record("attachment.added", on=attachment, by=by, at=at, **facts)
        said = {"author": by.label, "name": kept.name}
        announce(registration, "conversation.attachment", stream=stream, by=by, at=at, said=said)
    return attachment
