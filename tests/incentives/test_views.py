"""Statement pages: one's own, a rival's, a missing one, and nobody's."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from common.money import Money
from incentives.actions.payouts import record_payout
from incentives.actions.statements import close_statements
from incentives.models import Statement
from tests.factories.crm import ProductFactory, SaleFactory, SaleLineFactory
from tests.factories.incentives import AT, FINANCE, corrected, night, published, sold
from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory

pytestmark = pytest.mark.django_db
LIST = reverse("incentives:statements")
MISSING = "stm_0000000000000000"


@pytest.fixture
def partner():
    return PartnerFactory(name="Nordlicht Systems", legal_name="Nordlicht Systems GmbH")


@pytest.fixture
def sale(partner):
    """A sale of September, accrued and closed, and a payout in October."""
    published(("0", "0.02"), ("50000", "0.04"))
    made = sold(partner.pk, "70000", date(2026, 9, 3))
    night(date(2026, 9, 30), partner.pk)
    close_statements(date(2026, 9, 1), at=datetime(2026, 10, 1, 9, 0, tzinfo=UTC))
    record_payout(partner.pk, Money(Decimal(1000), "EUR"), reference="SEPA-77", by=FINANCE, at=AT)
    return made


@pytest.fixture
def as_finance(client, partner):
    client.force_login(MembershipFactory(partner=partner, role="finance").user)
    return client


def september() -> Statement:
    return Statement.objects.get(month_starts_on=date(2026, 9, 1), partner__name="Nordlicht Systems")


def address(statement: Statement) -> str:
    return reverse("incentives:statement", args=[statement.public_id])


def line_address(statement: Statement) -> str:
    return reverse("incentives:line", args=[statement.public_id, statement.lines.get().public_id])


def text_of(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_list_shows_own_statements_with_their_figures(as_finance, sale):
    text = text_of(as_finance.get(LIST))
    assert "September 2026" in text
    assert "October 2026" in text
    assert "€1,800.00" in text
    assert "€800.00" in text  # owed now


def test_a_statement_goes_from_opening_to_closing(as_finance, sale):
    text = text_of(as_finance.get(address(september())))
    assert "Growth rebate" in text
    assert "€1,800.00" in text
    assert september().content_hash in text
    october = Statement.objects.get(month_starts_on=date(2026, 10, 1))
    text = text_of(as_finance.get(address(october)))
    assert [word in text for word in ("€1,800.00", "\N{MINUS SIGN}€1,000.00", "€800.00", "SEPA-77")] == [True] * 4
    assert "SEPA-77" in text_of(as_finance.get(line_address(october)))


def test_a_line_unfolds_to_its_steps_and_sales(as_finance, sale, partner):
    text = text_of(as_finance.get(line_address(september())))
    assert "2% on the part from €0.00 to €50,000.00: €50,000.00" in text
    assert "4% on the part above €50,000.00: €20,000.00" in text
    assert sale.external_id in text
    assert "These are exactly the sales" in text


def test_a_line_says_when_its_sales_have_changed(as_finance, sale):
    corrected(sale, "60000")
    text = text_of(as_finance.get(line_address(september())))
    assert "Sales have changed since" in text
    assert "€1,800.00" in text


def test_a_sale_in_a_foreign_currency_shows_its_exact_numbers(as_finance, partner):
    published(("0", "0.1"))
    foreign = SaleFactory(partner=partner, booked_on=date(2026, 9, 3), currency="PLN")
    SaleLineFactory(
        sale=foreign, product=ProductFactory(), net_amount=Decimal("100.01"), base_amount=Decimal("23.4523")
    )
    night(date(2026, 9, 30), partner.pk)
    text = text_of(as_finance.get(line_address(september())))
    assert text.count("€23.4523") == 4  # the volume, its step, the sale line and the sum of sale lines


def test_pages_before_anything_happened(as_finance):
    assert "No statements yet" in text_of(as_finance.get(LIST))
    assert "No statement matches" in text_of(as_finance.get(LIST, {"status": "closed"}))


@pytest.mark.parametrize("month", ["2026-09-01", "2026-13-45", "x", ""])
def test_any_filter_is_answered(as_finance, sale, month):
    assert as_finance.get(LIST, {"month": month, "status": "closed", "page": "99"}).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("finance", 200), ("seller", 404), ("viewer", 404)])
def test_who_in_a_partner_sees_money(client, partner, sale, role, status):
    client.force_login(MembershipFactory(partner=partner, role=role).user)
    for url in (LIST, address(september()), line_address(september())):
        assert client.get(url).status_code == status


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("finance", 200),
        ("channel_chief", 200),
        ("ceo", 200),
        ("admin", 200),
        ("channel_manager", 404),
        ("direct_sales", 404),
    ],
)
def test_who_at_the_vendor_sees_money(client, partner, sale, role, status):
    client.force_login(VendorRoleFactory(role=role).user)
    for url in (LIST, address(september()), line_address(september())):
        assert client.get(url).status_code == status


def test_finance_finds_a_partner_by_name(client, partner, sale):
    other = PartnerFactory(name="Canary Rival")
    sold(other.pk, "100", date(2026, 10, 3))
    night(date(2026, 10, 3), other.pk)
    client.force_login(VendorRoleFactory(role="finance").user)
    text = text_of(client.get(LIST, {"q": "canary"}))
    assert "Canary Rival" in text
    assert "Nordlicht" not in text


def test_a_rivals_statement_is_answered_like_a_missing_one(client, partner, sale):
    rival = PartnerFactory(name="Canary Rival")
    sold(rival.pk, "100", date(2026, 10, 3))
    night(date(2026, 10, 3), rival.pk)
    theirs = Statement.objects.get(partner=rival)
    client.force_login(MembershipFactory(partner=partner, role="finance").user)
    assert "Canary" not in text_of(client.get(LIST))
    own_line = september().lines.get().public_id
    for foreign, missing in (
        (address(theirs), reverse("incentives:statement", args=[MISSING])),
        (line_address(theirs), reverse("incentives:line", args=[MISSING, theirs.lines.get().public_id])),
        (
            reverse("incentives:line", args=[theirs.public_id, own_line]),
            reverse("incentives:line", args=[MISSING, own_line]),
        ),
        (
            reverse("incentives:line", args=[september().public_id, theirs.lines.get().public_id]),
            reverse("incentives:line", args=[september().public_id, "stl_0000000000000000"]),
        ),
    ):
        bodies = []
        for url in (foreign, missing):
            answer = client.get(url)
            assert answer.status_code == 404
            bodies.append(re.sub(r'"X-CSRFToken": "\w+"', "", answer.content.decode().replace(url, "URL")))
        assert bodies[0] == bodies[1]


def test_strangers_are_asked_to_sign_in(client, sale):
    urls = [LIST, address(september()), line_address(september()), reverse("incentives:statement", args=[MISSING])]
    for url in urls:
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))


def test_a_person_of_no_partner_sees_nothing(client, sale):
    client.force_login(UserFactory())
    assert [client.get(url).status_code for url in (LIST, address(september()))] == [404, 404]


def test_pages_have_no_inline_code(as_finance, sale):
    for url in (LIST, address(september()), line_address(september())):
        text = text_of(as_finance.get(url))
        assert "style=" not in text
        assert "<style" not in text
        assert "onclick" not in text
