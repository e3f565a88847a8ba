"""Words for overrides and freezes, and the sentences of their refusals and notices."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class OverlayKind(TextChoices):
    """What lies over a standing; never stored."""

    OVERRIDE = "override", _("Override")
    FREEZE = "freeze", _("Freeze")


class OverlayState(TextChoices):
    """How an override or a freeze stands on a day; derived, never stored. In the order in which lists show them."""

    WAITING = "waiting", _("Waits for a second person")
    LIVE = "live", _("In force")
    ANNOUNCED = "announced", _("To come")
    ENDED = "ended", _("Ended")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Not decided in time")


OVERLAY_COLOURS = {
    "waiting": "purple",
    "live": "green",
    "announced": "azure",
    "ended": "secondary",
    "declined": "red",
    "withdrawn": "secondary",
    "lapsed": "orange",
}

# What the history of an override or a freeze says; by the audit entry's event: words, icon, colour.
OVERLAY_EVENTS = {
    "override.requested": (_("Requested"), "hourglass", "purple"),
    "override.approved": (_("Approved"), "circle-check", "green"),
    "override.declined": (_("Declined"), "circle-x", "red"),
    "override.withdrawn": (_("Withdrawn"), "x", "secondary"),
    "override.ended": (_("Ended early"), "calendar-due", "orange"),
    "freeze.set": (_("Frozen"), "lock", "azure"),
    "freeze.ended": (_("Ended early"), "calendar-due", "orange"),
}

REASONS = {
    "override.partner_unknown": _("There is no such partner."),
    "override.partner_terminated": _("The partner is terminated."),
    "override.level_unknown": _("The programme that is in force on the first day has no such level."),
    "override.level_held": _("The partner holds %(level)s on the first day anyway."),
    "override.words_missing": _("Say why in at least %(count)s words."),
    "override.answer_missing": _("Say something to who requested it."),
    "override.words_too_long": _("At most %(limit)s characters are possible."),
    "override.in_past": _("The first day cannot be before today: what held on past days stays as it was."),
    "override.too_far": _("The first day must lie within the next twelve months."),
    "override.ends_before_start": _("The last day cannot be before the first."),
    "override.too_long": _("Twelve months at most: the last day can be %(day)s."),
    "override.overlaps": _("Another override is in force in this period (%(first_day)s to %(last_day)s)."),
    "override.waits_already": _("A request for this period waits for its answer (%(first_day)s to %(last_day)s)."),
    "override.not_waiting": _("It is not waiting for an answer any more."),
    "override.second_person": _("Somebody else than who requested it has to decide."),
    "override.needs_person": _("A person has to decide, not a program."),
    "override.others_request": _("Only who requested it can withdraw it."),
    "override.over": _("It is not in force and will not be."),
    "override.ends_already": _("Today is its last day anyway."),
    "freeze.overlaps": _("The partner is frozen in this period already (%(first_day)s to %(last_day)s)."),
    "notice.override_requested": _("%(by)s requests %(level)s for %(partner)s: a second person has to decide."),
    "notice.override_answered": _("Your request of %(level)s for %(partner)s is approved."),
    "notice.override_declined": _("Your request of %(level)s for %(partner)s is declined: read why."),
    "notice.override_runs_out": _("The override of %(partner)s to %(level)s ends: %(last_day)s is its last day."),
    "notice.override_approved": _(
        "You are given %(level)s from %(first_day)s to %(last_day)s, whatever your scores say."
    ),
    "notice.override_ended": _("The level %(level)s that you were given ends early: %(last_day)s is its last day."),
    "notice.override_never_began": _("The level %(level)s that was announced to you will not begin."),
    "notice.override_ending": _("The level %(level)s that you were given ends soon: %(last_day)s is its last day."),
    "notice.freeze_set": _("Your level stays as it is from %(first_day)s to %(last_day)s: it neither rises nor falls."),
    "notice.freeze_ended": _("Your level is no longer frozen: %(last_day)s is the last day."),
    "notice.freeze_never_began": _("The freeze that was announced to you will not begin."),
}

NOTICES = {
    "tiers.overrides": NoticeKind(
        _("We are given another level for a time, or ours is frozen"),
        (
            *("notice.override_approved", "notice.override_ended", "notice.override_never_began"),
            *("notice.override_ending", "notice.freeze_set", "notice.freeze_ended", "notice.freeze_never_began"),
        ),
        EmailWhen.NOW,
        "partner",
    ),
    "tiers.override_requests": NoticeKind(
        _("Overrides of levels"),
        (
            *("notice.override_requested", "notice.override_answered", "notice.override_declined"),
            "notice.override_runs_out",
        ),
        EmailWhen.NOW,
        "vendor",
    ),
}
