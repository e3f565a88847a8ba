"""Words for what is said and shown about a registration, the sentences of its refusals, and who is told."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class Stream(TextChoices):
    """Who reads it."""

    SHARED = "shared", _("Partner and vendor")
    INTERNAL = "internal", _("Vendor only")


REASONS = {
    "comment.empty": _("Write something."),
    "attachment.name_invalid": _("Give the file a name with an extension."),
    "attachment.empty": _("The file is empty."),
    "attachment.too_large": _("A file can have at most %(limit)s MB."),
    "attachment.too_many": _("At most %(limit)s files are possible."),
    "attachment.kind_unknown": _("Files of this kind are not taken. Possible are: %(kinds)s."),
    "attachment.content_differs": _("The content is not what the name “.%(kind)s” says, or has macros."),
    "attachment.not_encoded": _("Send the content as base64."),
    "conversation.comment": _("%(author)s commented on %(customer)s: %(text)s"),
    "conversation.attachment": _("%(author)s added a file to %(customer)s: %(name)s"),
}

NOTICES = {
    "comment": NoticeKind(
        label=_("Comments and files from the vendor"),
        codes=("conversation.comment", "conversation.attachment"),
        email=EmailWhen.NOW,
        audience="partner",
    ),
    "partner_comment": NoticeKind(
        label=_("Comments and files from partners"),
        codes=("conversation.comment", "conversation.attachment"),
        email=EmailWhen.DAILY,
        audience="vendor",
    ),
}

EVENTS: dict[str, tuple[object, str, str]] = {}
