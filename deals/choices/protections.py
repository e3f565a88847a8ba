"""Words for the life of a protection, the sentences of its refusals, and what people are told of it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class ExtensionStatus(TextChoices):
    PENDING = "pending", _("Waits for a manager")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
    LAPSED = "lapsed", _("The deal ended first")


class ChangeStatus(TextChoices):
    """Of a change to a registration that was already decided."""

    PENDING = "pending", _("Waits for a decision")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Dimension(TextChoices):
    """What of a registration a change touches; only that is judged again."""

    CUSTOMER = "customer", _("Customer")
    FAMILY = "family", _("Product family")
    VALUE = "value", _("Value")
    CLOSE = "close", _("Expected close")


class WarningKind(TextChoices):
    """Why a partner was told that its protection is at stake."""

    NUDGE = "nudge", _("Nothing happened for a while")
    AT_RISK = "at_risk", _("Released soon for want of activity")
    ENDS = "ends", _("The protection ends soon")


EXTENSION_COLOURS = {"pending": "yellow", "granted": "green", "refused": "red", "lapsed": "secondary"}
CHANGE_COLOURS = {"pending": "yellow", "applied": "green", "refused": "red", "withdrawn": "secondary"}
RUNG_COLOURS = {"fresh": "green", "nudge": "yellow", "at_risk": "orange", "release": "red"}

STEP_LABELS = {
    "ends_before": _("End until now"),
    "days": _("The extension adds"),
    "ends_after": _("New end"),
}

CHANGED_FIELDS = {
    "customer_name": _("Customer's legal name"),
    "customer_country": _("Country"),
    "customer_domain": _("Web address"),
    "customer_tax_id": _("Tax id"),
    "site": _("Site"),
    "contact": _("Contact"),
    "expected_close_on": _("Expected close"),
    "why_now": _("Why now?"),
    "lines": _("Products and services"),
}

REASONS = {
    "extension.not_live": _("Only a protection that has not ended can be extended."),
    "extension.pending": _("A request for more time already waits for its answer."),
    "extension.used_up": _("A protection can be extended %(limit)s times."),
    "extension.evidence_missing": _("Attach a file, or tell in at least %(count)s characters what happened."),
    "extension.day_missing": _("Give the day of the evidence."),
    "extension.evidence_in_future": _("The evidence cannot be of a day to come."),
    "extension.evidence_too_old": _("The evidence is older than %(days)s days."),
    "extension.over": _("The time that was asked for would be over by now as well."),
    "extension.protected_after": _("After its end the customer is no longer free, so that it cannot be extended."),
    "extension.not_waiting": _("This request has its answer already."),
    "extension.unknown_file": _("There is no such file with this registration."),
    "change.nothing": _("Nothing is different."),
    "change.pending": _("Another change already waits for its decision."),
    "change.not_waiting": _("This change has its answer already."),
    "change.needs_extension": _("The close is after the end of the protection: an extension is needed first."),
    "change.field_unknown": _("“%(name)s” cannot be changed."),
    "change.taken": _("Under the rules of engagement the changed deal cannot be protected for you."),
    "registration.stage_same": _("The deal already is in this stage."),
    "protection.nudge": _(
        "%(customer)s: nothing happened for %(days)s days. Say what is going on, or the customer is free on %(day)s."
    ),
    "protection.idle": _(
        "%(customer)s: nothing happened for %(days)s days, and the protection ends on %(day)s. Say what is going on, "
        "and ask for more time if you need it."
    ),
    "protection.at_risk": _("%(customer)s is at risk: without a sign of activity it is free on %(day)s."),
    "protection.ends": _("The protection of %(customer)s ends on %(day)s, in %(days)s days or less."),
    "protection.released": _("%(customer)s is free again: nothing happened for %(days)s days."),
    "protection.revoked": _("The protection of %(customer)s was revoked: %(words)s"),
    "protection.extended": _("The protection of %(customer)s was extended until %(day)s."),
    "protection.extension_lost": _(
        "More time for %(customer)s cannot be given any more: after the end of the protection it is no longer free."
    ),
    "protection.extension_refused": _("More time for %(customer)s was refused: %(words)s"),
    "protection.change_applied": _("The change of %(customer)s was approved."),
    "protection.change_refused": _("The change of %(customer)s was refused; everything else stays as it is."),
    "protection.extension_asked": _("%(partner)s asks for more time for %(customer)s."),
    "protection.change_asked": _("%(partner)s changed %(customer)s: a person decides."),
    "protection.given_up": _("%(partner)s gave up the protection of %(customer)s."),
}

NOTICES = {
    "protection": NoticeKind(
        label=_("Your protections: warnings, extensions and changes"),
        codes=(
            *("protection.nudge", "protection.idle", "protection.at_risk", "protection.ends", "protection.released"),
            *("protection.revoked", "protection.extended", "protection.extension_refused", "protection.extension_lost"),
            *("protection.change_applied", "protection.change_refused"),
        ),
        email=EmailWhen.NOW,
        audience="partner",
    ),
    "protection_request": NoticeKind(
        label=_("Partners' requests for more time and changes"),
        codes=("protection.extension_asked", "protection.change_asked", "protection.given_up"),
        email=EmailWhen.DAILY,
        audience="vendor",
    ),
}

# What the timeline says; by the audit entry's event: words, icon, colour.
EVENTS: dict[str, tuple[object, str, str]] = {
    "registration.nudged": (_("Reminded: nothing happened for a while"), "bell", "yellow"),
    "registration.at_risk": (_("Warned: released soon for want of activity"), "alert-triangle", "orange"),
    "registration.ending": (_("Warned: the protection ends soon"), "clock-exclamation", "orange"),
    "registration.released": (_("Released: the customer is free again"), "shield-x", "secondary"),
    "registration.revoked": (_("Protection revoked"), "ban", "red"),
    "registration.stage_moved": (_("Sales stage moved"), "trending-up", "azure"),
    "registration.extension_requested": (_("More time asked for"), "hourglass", "yellow"),
    "registration.extended": (_("Protection extended"), "shield-check", "green"),
    "registration.extension_refused": (_("More time refused"), "circle-x", "red"),
    "registration.change_proposed": (_("Change proposed"), "pencil", "yellow"),
    "registration.change_applied": (_("Changed"), "pencil", "green"),
    "registration.change_refused": (_("Change refused"), "circle-x", "red"),
    "registration.change_withdrawn": (_("Change withdrawn"), "x", "secondary"),
}
