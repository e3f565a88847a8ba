"""Words for the rules of engagement, and the sentences of their verdicts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class RuleVerdict(TextChoices):
    """What a rule of engagement says; a rule with nothing to say passes."""

    PASS = "pass", _("Nothing against it")
    APPROVE = "approve", _("Approve")
    REVIEW = "review", _("A person decides")
    REJECT = "reject", _("Reject")
    CO_SELL = "co_sell", _("Offer to sell together")


class Question(TextChoices):
    """What was judged: the whole registration, a change of it, an appeal, or a review that ran out of time."""

    REGISTRATION = "registration", _("Registration")
    CHANGE = "change", _("Change")
    APPEAL = "appeal", _("Appeal")


VERDICT_COLOURS = {"pass": "secondary", "approve": "green", "review": "yellow", "reject": "red", "co_sell": "purple"}

RULE_LABELS = {
    "blocked_customer": _("R1 Blocked customer"),
    "standing": _("R11 Partner's standing"),
    "authorisation": _("R9 Authorisation"),
    "named_account": _("R2 Named account"),
    "exclusivity": _("R3 Exclusivity"),
    "live_protection": _("R4 Live protection"),
    "direct_opportunity": _("R6 Live direct opportunity"),
    "incumbency": _("R5 Incumbency"),
    "earlier_claim": _("Earlier registration still being judged"),
    "pencil_hold": _("Pencil hold"),
    "similar_customer": _("Similar customer"),
    "territory": _("R7 Territory and segment"),
    "tender": _("R8 Public tender"),
    "size": _("R10 Size"),
    # what a partner reads instead of the rules that would tell of rivals
    "customer_check": _("Customer: exclusivity, live protection, direct sales, incumbents, earlier and similar claims"),
}

RULE_QUESTIONS = {
    "blocked_customer": _("Is the customer sanctioned, or barred by the vendor?"),
    "standing": _("Is the agreement current, is the partner active and without a credit hold?"),
    "authorisation": _("Does the partner hold the authorisation that some product families need (%(families)s)?"),
    "named_account": _("Is the customer on the published direct-only list?"),
    "exclusivity": _("Is the territory, segment or family granted to one partner alone?"),
    "live_protection": _("Is the customer protected for these product families?"),
    "direct_opportunity": _(
        "Does direct sales have an opportunity that closes or was updated within %(alive_days)s days, or moved stage "
        "within %(stage_days)s days, and that we had seen before the registration was received?"
    ),
    "incumbency": _(
        "Did a partner win business of these product families with this customer in the last %(months)s months?"
    ),
    "earlier_claim": _(
        "Is another registration for the same customer and family, received earlier, still being judged?"
    ),
    "pencil_hold": _("Does a pencil hold keep the customer for somebody?"),
    "similar_customer": _(
        "Is the customer similar to one we know (score from %(from_score)s to below %(same_score)s)?"
    ),
    "territory": _("Is the customer within the partner's territories and segments?"),
    "tender": _("Is it a published tender, in which several partners may be approved?"),
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

WORD_AGREEMENTS = {
    "same": _("Same word"),
    "abbreviation": _("Abbreviated"),
    "glued": _("Written together"),
    "initials": _("Initials"),
    "similar": _("Spelled alike"),
    "shortened": _("Shortened"),
    "unmatched": _("Only in one"),
}

COMPARED_FIELDS = {
    "legal_name": _("Legal name"),
    "country": _("Country"),
    "domain": _("Web address"),
    "tax_id": _("Tax id"),
}

# The one sentence a partner reads whenever a customer is already taken, whoever has it and why.
CUSTOMER_TAKEN = _("Under the rules of engagement this customer cannot be protected for you for these products.")

REASONS = {
    "registration.customer_blocked": _("We do not sell to this customer (%(block)s)."),
    "registration.not_authorised": _(
        "These product families need an authorisation that you do not hold: %(families)s."
    ),
    "registration.exclusive_elsewhere": _("Another partner holds the exclusive grant %(grant)s."),
    "registration.exclusive_unclear": _("An exclusive grant is for a segment, and the customer's is not known."),
    "registration.exclusive_to_you": _("The territory is granted to you alone."),
    "registration.incumbent_elsewhere": _("Another partner won this business here on %(day)s."),
    "registration.your_customer": _("You won this business here on %(day)s: the renewal is yours."),
    "registration.direct_opportunity_shared": _("Direct sales has a live opportunity and offers to sell together."),
    "registration.incumbent_shared": _("Another partner is the incumbent: selling together is offered."),
    "registration.co_sell_offered": _("We offer to sell this deal together with you."),
    "registration.tender_under_way": _("Other partners are approved for a published tender of this customer."),
    "registration.pencil_hold": _("The customer is kept for another partner until a pencil hold ends."),
    "registration.lookalike_letters": _("The name has letters of another script that look like its own."),
    "registration.outside_territory": _("The customer is outside the partner's territories and segments."),
    "registration.no_territory": _("No territory is listed for the partner."),
    "registration.tender": _("A published tender: several partners may be approved, and a person checks it first."),
    "decision.approved": _("%(customer)s is approved for you: %(why)s"),
    "decision.in_review": _("A person decides about %(customer)s: %(why)s"),
    "decision.rejected": _("%(customer)s is not protected for you: %(why)s"),
    "decision.waits": _("%(partner)s registered %(customer)s: it waits for a person."),
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
    "terms.not_positive": _("This must be more than zero."),
    "terms.no_hours": _("The business day must end after it begins."),
    "terms.no_days": _("Choose at least one business day."),
    "terms.ladder": _("Nudge, warning and release for inactivity must follow one another."),
    "rulebook.rule_unknown": _("There is no rule “%(rule)s”."),
    "rulebook.rule_twice": _("Rule “%(rule)s” is there twice."),
    "rulebook.params_invalid": _("The parameters of rule “%(rule)s” are not valid."),
    "rulebook.empty": _("A rulebook needs at least one rule."),
    "rulebook.in_past": _("A rulebook can only take effect from now on."),
}

NOTICES: dict[str, NoticeKind] = {
    "decision": NoticeKind(
        _("A decision about your registration"),
        ("decision.approved", "decision.in_review", "decision.rejected"),
        EmailWhen.NOW,
        "partner",
    ),
    "review_waits": NoticeKind(_("A registration waits for a person"), ("decision.waits",), EmailWhen.NOW, "vendor"),
}
