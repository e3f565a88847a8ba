"""What was said and shown about a registration, each reader's own streams only."""

from dataclasses import dataclass

from common.actor import Actor
from common.errors import NotFound
from deals.choices.conversation import Stream
from deals.models import Attachment, AttachmentContent, Comment, Registration
from deals.queries.registrations import registrations_visible_to


def streams_visible_to(actor: Actor) -> tuple[str, ...]:
    """The vendor's people read both; for a partner there is one."""
    return (Stream.SHARED, Stream.INTERNAL) if actor.is_vendor else (Stream.SHARED,)


def comments_of(actor: Actor, registration: Registration) -> list[Comment]:
    """In the order in which they were said. One statement."""
    return list(registration.comments.filter(stream__in=streams_visible_to(actor)).order_by("at", "pk"))


def attachments_of(actor: Actor, registration: Registration) -> list[Attachment]:
    """Newest first, without their content. One statement."""
    return list(registration.attachments.filter(stream__in=streams_visible_to(actor)).order_by("-at", "-pk"))


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that can be chosen as evidence."""

    key: int
    public_id: str
    name: str


def shared_files_of(registration: Registration) -> list[KnownFile]:
    """What both sides see, newest first. One statement."""
    rows = registration.attachments.filter(stream=Stream.SHARED).order_by("-at", "-pk")
    return [KnownFile(*row) for row in rows.values_list("pk", "public_id", "name")]


def find_attachment(actor: Actor, registration_public_id: str, public_id: str) -> Attachment:
    """The file, if the actor may see its registration and its stream; otherwise `NotFound`, as if there were none."""
    visible = Attachment.objects.filter(
        registration__in=registrations_visible_to(actor),
        registration__public_id=registration_public_id,
        stream__in=streams_visible_to(actor),
    )
    found = visible.filter(public_id=public_id).first()
    if found is None:
        raise NotFound("attachment")
    return found


def content_of(attachment: Attachment) -> bytes:
    """The bytes as they were given."""
    return bytes(AttachmentContent.objects.values_list("content", flat=True).get(attachment=attachment))
