"""Words for partners, their people and what they are told, and the sentences of this app's refusals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PartnerType(TextChoices):
    VAR = "var", _("Value-added reseller")
    INTEGRATOR = "integrator", _("System integrator")
    DISTRIBUTOR = "distributor", _("Distributor")
    ALLIANCE = "alliance", _("Alliance")
    OEM = "oem", _("OEM")
    MSP = "msp", _("Managed service provider")
    ISV = "isv", _("Independent software vendor")
    AFFILIATE = "affiliate", _("Affiliate")
    BROKER = "broker", _("Broker")


class PartnerStatus(TextChoices):
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    TERMINATED = "terminated", _("Terminated")


PARTNER_STATUS_COLOURS = {"active": "green", "suspended": "orange", "terminated": "secondary"}


class PartnerRole(TextChoices):
    ADMIN = "admin", _("Administrator")
    SELLER = "seller", _("Seller")
    FINANCE = "finance", _("Finance")
    VIEWER = "viewer", _("Viewer")


class VendorRoleName(TextChoices):
    CHANNEL_MANAGER = "channel_manager", _("Channel manager")
    CHANNEL_CHIEF = "channel_chief", _("Channel chief")
    FINANCE = "finance", _("Finance")
    DIRECT_SALES = "direct_sales", _("Direct sales")
    CEO = "ceo", _("CEO")
    ADMIN = "admin", _("Administrator")


class EmailWhen(TextChoices):
    """How somebody wants to be told of a kind of news by e-mail."""

    OFF = "off", _("Never")
    NOW = "now", _("At once")
    DAILY = "daily", _("In the daily summary")


class MailDue(TextChoices):
    """What is still to be mailed of one notice."""

    NONE = "none", _("Nothing")
    NOW = "now", _("A message of its own")
    DIGEST = "digest", _("A line of the daily summary")


MAIL_DUE = {EmailWhen.OFF: MailDue.NONE, EmailWhen.NOW: MailDue.NOW, EmailWhen.DAILY: MailDue.DIGEST}


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """Something that people are told about: its name in preferences and summaries, the codes of the sentences that it
    may say (kept in the app's ``REASONS``), how it is mailed to those who chose nothing, and whose business it is."""

    label: str | Promise
    codes: tuple[str, ...]
    email: EmailWhen
    audience: Literal["partner", "vendor"]


NOTICE_KINDS: dict[str, NoticeKind] = {}
"""Every kind there is, in the order of preferences and summaries; set by `prm.wiring`."""


def connect_notices(catalogues: Iterable[Mapping[str, NoticeKind]]) -> None:
    """Set the kinds that the apps above declare as ``NOTICES``. Refuses (ValueError) a kind that is declared twice."""
    NOTICE_KINDS.clear()
    for catalogue in catalogues:
        if doubled := NOTICE_KINDS.keys() & catalogue.keys():
            raise ValueError(f"notices declared twice: {sorted(doubled)}")
        NOTICE_KINDS.update(catalogue)


NOTICES: dict[str, NoticeKind] = {
    "distribution": NoticeKind(
        label=_("Distributors and resellers"),
        codes=("distribution.requested", "distribution.accepted", "distribution.declined", "distribution.ended"),
        email=EmailWhen.NOW,
        audience="partner",
    ),
}

REASONS = {
    "actor.not_permitted": _("Your role does not allow this."),
    "partner.not_active": _("The partner is not active."),
    "partner.name_missing": _("Enter the partner's name."),
    "partner.types_missing": _("Choose at least one partner type."),
    "partner.last_administrator": _("A partner needs at least one administrator."),
    "membership.exists": _("This person already belongs to the partner."),
    "user.email_taken": _("There is already a user with this e-mail address."),
    "view.name_missing": _("Enter a name for the view."),
    "view.name_invalid": _("A view's name is one line of at most %(limit)s characters."),
    "view.query_invalid": _("This selection cannot be saved: it is too long or has characters that cannot be typed."),
    "view.too_many": _("At most %(limit)s views of a page can be saved: delete one first."),
    "distribution.requested": _("%(partner)s asks to register deals for your company."),
    "distribution.accepted": _("%(partner)s agreed that you register deals for it."),
    "distribution.declined": _("%(partner)s does not want you to register deals for it."),
    "distribution.ended": _("%(partner)s ended your distribution agreement here."),
    "distribution.no_distributor": _("Only a distributor can register deals for others."),
    "distribution.unknown_reseller": _("No other partner has this number."),
    "distribution.exists": _("You have already asked this partner, or register deals for it."),
    "distribution.answered": _("This request has been answered."),
    "distribution.not_live": _("This has ended, or never began."),
}
