"""What deals remember: registrations and decisions about them, protections, the rules, and the cases they lead to."""

from deals.models.cases import Appeal, Breach
from deals.models.checks import PreflightCheck
from deals.models.decisions import Decision
from deals.models.leads import Lead, LeadOffer
from deals.models.participants import Participant
from deals.models.policies import Authorisation, BlockedCustomer, ExclusiveGrant, NamedAccount
from deals.models.protections import Extension, LifeWarning, PencilHold, Protection
from deals.models.registrations import Registration, RegistrationLine, RegistrationQuerySet
from deals.models.reviews import Attachment, AttachmentContent, Change, Comment, Inquiry
from deals.models.rulebooks import BackTest, BackTestChange, Holiday, Rulebook

__all__ = [
    "Appeal",
    "Attachment",
    "AttachmentContent",
    "Authorisation",
    "BackTest",
    "BackTestChange",
    "BlockedCustomer",
    "Breach",
    "Change",
    "Comment",
    "Decision",
    "ExclusiveGrant",
    "Extension",
    "Holiday",
    "Inquiry",
    "Lead",
    "LeadOffer",
    "LifeWarning",
    "NamedAccount",
    "Participant",
    "PencilHold",
    "PreflightCheck",
    "Protection",
    "Registration",
    "RegistrationLine",
    "RegistrationQuerySet",
    "Rulebook",
]
