"""Words for selling together and registering for others, the sentences of refusals, and what people are told."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind


class ParticipantRole(TextChoices):
    LEAD = "lead", _("Leads the deal")
    RESELL = "resell", _("Resells")
    INTEGRATE = "integrate", _("Integrates")
    REFER = "refer", _("Introduced the customer")
    DIRECT = "direct", _("Vendor's direct sales")


class Consent(TextChoices):
    INVITED = "invited", _("Invited")
    GIVEN = "given", _("Agreed")
    DECLINED = "declined", _("Declined")


CONSENT_COLOURS = {"invited": "yellow", "given": "green", "declined": "red"}

REASONS = {
    "participant.lead_missing": _("The partner that registers the deal leads it."),
    "participant.nothing_for_lead": _("Something must be left for whoever leads the deal."),
    "participant.not_whole": _("The shares add up to %(percent)s%%, not to 100%%."),
    "participant.too_many": _("At most %(limit)s can sell together."),
    "participant.share_invalid": _("A share is from 0.01 to 99.99 percent."),
    "participant.role_invalid": _("Choose what they do."),
    "participant.twice": _("Everybody can take part once only."),
    "participant.unknown_partner": _("No other partner has this number."),
    "participant.agreed_already": _("Somebody has agreed to these shares: they stand."),
    "participant.answered": _("This invitation has been answered or taken back."),
    "participant.invited": _("%(partner)s invites you to sell together."),
    "participant.agreed": _("%(partner)s agreed to sell together with you."),
    "participant.declined": _("%(partner)s declined to sell together: their share is yours."),
    "registration.on_behalf": _("%(partner)s registered a deal for you: %(customer)s."),
    "registration.link_ended": _("You no longer register deals for this partner."),
}

EVENTS: dict[str, tuple[object, str, str]] = {
    "participants.invited": (_("Shares set"), "users-group", "azure"),
    "participant.agreed": (_("A participant agreed"), "heart-handshake", "green"),
    "participant.declined": (_("A participant declined"), "x", "orange"),
    "registration.co_sell_accepted": (_("Accepted to sell together"), "heart-handshake", "green"),
    "registration.co_sell_declined": (_("Declined to sell together"), "x", "orange"),
    "participant.invitation_withdrawn": (_("An invitation was taken back"), "x", "secondary"),
}

NOTICES: dict[str, NoticeKind] = {
    "participation": NoticeKind(
        label=_("Selling together"),
        codes=("participant.invited", "participant.agreed", "participant.declined"),
        email=EmailWhen.NOW,
        audience="partner",
    ),
    "direct_participation": NoticeKind(
        label=_("Partners who want to sell together with us"),
        codes=("participant.invited",),
        email=EmailWhen.NOW,
        audience="vendor",
    ),
    "on_behalf": NoticeKind(
        label=_("Deals that a distributor registers for you"),
        codes=("registration.on_behalf",),
        email=EmailWhen.NOW,
        audience="partner",
    ),
}
