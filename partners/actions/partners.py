"""Taking on partners, and changing what they may do."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from partners import rules
from partners.choices import PartnerStatus
from partners.models import Partner


@dataclass(frozen=True, slots=True)
class NewPartner:
    """What is known of a company when it becomes a partner. Country is ISO 3166 alpha-2, currency ISO 4217."""

    name: str
    legal_name: str
    country: str
    types: tuple[str, ...]
    currency: str
    joined_on: date
    territory: str = ""
    domain: str = ""
    tax_id: str = ""
    agreement_ends_on: date | None = None
    account_manager_id: int | None = None


def create_partner(new: NewPartner, *, by: Actor, at: datetime) -> Partner:
    """Take on a partner, active at once. Refuses a missing name or type, and anyone without ``partner.edit``."""
    (rules.may(by, "partner.edit") & rules.partner_is_complete(name=new.name, types=new.types)).or_refuse()
    with transaction.atomic():
        partner = Partner.objects.create(**{**asdict(new), "types": list(new.types)})
        record("partner.created", on=partner, by=by, at=at, name=new.name, types=list(new.types))
    return partner


def change_partner_status(partner_id: int, status: str, *, by: Actor, at: datetime) -> Partner:
    """Suspend, reactivate or terminate. Its people's next request already meets the new status."""
    rules.may(by, "partner.edit").or_refuse()
    with transaction.atomic():
        partner = Partner.objects.select_for_update().get(pk=partner_id)
        before = partner.status
        partner.status = PartnerStatus(status)
        partner.save(update_fields=["status"])
        record("partner.status_changed", on=partner, by=by, at=at, before=before, after=status)
    return partner
