"""Words for deal registration, and the sentences of its refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RegistrationStatus(TextChoices):
    """`expired` is never stored: an approved registration whose protection has ended reads so."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    SCREENING = "screening", _("Being screened")
    IN_REVIEW = "in_review", _("In review")
    ACTION_REQUIRED = "action_required", _("Action required")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    EXPIRED = "expired", _("Expired")
    RELEASED = "released", _("Released")
    REVOKED = "revoked", _("Revoked")
    APPEALED = "appealed", _("Appealed")
    UPHELD = "upheld", _("Refusal upheld")


STATUS_COLOURS = {
    "draft": "secondary",
    "submitted": "azure",
    "screening": "azure",
    "in_review": "yellow",
    "action_required": "orange",
    "approved": "green",
    "rejected": "red",
    "withdrawn": "secondary",
    "won": "teal",
    "lost": "orange",
    "expired": "secondary",
    "released": "secondary",
    "revoked": "red",
    "appealed": "purple",
    "upheld": "red",
}


class Event(TextChoices):
    """What can happen to a registration."""

    SUBMIT = "submit", _("Submit")
    SCREEN = "screen", _("Screen")
    REVIEW = "review", _("Send to review")
    ASK = "ask", _("Ask the partner")
    ANSWER = "answer", _("Answer")
    APPROVE = "approve", _("Approve")
    REJECT = "reject", _("Reject")
    WITHDRAW = "withdraw", _("Withdraw")
    WIN = "win", _("Mark as won")
    LOSE = "lose", _("Mark as lost")
    LAPSE = "lapse", _("Lapse")
    RELEASE = "release", _("Release")
    REVOKE = "revoke", _("Revoke")
    APPEAL = "appeal", _("Appeal")
    UPHOLD = "uphold", _("Uphold the refusal")
    OVERTURN = "overturn", _("Overturn the refusal")


class SalesStage(TextChoices):
    """How far the partner's own selling has come; apart from the registration's status."""

    PROSPECT = "prospect", _("Prospect")
    QUALIFIED = "qualified", _("Qualified")
    PROPOSAL = "proposal", _("Proposal made")
    NEGOTIATION = "negotiation", _("Negotiation")


class DealSource(TextChoices):
    """Where the partner has the deal from."""

    OWN = "own", _("Own customer or prospecting")
    REFERRAL = "referral", _("Referral")
    CAMPAIGN = "campaign", _("Campaign or event")
    VENDOR_LEAD = "vendor_lead", _("Lead from the vendor")
    RENEWAL = "renewal", _("Renewal of an earlier sale")
    TENDER = "tender", _("Published tender")
    OTHER = "other", _("Other")


LOST_REASONS = {
    "price": _("Price"),
    "competitor": _("Lost to a competitor's product"),
    "no_budget": _("No budget"),
    "no_decision": _("No decision"),
    "other": _("Other"),
}

REASONS = {
    "registration.status": _("This is not possible while the registration is “%(status)s”."),
    "registration.no_rate": _("There is no exchange rate for %(currency)s on %(day)s: try again when there is one."),
    "registration.no_rulebook": _("No rules of engagement are in force on %(day)s."),
    "registration.unknown_partner": _("There is no such partner."),
    "registration.unknown_product": _("There is no such product."),
    "registration.unknown_customer": _("There is no such customer."),
    "registration.lines_missing": _("Enter at least one product."),
    "registration.too_many_lines": _("At most %(limit)s product lines are possible."),
    "registration.customer_name_missing": _("Enter the customer's legal name."),
    "registration.customer_name_invalid": _("Enter the customer's name as text: it has no letters or digits."),
    "registration.text_too_long": _("At most %(limit)s characters are possible."),
    "registration.text_characters": _("Control and direction characters are not possible here."),
    "registration.country_invalid": _("Choose the customer's country."),
    "registration.domain_invalid": _(
        "Enter a company's web address, such as example.com; free mail services do not count."
    ),
    "registration.contact_missing": _("Enter whom you talk to."),
    "registration.close_in_past": _("The expected close is in the past."),
    "registration.close_too_far": _("The expected close is more than %(years)s years away."),
    "registration.choice_invalid": _("Choose one of the possibilities."),
    "registration.currency_invalid": _("Use an ISO 4217 currency code, such as EUR."),
    "registration.quantity_invalid": _("The quantity must be a whole number from 1 to 1,000,000."),
    "registration.amount_invalid": _(
        "The value must be above zero, with at most 13 digits before and 2 after the point."
    ),
    "registration.words_missing": _("Give a reason."),
    "registration.customer_not_chosen": _("Say who the customer is: one of those known, or a new one."),
    "registration.already_submitted": _("This form was already sent. Open a new one to register another deal."),
}

# What the timeline says; by the audit entry's event: words, icon, colour.
EVENTS = {
    "registration.drafted": (_("Draft saved"), "pencil", "secondary"),
    "registration.changed": (_("Draft changed"), "pencil", "secondary"),
    "registration.submitted": (_("Submitted"), "send", "azure"),
    "registration.approved": (_("Approved"), "circle-check", "green"),
    "registration.sent_to_review": (_("Sent to review"), "eye", "yellow"),
    "registration.rejected": (_("Rejected"), "circle-x", "red"),
    "registration.withdrawn": (_("Withdrawn"), "x", "secondary"),
    "registration.won": (_("Won"), "trophy", "teal"),
    "registration.lost": (_("Lost"), "circle-x", "orange"),
    "registration.lapsed": (_("Protection ended"), "clock", "secondary"),
}
