"""Words for where partners stand."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class NoticeOutcome(TextChoices):
    OPEN = "open", _("Announced")
    CANCELLED = "cancelled", _("Cancelled: the requirements are met again")
    TOOK_EFFECT = "took_effect", _("Took effect")


class OverrideStatus(TextChoices):
    REQUESTED = "requested", _("Waits for a second person")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


REASONS = {
    "notice.tier_risen": _("You rise to %(level)s: its benefits are yours from %(day)s."),
    "notice.tier_fallen": _("Your level is %(level)s from %(day)s."),
    "notice.demotion_announced": _(
        "%(held)s is at risk: without what is missing you fall to %(level)s on %(day)s. Until then nothing changes."
    ),
    "notice.demotion_cancelled": _("You meet the requirements again: the fall to %(level)s is called off."),
}

NOTICES = {
    "tiers.standing": NoticeKind(
        _("Your level"), ("notice.tier_risen", "notice.tier_fallen"), EmailWhen.NOW, "partner"
    ),
    "tiers.demotion": NoticeKind(
        _("Demotions announced and called off"),
        ("notice.demotion_announced", "notice.demotion_cancelled"),
        EmailWhen.NOW,
        "partner",
    ),
}
