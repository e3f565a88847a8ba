"""What every page has around it, for each kind of reader."""

import re

import pytest
from django.urls import reverse

from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory

pytestmark = pytest.mark.django_db
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


def menu_of(response) -> list[str]:
    side = response.content.decode().split("<nav", 1)[1].split("</nav>")[0]
    return re.findall(r'class="nav-item-link" href="([^"]+)"', side)


@pytest.fixture
def staff(client):
    client.force_login(VendorRoleFactory(role="channel_manager").user)
    return client


@pytest.mark.parametrize("address", ["/account/login/", "/account/password/reset/", "/nothing/"])
def test_strict_policy_on_pages_for_everybody(client, address):
    header = client.get(address)["Content-Security-Policy"]
    assert set(header.split("; ")) >= POLICY
    assert "unsafe" not in header


def test_pages_without_an_account_lead_to_sign_in(client):
    for name in ("home", "design", "partners:list", "partners:own", "insights:dashboard", "insights:sales"):
        response = client.get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


def test_the_frame_names_the_reader_and_marks_the_page(staff):
    response = staff.get(reverse("partners:list"))
    html = response.content.decode()
    assert "Channel manager" in html
    assert f'href="{reverse("partners:list")}" aria-current="page"' in html
    assert 'href="#main"' in html
    assert '<html lang="en">' in html
    assert '"allowEval":false' in html
    assert '"includeIndicatorStyles":false' in html


def test_each_reader_is_offered_what_they_may_open(client, staff):
    assert reverse("partners:list") in menu_of(staff.get(reverse("partners:list")))
    assert reverse("insights:dashboard") not in menu_of(staff.get(reverse("partners:list")))
    client.force_login(MembershipFactory(role="seller").user)
    offered = menu_of(client.get(reverse("home")))
    assert reverse("partners:own") in offered
    assert reverse("tiers:standing") in offered
    assert reverse("partners:list") not in offered
    assert reverse("incentives:statements") not in offered


@pytest.mark.parametrize(
    "user",
    [
        lambda: VendorRoleFactory(role="channel_manager").user,
        lambda: VendorRoleFactory(role="finance").user,
        lambda: VendorRoleFactory(role="ceo").user,
        lambda: MembershipFactory(role="admin").user,
        lambda: MembershipFactory(role="viewer").user,
    ],
)
def test_every_entry_of_the_menu_opens(client, user):
    client.force_login(user())
    first = client.get(reverse("home"), follow=True)
    for address in menu_of(first):
        assert client.get(address, follow=True).status_code == 200, address


def test_a_person_without_any_role_is_told_what_to_do(client):
    client.force_login(UserFactory())
    html = client.get(reverse("home")).content.decode()
    assert "You do not belong to a partner yet" in html


def test_missing_pages_and_those_of_others_look_the_same(client):
    rival = PartnerFactory(name="Rival Canary")
    client.force_login(MembershipFactory(role="admin").user)
    foreign = client.get(reverse("partners:detail", args=[rival.public_id]))
    missing = client.get(reverse("partners:detail", args=["ptn_0000000000000000"]))
    assert foreign.status_code == missing.status_code == 404
    secrets = re.compile(r'"X-CSRFToken": "\w+"|value="\w{64}"')
    assert secrets.sub("", foreign.content.decode()) == secrets.sub("", missing.content.decode())
    assert "Canary" not in foreign.content.decode()


def test_the_living_page_is_for_staff(client, staff):
    assert staff.get(reverse("design")).status_code == 200
    client.force_login(MembershipFactory().user)
    assert client.get(reverse("design")).status_code == 404


@pytest.mark.parametrize("name", ["mfa_index", "usersessions_list", "account_change_password", "account_email"])
def test_account_pages_wear_the_frame(staff, name):
    html = staff.get(reverse(name)).content.decode()
    assert "side-body" in html
    assert "<style" not in html
    assert 'style="' not in html
