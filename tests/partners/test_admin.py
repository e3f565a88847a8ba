"""The stock admin: for staff accounts, and only to look."""

import pytest
from django.urls import reverse

from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("factory", [UserFactory, PartnerFactory, MembershipFactory, VendorRoleFactory])
def test_staff_may_look_and_change_nothing(staff, factory):
    row = factory()
    page = f"admin:partners_{row._meta.model_name}"
    assert staff.get(reverse(f"{page}_changelist")).status_code == 200
    assert staff.get(reverse(f"{page}_add")).status_code == 403
    shown = staff.get(reverse(f"{page}_change", args=[row.pk]))
    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    assert staff.post(reverse(f"{page}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_no_password_is_shown(staff):
    user = UserFactory()
    page = staff.get(reverse("admin:partners_user_change", args=[user.pk]))
    assert user.password not in page.content.decode()


@pytest.mark.parametrize("role", ["channel_manager", "admin"])
def test_vendor_roles_do_not_open_it(client, role):
    client.force_login(VendorRoleFactory(role=role).user)
    assert client.get(reverse("admin:index")).status_code == 302
