"""Who may open the dashboard, the rows behind it, and the pages about partners."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories.deals import a_channel, registered
from tests.factories.incentives import sold
from tests.factories.partners import MembershipFactory, PartnerFactory, VendorRoleFactory
from tests.factories.tiers import enrolled_partner_id

pytestmark = pytest.mark.django_db
DASHBOARD = reverse("insights:dashboard")
LIST = reverse("partners:list")


def as_staff(client, role: str):
    client.force_login(VendorRoleFactory(role=role).user)
    return client


@pytest.fixture
def ceo(client):
    return as_staff(client, "ceo")


@pytest.mark.parametrize("name", ["dashboard", "sales", "answers"])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("ceo", 200),
        ("channel_chief", 200),
        ("channel_manager", 404),
        ("finance", 404),
        ("direct_sales", 404),
        ("admin", 404),
    ],
)
def test_figures_are_for_those_who_run_the_company(client, name, role, status):
    assert as_staff(client, role).get(reverse(f"insights:{name}")).status_code == status


@pytest.mark.parametrize("role", ["admin", "seller", "finance", "viewer"])
def test_no_partner_sees_figures_of_the_channel_or_the_list_of_rivals(client, role):
    client.force_login(MembershipFactory(role=role).user)
    for address in (DASHBOARD, reverse("insights:sales"), reverse("insights:answers"), LIST):
        assert client.get(address).status_code == 404


def test_the_dashboard_leads_to_the_rows_that_make_up_its_figures(ceo):
    today = timezone.localdate()
    sold(PartnerFactory().pk, "1234", today)
    html = ceo.get(DASHBOARD).content.decode()
    assert "€1,234" in html
    assert f'href="{reverse("insights:sales")}?channel=partner"' in html
    rows = ceo.get(reverse("insights:sales"), {"channel": "partner", "month": f"{today:%Y-%m}"})
    assert rows.context["total"] == Decimal(1234)
    assert ceo.get(reverse("insights:sales"), {"channel": "direct"}).context["total"] == 0


@pytest.mark.parametrize("month", ["", "nonsense", "2026-13", "0000-01"])
def test_an_unknown_month_means_all(ceo, month):
    assert ceo.get(reverse("insights:sales"), {"month": month, "channel": "x", "page": "x"}).status_code == 200


def test_answers_can_be_narrowed_to_late_ones(ceo):
    registered(a_channel(), at=timezone.now())
    assert len(ceo.get(reverse("insights:answers")).context["page"]) == 1
    for shown in ("late", "person"):
        assert len(ceo.get(reverse("insights:answers"), {"show": shown}).context["page"]) == 0


def test_the_ceo_starts_at_the_dashboard(ceo):
    assert ceo.get("/")["Location"] == DASHBOARD


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Ada", "Bela", "Cyan"]),
        ({"q": "BEL"}, ["Bela"]),
        ({"q": "cyan.example"}, ["Cyan"]),
        ({"q": "%"}, []),
        ({"type": "msp"}, ["Cyan"]),
        ({"country": "HU"}, ["Bela"]),
        ({"status": "suspended"}, ["Bela"]),
        ({"status": "x", "type": "x", "country": "x", "sort": "x", "page": "x"}, ["Ada", "Bela", "Cyan"]),
        ({"sort": "-name"}, ["Cyan", "Bela", "Ada"]),
        ({"sort": "joined"}, ["Cyan", "Ada", "Bela"]),
        ({"sort": "-people"}, ["Bela", "Ada", "Cyan"]),
    ],
)
def test_partners_can_be_searched_filtered_and_sorted(client, query, names):
    PartnerFactory(name="Ada")
    bela = PartnerFactory(name="Bela", country="HU", status="suspended")
    PartnerFactory(name="Cyan", types=("var", "msp"), domain="cyan.example", joined_on=date(2024, 1, 1))
    MembershipFactory(partner=bela)
    page = as_staff(client, "channel_manager").get(LIST, query).context["page"]
    assert [partner.name for partner in page] == names


def test_a_list_of_many_takes_as_many_statements_as_one_of_few(client):
    as_staff(client, "channel_manager")
    enrolled_partner_id()
    client.get(LIST)

    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            client.get(LIST)
        return len(caught)

    few = statements()
    for _ in range(10):
        MembershipFactory(partner_id=enrolled_partner_id())
    assert statements() == few
    assert few <= 14


def test_staff_see_a_partner_from_all_sides(client):
    partner = PartnerFactory(pk=enrolled_partner_id() + 1, name="Nordlicht", credit_hold=True, agreement_ends_on=None)
    member = MembershipFactory(partner=partner, user__full_name="Olga Nowak")
    html = as_staff(client, "finance").get(reverse("partners:detail", args=[partner.public_id])).content.decode()
    for expected in ("Nordlicht", "Olga Nowak", member.user.email, "Credit hold", "No current agreement", "Bronze"):
        assert expected in html


@pytest.mark.parametrize("role", ["admin", "seller", "finance", "viewer"])
def test_a_partners_people_open_their_own_page_only(client, role):
    member = MembershipFactory(role=role)
    rival = PartnerFactory()
    client.force_login(member.user)
    own = client.get(reverse("partners:own"), follow=True)
    assert own.status_code == 200
    assert member.partner.legal_name.split()[0] in own.content.decode()
    assert client.get(reverse("partners:detail", args=[rival.public_id])).status_code == 404


def test_staff_have_no_company_of_their_own(client):
    assert as_staff(client, "channel_manager").get(reverse("partners:own")).status_code == 404


def test_what_staff_see_of_an_empty_channel_says_so(client):
    assert "No partners yet" in as_staff(client, "channel_manager").get(LIST).content.decode()
    assert "No partner matches" in client.get(LIST, {"q": "nobody"}).content.decode()
