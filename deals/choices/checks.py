"""Words for the check before a registration and for the pencil hold, and their sentences."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class Light(TextChoices):
    GREEN = "green", _("Free")
    AMBER = "amber", _("A person will look")
    RED = "red", _("Cannot be protected")


LIGHT_COLOURS = {"green": "green", "amber": "orange", "red": "red"}

REASONS = {
    "check.free": _("Nothing stands against it. Registered now, it is protected or only its size is looked at."),
    "check.person_looks": _("It can be registered: a person compares it with what we know before it is decided."),
    "check.too_many": _(
        "You have checked %(count)s companies within an hour. The next check is possible in %(minutes)s minutes."
    ),
    "check.watched": _(
        "%(partner)s checked %(count)s companies on %(day)s and %(percent)s%% of the answers were red. "
        "It may check a tenth as many until tomorrow."
    ),
    "pencil.not_free": _("Only what is free can be held."),
    "pencil.too_many": _("You hold %(count)s customers already: register or release one first."),
    "pencil.held_lately": _(
        "You held this customer lately. It can be held again once it was free for %(hours)s hours."
    ),
    "pencil.over": _("This hold has ended."),
}

EVENTS: dict[str, tuple[object, str, str]] = {}

NOTICES: dict[str, NoticeKind] = {
    "checks_watched": NoticeKind(
        label=_("Partners who ask much"),
        codes=("check.watched",),
        email=EmailWhen.DAILY,
        audience="vendor",
    ),
}
