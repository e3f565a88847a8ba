"""Words for the review of registrations: what waits, what a partner is asked, what people are told of it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class Waiting(TextChoices):
    """What a channel manager's queue holds."""

    REGISTRATION = "registration", _("Registration")
    CHANGE = "change", _("Change")
    APPEAL = "appeal", _("Appeal")


WAITING_COLOURS = {"registration": "azure", "change": "purple", "appeal": "orange"}

DIMENSIONS = {
    "customer": _("Customer"),
    "family": _("Product family"),
    "value": _("Value"),
    "close": _("Expected close"),
}

# The published set: what a partner may be asked to correct while its registration is under review.
EDITABLE_FIELDS = {
    "customer_name": _("Customer's legal name"),
    "customer_country": _("Country"),
    "customer_domain": _("Web address"),
    "customer_tax_id": _("Tax id"),
    "site": _("Site"),
    "contact": _("Contact"),
    "expected_close_on": _("Expected close"),
    "stage": _("Sales stage"),
    "source": _("Where the deal is from"),
    "why_now": _("Why now"),
    "lines": _("Products, quantities and values"),
}
CO_SELL = "co_sell"  # asked by the rules: whether the partner sells together with somebody else
ALL_FIELDS = {**EDITABLE_FIELDS, CO_SELL: _("An offer to sell together")}

REASONS = {
    "inquiry.fields_missing": _("Choose at least one field that the partner may change."),
    "inquiry.field_unknown": _("“%(name)s” is not a field that a partner may be asked to change."),
    "inquiry.field_not_asked": _("“%(name)s” cannot be changed: it was not asked for."),
    "inquiry.nothing_answered": _("Change something that was asked for, or answer in words."),
    "review.not_a_reviewer": _("This person does not review registrations."),
    "review.needs_comparison": _("A person has to say who the customer is: open it to compare."),
    "review.nothing_selected": _("Select at least one registration."),
    "review.too_many_selected": _("At most %(limit)s registrations can be decided at once."),
    "registration.approved_by_clock": _(
        "Nobody decided within %(factor)s times the promised time: approved by the program, as the rules promise."
    ),
    "review.is_late": _("%(customer)s (%(partner)s) waits longer than promised."),
    "review.kept_from_clock": _(
        "%(customer)s (%(partner)s) was to be approved by the program, but the rules no longer allow it: please decide."
    ),
    "review.was_assigned": _("%(customer)s (%(partner)s) is yours to review."),
    "change.was_assigned": _("The change of %(customer)s (%(partner)s) is yours to decide."),
    "appeal.was_assigned": _("The appeal for %(customer)s (%(partner)s) is yours to judge."),
    "change.is_late": _("The change of %(customer)s (%(partner)s) waits longer than promised."),
    "appeal.is_late": _("The appeal for %(customer)s (%(partner)s) waits longer than promised."),
    "inquiry.was_asked": _("%(customer)s: we need something from you before we can decide."),
    "inquiry.was_answered": _("%(partner)s answered about %(customer)s."),
}

# What the timeline says; by the audit entry's event: words, icon, colour.
EVENTS = {
    "registration.asked": (_("The partner was asked"), "message-question", "orange"),
    "registration.answered": (_("The partner answered"), "message-reply", "azure"),
    "registration.escalated": (_("The answer is late: escalated"), "clock-exclamation", "red"),
    "registration.change_escalated": (_("The answer to the change is late: escalated"), "clock-exclamation", "red"),
    "registration.appeal_escalated": (_("The judgement is late: escalated"), "clock-exclamation", "red"),
}

NOTICES: dict[str, NoticeKind] = {
    "inquiry_asked": NoticeKind(
        _("A question about your registration"), ("inquiry.was_asked",), EmailWhen.NOW, "partner"
    ),
    "inquiry_answered": NoticeKind(
        _("A partner answered your question"), ("inquiry.was_answered",), EmailWhen.NOW, "vendor"
    ),
    "review_assigned": NoticeKind(
        _("A registration, change or appeal is yours"),
        ("review.was_assigned", "change.was_assigned", "appeal.was_assigned"),
        EmailWhen.DAILY,
        "vendor",
    ),
    "review_late": NoticeKind(
        _("A review, change or appeal is late"),
        ("review.is_late", "review.kept_from_clock", "change.is_late", "appeal.is_late"),
        EmailWhen.NOW,
        "vendor",
    ),
}
