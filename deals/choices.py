"""Words for deal registration, and the sentences of this app's refusals and verdicts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RegistrationStatus(TextChoices):
    """`expired` is never stored: an approved registration whose protection has ended reads so."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    EXPIRED = "expired", _("Expired")


STATUS_COLOURS = {
    "draft": "secondary",
    "submitted": "azure",
    "in_review": "yellow",
    "approved": "green",
    "rejected": "red",
    "withdrawn": "secondary",
    "won": "teal",
    "lost": "orange",
    "expired": "secondary",
}


class Event(TextChoices):
    """What can happen to a registration."""

    SUBMIT = "submit", _("Submit")
    REVIEW = "review", _("Send to review")
    APPROVE = "approve", _("Approve")
    REJECT = "reject", _("Reject")
    WITHDRAW = "withdraw", _("Withdraw")
    WIN = "win", _("Mark as won")
    LOSE = "lose", _("Mark as lost")
    LAPSE = "lapse", _("Lapse")


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
    OTHER = "other", _("Other")


class RuleVerdict(TextChoices):
    """What a rule of engagement says; a rule with nothing to say passes."""

    PASS = "pass", _("Nothing against it")
    APPROVE = "approve", _("Approve")
    REVIEW = "review", _("A person decides")
    REJECT = "reject", _("Reject")


VERDICT_COLOURS = {"pass": "secondary", "approve": "green", "review": "yellow", "reject": "red"}

RULE_LABELS = {
    "standing": _("R11 Partner's standing"),
    "named_account": _("R2 Named account"),
    "live_protection": _("R4 Live protection"),
    "direct_opportunity": _("R6 Live direct opportunity"),
    "earlier_claim": _("Earlier registration still being judged"),
    "similar_customer": _("Similar customer"),
    "size": _("R10 Size"),
    # what a partner reads instead of the four rules that would tell of rivals
    "customer_check": _("Customer: live protection, direct sales, earlier and similar registrations"),
}

RULE_QUESTIONS = {
    "standing": _("Is the agreement current, is the partner active and without a credit hold?"),
    "named_account": _("Is the customer on the published direct-only list?"),
    "live_protection": _("Is the customer protected for these product families?"),
    "direct_opportunity": _(
        "Does direct sales have an opportunity that closes or was updated within %(alive_days)s days, or moved stage "
        "within %(stage_days)s days, and that we had seen before the registration was received?"
    ),
    "earlier_claim": _(
        "Is another registration for the same customer and family, received earlier, still being judged?"
    ),
    "similar_customer": _(
        "Is the customer similar to one we know (score from %(from_score)s to below %(same_score)s)?"
    ),
    "size": _("Is the value below the minimum, or small enough to approve automatically?"),
}

MATCH_KINDS = {
    "tax_id": _("Same tax id"),
    "domain": _("Same web address"),
    "name": _("Nearly the same name, same country"),
    "similar_name": _("Similar name, same country"),
    "related": _("Nearly the same name, other country"),
    "none": _("No match"),
    "settled": _("Settled by a person"),
}

COMPARED_FIELDS = {
    "legal_name": _("Legal name"),
    "country": _("Country"),
    "domain": _("Web address"),
    "tax_id": _("Tax id"),
}

LOST_REASONS = {
    "price": _("Price"),
    "competitor": _("Lost to a competitor's product"),
    "no_budget": _("No budget"),
    "no_decision": _("No decision"),
    "other": _("Other"),
}

# The one sentence a partner reads whenever a customer is already taken, whoever has it and why.
CUSTOMER_TAKEN = _("Under the rules of engagement this customer cannot be protected for you for these products.")

REASONS = {
    # verdicts of rules
    "registration.nothing_against": _("Nothing stands against it."),
    "registration.not_needed": _("Not needed for this decision."),
    "registration.agreement_not_current": _("The partner agreement is not current."),
    "registration.partner_suspended": _("The partner is not active."),
    "registration.credit_hold": _("The partner is on credit hold."),
    "registration.named_account": _("The customer is on the published list of named accounts (%(quarter)s)."),
    "registration.customer_protected": CUSTOMER_TAKEN,
    "registration.direct_opportunity": _("Direct sales has a live opportunity with this customer."),
    "registration.already_yours": _("You already hold the protection of this customer for these products."),
    "registration.earlier_claim": _("A registration received earlier is still being judged."),
    "registration.similar_customer": _("The customer is similar to one we know: a person compares them."),
    "registration.customer_compared": _("A person compares the customer with what we already know."),
    "registration.below_minimum": _("The value of %(amount)s is below the minimum of %(minimum)s."),
    "registration.small_enough": _("The value of %(amount)s is approved automatically up to %(limit)s at this level."),
    "registration.large": _(
        "The value of %(amount)s is above %(limit)s, up to which this level is approved automatically: "
        "a person decides."
    ),
    "registration.no_rule_decided": _("No rule decided: a person does."),
    "registration.approved_by_person": _("Approved by the channel manager: %(words)s"),
    "registration.rejected_by_person": _("Rejected by the channel manager: %(words)s"),
    # refusals of actions
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
    "rulebook.rule_unknown": _("There is no rule “%(rule)s”."),
    "rulebook.params_invalid": _("The parameters of rule “%(rule)s” are not valid."),
    "rulebook.empty": _("A rulebook needs at least one rule."),
    "rulebook.in_past": _("A rulebook can only take effect from now on."),
    "named_account.overlaps": _("The customer is already on the list in this period."),
}

# What the timeline says; the audit entry's event is the key.
EVENTS = {
    "registration.drafted": _("Draft saved"),
    "registration.changed": _("Draft changed"),
    "registration.submitted": _("Submitted"),
    "registration.approved": _("Approved"),
    "registration.sent_to_review": _("Sent to review"),
    "registration.rejected": _("Rejected"),
    "registration.withdrawn": _("Withdrawn"),
    "registration.won": _("Won"),
    "registration.lost": _("Lost"),
    "registration.lapsed": _("Protection ended"),
}
