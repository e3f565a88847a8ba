"""Words for partners, their people, and the sentences of this app's refusals."""

from django.db.models import TextChoices
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


REASONS = {
    "actor.not_permitted": _("Your role does not allow this."),
    "partner.not_active": _("The partner is not active."),
    "partner.name_missing": _("Enter the partner's name."),
    "partner.types_missing": _("Choose at least one partner type."),
    "partner.last_administrator": _("A partner needs at least one administrator."),
    "membership.exists": _("This person already belongs to the partner."),
    "user.email_taken": _("There is already a user with this e-mail address."),
}
