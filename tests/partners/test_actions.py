from datetime import date

import pytest

from common.actor import SYSTEM, Actor
from common.errors import Refused
from common.models import AuditEntry
from partners import queries
from partners.actions import partners, people
from partners.models import Membership, Partner, User
from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory

pytestmark = pytest.mark.django_db
NEW = partners.NewPartner("Acme", "Acme sp. z o.o.", "PL", ("var", "msp"), "PLN", date(2026, 1, 1))
SELLER = Actor("person", "user:1", "A", 1, partner_roles={1: "seller"})


def refused_with(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def test_a_partner_is_taken_on(now):
    partner = partners.create_partner(NEW, by=SYSTEM, at=now)
    assert queries.partner_profiles([partner.pk])[partner.pk].types == ("var", "msp")
    assert AuditEntry.objects.get().event == "partner.created"


def test_taking_on_a_partner_is_refused_with_every_reason(now):
    incomplete = partners.NewPartner("", "", "PL", (), "PLN", date(2026, 1, 1))
    with pytest.raises(Refused) as caught:
        partners.create_partner(incomplete, by=SELLER, at=now)
    assert refused_with(caught) == ("actor.not_permitted", "partner.name_missing", "partner.types_missing")
    assert not Partner.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_suspended_partner_is_not_in_standing(now):
    partner = PartnerFactory()
    partners.change_partner_status(partner.pk, "suspended", by=SYSTEM, at=now)
    facts = queries.standing_facts(partner.pk, day=now.date())
    assert (facts.status, facts.agreement_current, facts.credit_hold) == ("suspended", True, False)


def test_an_address_is_taken_whatever_its_case(now):
    people.create_user("Anna@Example.com", full_name="Anna", password="x" * 12, by=SYSTEM, at=now)
    with pytest.raises(Refused) as caught:
        people.create_user("aNNA@example.COM", full_name="Other", password="x" * 12, by=SYSTEM, at=now)
    assert refused_with(caught) == ("user.email_taken",)
    assert User.objects.count() == 1


def test_a_person_belongs_to_a_partner_once(now):
    membership = MembershipFactory()
    with pytest.raises(Refused) as caught:
        people.add_member(membership.partner_id, membership.user_id, "viewer", by=SYSTEM, at=now)
    assert refused_with(caught) == ("membership.exists",)
    membership.refresh_from_db()
    assert membership.role == "admin"


def test_the_last_administrator_cannot_leave(now):
    only_admin = MembershipFactory()
    MembershipFactory(partner=only_admin.partner, role="seller")
    with pytest.raises(Refused) as caught:
        people.end_membership(only_admin.partner_id, only_admin.user_id, by=SYSTEM, at=now)
    assert refused_with(caught) == ("partner.last_administrator",)
    MembershipFactory(partner=only_admin.partner, role="admin")
    people.end_membership(only_admin.partner_id, only_admin.user_id, by=SYSTEM, at=now)
    assert not Membership.objects.get(pk=only_admin.pk).is_active


def test_nobody_but_the_vendor_changes_people(now):
    membership, user = MembershipFactory(), UserFactory()
    for forbidden in (
        lambda: people.add_member(membership.partner_id, user.pk, "admin", by=SELLER, at=now),
        lambda: people.end_membership(membership.partner_id, membership.user_id, by=SELLER, at=now),
        lambda: people.give_vendor_roles(user.pk, ["ceo"], by=SELLER, at=now),
        lambda: partners.change_partner_status(membership.partner_id, "active", by=SELLER, at=now),
        lambda: people.create_user("x@example.com", full_name="", password="x" * 12, by=SELLER, at=now),
    ):
        with pytest.raises(Refused) as caught:
            forbidden()
        assert refused_with(caught) == ("actor.not_permitted",)
    assert not AuditEntry.objects.exists()


def test_a_partner_sees_itself_and_nobody_else():
    own, rival = MembershipFactory(), PartnerFactory()
    actor = queries.actor_of(own.user)
    assert list(queries.partners_visible_to(actor)) == [own.partner]
    staff = queries.actor_of(VendorRoleFactory().user)
    assert set(queries.partners_visible_to(staff)) == {own.partner, rival}
    assert not queries.partners_visible_to(queries.actor_of(UserFactory())).exists()


@pytest.mark.parametrize("loss", ["user deactivated", "membership ended", "partner terminated"])
def test_a_lost_right_is_gone_at_the_next_reading(loss, now):
    membership = MembershipFactory()
    if loss == "user deactivated":
        membership.user.is_active = False
    elif loss == "membership ended":
        Membership.objects.update(is_active=False)
    else:
        partners.change_partner_status(membership.partner_id, "terminated", by=SYSTEM, at=now)
    actor = queries.actor_of(membership.user)
    assert not actor.partner_ids
    assert not queries.partners_visible_to(actor).exists()


def test_the_partner_list_takes_one_query(django_assert_num_queries):
    for membership in MembershipFactory.create_batch(3):
        MembershipFactory(partner=membership.partner, role="seller")
    staff = queries.actor_of(VendorRoleFactory().user)
    with django_assert_num_queries(1):
        rows = [(row.name, row.people_count, row.account_manager) for row in queries.partner_list_for(staff)]
    assert {row[1] for row in rows} == {2}
