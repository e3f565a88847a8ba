"""Taking on people, and giving and ending their roles."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from common.actor import Actor
from common.audit import record
from common.verdict import refusal
from partners import rules
from partners.choices import PartnerRole
from partners.models import Membership, Partner, User, VendorRole


def create_user(
    email: str, *, full_name: str, password: str | None, by: Actor, at: datetime, language: str = "en"
) -> User:
    """A person who may do nothing yet and, without a password, cannot sign in.

    Refuses an address that is taken, whatever its case.
    """
    rules.may(by, "partner.edit").or_refuse()
    with transaction.atomic():
        try:
            with transaction.atomic():
                user = User.objects.create_user(email, password, full_name=full_name, language=language)
        except IntegrityError:
            refusal("user.email_taken", field="email").or_refuse()
        record("user.created", on=user, by=by, at=at)
    return user


def add_member(partner_id: int, user_id: int, role: str, *, by: Actor, at: datetime) -> Membership:
    """Give a person a role in a partner. Refuses a person who already belongs to it."""
    rules.may(by, "partner.edit").or_refuse()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner_id)
        if Membership.objects.filter(partner_id=partner_id, user_id=user_id).exists():
            refusal("membership.exists").or_refuse()
        membership = Membership.objects.create(partner_id=partner_id, user_id=user_id, role=PartnerRole(role))
        record("membership.added", on=membership.partner, by=by, at=at, user=user_id, role=role)
    return membership


def end_membership(partner_id: int, user_id: int, *, by: Actor, at: datetime) -> Membership:
    """A person leaves a partner: access is gone at the next request. Refuses to end the last administrator's."""
    rules.may(by, "partner.edit").or_refuse()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner_id)
        membership = Membership.objects.get(partner_id=partner_id, user_id=user_id, is_active=True)
        others = Membership.objects.filter(partner_id=partner_id, is_active=True, role=PartnerRole.ADMIN)
        is_last = membership.role == PartnerRole.ADMIN and not others.exclude(pk=membership.pk).exists()
        if is_last:
            refusal("partner.last_administrator").or_refuse()
        membership.is_active = False
        membership.save(update_fields=["is_active"])
        record("membership.ended", on=membership.partner, by=by, at=at, user=user_id)
    return membership


def give_vendor_roles(user_id: int, roles: Sequence[str], *, by: Actor, at: datetime) -> None:
    """Give one of the vendor's own people these roles, in addition to those held."""
    rules.may(by, "partner.edit").or_refuse()
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        VendorRole.objects.bulk_create([VendorRole(user=user, role=role) for role in roles], ignore_conflicts=True)
        record("user.vendor_roles_given", on=user, by=by, at=at, roles=list(roles))
