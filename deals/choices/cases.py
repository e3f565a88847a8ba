"""Words for appeals and breaches, and the sentences of their steps, notices and refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class AppealStatus(TextChoices):
    OPEN = "open", _("Open")
    UPHELD = "upheld", _("Refusal upheld")
    OVERTURNED = "overturned", _("Overturned")


APPEAL_STATUS_COLOURS = {"open": "purple", "upheld": "red", "overturned": "green"}


class BreachSource(TextChoices):
    OPPORTUNITY = "opportunity", _("Direct opportunity")
    SALE = "sale", _("Direct sale")


class BreachStatus(TextChoices):
    """`withdrawn`: the CRM took back what it had reported."""

    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    SETTLED = "settled", _("Made good")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


BREACH_STATUS_COLOURS = {
    "open": "red",
    "acknowledged": "orange",
    "settled": "green",
    "rejected": "secondary",
    "withdrawn": "secondary",
}


class BreachEvent(TextChoices):
    """What can happen to a breach; the CRM withdraws and reopens, people do the rest."""

    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    SETTLE = "settle", _("Make good")
    REJECT = "reject", _("Reject")
    WITHDRAW = "withdraw", _("Withdraw")
    REOPEN = "reopen", _("Reopen")


# Why a make-good is what it is. `from`, `to` and `volume` are amounts in its currency.
MAKE_GOOD_STEPS = {
    "step.margin": _("Margin: %(rate)s deal discount of level %(level)s on %(volume)s sold directly"),
    "step.expected_margin": _("Margin: %(rate)s deal discount of level %(level)s on %(volume)s offered directly"),
    "step.lost_rebate": _("%(plan)s: %(to)s with this business instead of %(from)s without it"),
    "step.made_good_before": _("Already made good for the same protection"),
    "step.nothing_known": _("The CRM has reported no amount that can be counted"),
    "step.settled_otherwise": _("Settled by the channel chief at another amount"),
    "step.taken_back": _("Taken back by a counter-entry"),
}

REASONS = {
    "appeal.grounds_missing": _("Say why the decision should be looked at again."),
    "appeal.too_late": _("An appeal was possible until %(until)s."),
    "appeal.own_decision": _("Somebody who decided about this registration cannot judge the appeal."),
    "appeal.not_open": _("This appeal has been judged."),
    "appeal.precedent_tells_names": _("A precedent is read by everybody: leave out “%(words)s”."),
    "appeal.precedent_tells_values": _("A precedent is read by everybody: leave out amounts and dates (“%(words)s”)."),
    "registration.overturned_by_person": _("Appeal judged for the partner: %(words)s"),
    "registration.upheld_by_person": _("Appeal judged, the answer stands: %(words)s"),
    "breach.status": _("This is not possible while the breach is “%(status)s”."),
    "breach.amount_not_positive": _("A make-good must be above zero; if there is nothing to make good, reject."),
    "breach.amount_too_fine": _("%(amount)s has more decimals than %(currency)s."),
    "breach.amount_too_large": _("The amount is larger than can be booked."),
    "breach.words_for_other_amount": _("Say why the amount is not the one proposed."),
    "breach.second_person": _("Above %(limit)s somebody else than who acknowledged the breach has to settle it."),
    "notice.appeal_filed": _("%(partner)s appeals against the answer for %(customer)s."),
    "notice.appeal_upheld": _("Your appeal for %(customer)s was judged: the answer stands."),
    "notice.appeal_overturned": _("Your appeal for %(customer)s was judged: the customer is protected for you."),
    "notice.breach_opened": _("Direct sales was active at %(customer)s while it was protected for you."),
    "notice.breach_found": _("Direct sales broke the protection of %(customer)s that %(partner)s holds."),
    "notice.breach_acknowledged": _("The vendor acknowledges that your protection of %(customer)s was broken."),
    "notice.breach_late": _(
        "The breach of the protection of %(customer)s, which %(partner)s holds, was answered late: after %(day)s."
    ),
    "notice.breach_settled": _("The breach of your protection of %(customer)s is made good: see your next statement."),
    "notice.breach_rejected": _("The vendor sees no breach of your protection of %(customer)s: read why."),
    "notice.breach_withdrawn": _("What direct sales had done at %(customer)s was taken back."),
}

# What the timeline of a registration says; by the audit entry's event: words, icon, colour.
EVENTS = {
    "registration.appealed": (_("Appealed"), "scale", "purple"),
    "registration.upheld": (_("Appeal judged: the answer stands"), "circle-x", "red"),
    "registration.overturned": (_("Appeal judged: protected"), "circle-check", "green"),
}

BREACH_EVENTS = {
    "breach.opened": (_("Found by the program"), "alert-triangle", "red"),
    "breach.reopened": (_("Reported again by the CRM"), "alert-triangle", "red"),
    "breach.changed": (_("Changed in the CRM"), "pencil", "secondary"),
    "breach.withdrawn": (_("Taken back in the CRM"), "x", "secondary"),
    "breach.acknowledged": (_("Acknowledged"), "eye", "orange"),
    "breach.settled": (_("Made good"), "circle-check", "green"),
    "breach.rejected": (_("Rejected"), "circle-x", "secondary"),
}

NOTICES = {
    "appeals.judged": NoticeKind(
        _("An appeal of ours is judged"),
        ("notice.appeal_upheld", "notice.appeal_overturned"),
        EmailWhen.NOW,
        "partner",
    ),
    "breaches.ours": NoticeKind(
        _("Direct sales breaks a protection of ours"),
        (
            *("notice.breach_opened", "notice.breach_acknowledged", "notice.breach_settled"),
            *("notice.breach_rejected", "notice.breach_withdrawn"),
        ),
        EmailWhen.NOW,
        "partner",
    ),
    "appeals.filed": NoticeKind(_("A partner appeals"), ("notice.appeal_filed",), EmailWhen.NOW, "vendor"),
    "breaches.found": NoticeKind(
        _("Direct sales breaks a protection"), ("notice.breach_found",), EmailWhen.NOW, "vendor"
    ),
    "breaches.late": NoticeKind(_("A breach is acknowledged late"), ("notice.breach_late",), EmailWhen.NOW, "vendor"),
}
