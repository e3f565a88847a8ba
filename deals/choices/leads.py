"""Words for leads from the vendor and their offers, why a partner was chosen or left out, and what people are told."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class LeadStatus(TextChoices):
    OPEN = "open", _("Not offered yet")
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    UNPLACED = "unplaced", _("Nobody left to ask")
    CLOSED = "closed", _("Closed")


class OfferAnswer(TextChoices):
    WAITING = "waiting", _("Waits for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Not answered in time")
    WITHDRAWN = "withdrawn", _("Taken back")


LEAD_STATUS_COLOURS = {
    "open": "azure",
    "offered": "yellow",
    "accepted": "green",
    "unplaced": "red",
    "closed": "secondary",
}
ANSWER_COLOURS = {
    "waiting": "yellow",
    "accepted": "green",
    "declined": "red",
    "expired": "orange",
    "withdrawn": "secondary",
}

REASONS = {
    # Why a partner is offered a lead: each with its points, which add up.
    "lead.points_territory": _("Country listed among its territories"),
    "lead.points_segment": _("Segment listed among its own"),
    "lead.points_authorisation": _("Authorised for the product family"),
    "lead.points_level": _("Level %(level)s"),
    "lead.points_incumbent": _("Sold to this customer before"),
    "lead.points_capacity": _("%(load)s of %(limit)s leads at hand"),
    # Why it is not.
    "lead.partner_not_active": _("The partner is not active."),
    "lead.agreement_not_current": _("Its agreement is not current."),
    "lead.credit_hold": _("It is on credit hold."),
    "lead.customer_closed": _("The customer is blocked, or served by direct sales alone."),
    "lead.not_authorised": _("It lacks the authorisation that the product family needs."),
    "lead.outside_territory": _("Outside of its territories and segments."),
    "lead.exclusive_elsewhere": _("Exclusive to another partner."),
    "lead.protected_elsewhere": _("The customer is protected for another partner."),
    "lead.offered_before": _("It was offered this lead before."),
    "lead.at_capacity": _("It has %(load)s leads at hand: %(limit)s is the limit."),
    # Refusals.
    "lead.status": _("The lead is %(status)s: this cannot happen any more."),
    "lead.offer_over": _("This offer was answered, taken back, or not answered in time."),
    "lead.not_in_standing": _(
        "To accept leads your company must be active, with a current agreement and without a credit hold."
    ),
    "lead.value_invalid": _("Enter an amount above zero, with at most 13 digits before and 2 after the point."),
    "lead.unknown_family": _("There is no such product family."),
    "lead.contact_missing": _("Enter who to talk to: a name, and an e-mail address or a telephone number."),
    "lead.email_invalid": _("Enter a valid e-mail address."),
    "lead.words_missing": _("Say what is needed."),
    # News.
    "lead.offered": _("A lead is offered to you: %(family)s, %(country)s. Answer before the time is over."),
    "lead.expired": _("The offer of a lead was not answered in time: %(family)s, %(country)s."),
    "lead.withdrawn": _("The offer of a lead was taken back: %(family)s, %(country)s."),
    "lead.accepted": _("%(partner)s accepted the lead %(customer)s."),
    "lead.declined": _("%(partner)s declined the lead %(customer)s."),
    "lead.unplaced": _("Nobody is left to offer the lead %(customer)s to."),
}

EVENTS: dict[str, tuple[object, str, str]] = {
    "lead.created": (_("Lead entered"), "plus", "azure"),
    "lead.offered": (_("Offered to the right partner"), "send", "azure"),
    "lead.accepted": (_("Accepted"), "check", "green"),
    "lead.declined": (_("Declined"), "x", "red"),
    "lead.expired": (_("Not answered in time"), "clock", "orange"),
    "lead.unplaced": (_("Nobody left to ask"), "alert-circle", "red"),
    "lead.closed": (_("Closed"), "x", "secondary"),
}

NOTICES: dict[str, NoticeKind] = {
    "lead_offers": NoticeKind(
        label=_("Leads offered to you"),
        codes=("lead.offered", "lead.expired", "lead.withdrawn"),
        email=EmailWhen.NOW,
        audience="partner",
    ),
    "lead_answers": NoticeKind(
        label=_("What partners answer to leads"),
        codes=("lead.accepted", "lead.declined", "lead.unplaced"),
        email=EmailWhen.DAILY,
        audience="vendor",
    ),
}
