from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.actor import ANONYMOUS, SYSTEM, Actor
from common.errors import NotFound
from common.money import Money
from incentives.actions.payouts import record_payout
from incentives.actions.statements import close_statements
from incentives.models import Statement
from incentives.queries import ledger, statements
from incentives.queries.accruals import facts_for
from incentives.queries.verification import problems
from tests.factories.incentives import AT, FINANCE, corrected, night, published, sold
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import default_programme, enrolled_partner_id

pytestmark = pytest.mark.django_db
SEPTEMBER_END = date(2026, 9, 30)


def sellers(count: int) -> list[int]:
    """Partners that sold on one day of each quarter, in a plan with multiplier and in one without."""
    found = [PartnerFactory().pk for _ in range(count)]
    for partner_id in found:
        for month in (2, 5, 8):
            sold(partner_id, "1000", date(2026, month, 3))
    return found


def two_plans() -> None:
    default_programme()
    published(("0", "0.1"), uses_tier_multiplier=True)
    published(("0", "0.05"), code="monthly", measurement="month")


# How many statements


def test_looking_costs_the_same_for_many_partners_as_for_one(django_assert_num_queries):
    two_plans()
    partners = sellers(6)
    for asked in (partners[:1], partners):
        with django_assert_num_queries(8):  # plans, bands, sales, types, three tiers, accruals
            facts_for(asked, day=SEPTEMBER_END)


def test_recalculating_costs_the_same_for_many_partners_as_for_one():
    two_plans()
    partners = sellers(7)
    counts = []
    for asked in (partners[:1], partners[1:]):
        with CaptureQueriesContext(connection) as made:
            assert night(SEPTEMBER_END, *asked).journals_posted == 6 * len(asked)
        counts.append(len(made))
    assert counts[0] == counts[1] <= 28


def test_closing_costs_the_same_for_many_statements_as_for_one():
    two_plans()
    partners = sellers(5)
    counts = []
    for day, asked in ((date(2026, 8, 31), partners[:1]), (SEPTEMBER_END, partners)):
        night(day, *asked)
        with CaptureQueriesContext(connection) as made:
            assert close_statements(day, at=AT) == (4 if len(asked) > 1 else 1)
        counts.append(len(made))
    assert counts[0] == counts[1]


def test_pages_cost_the_same_however_much_they_show(django_assert_num_queries):
    two_plans()
    partners = sellers(6)
    night(SEPTEMBER_END, *partners[:1])
    night(SEPTEMBER_END, *partners[1:])
    with django_assert_num_queries(1):
        assert len(statements.statement_list(FINANCE)) == 6
    page_id = Statement.objects.first().public_id
    with django_assert_num_queries(2):
        page = statements.statement_page(FINANCE, page_id)
        assert [str(line.accrual.plan_version) for line in page.lines]
    assert len(page.lines) == 6
    with django_assert_num_queries(6):  # statement, line, version, bands, sales, fingerprint; the rate is 1
        shown = statements.line_page(FINANCE, page_id, page.lines[0].public_id)
    assert shown.is_unchanged
    assert shown.sales_total == shown.line.volume


# Who sees what


@pytest.fixture
def two_statements() -> tuple[Statement, Statement]:
    published(("0", "0.1"))
    for partner_id in (PartnerFactory().pk, PartnerFactory().pk):
        sold(partner_id, "1000", date(2026, 9, 3))
        night(SEPTEMBER_END, partner_id)
    return tuple(Statement.objects.order_by("partner_id"))


def person(*vendor: str, **partner: str) -> Actor:
    return Actor("person", "user:1", "A", 1, frozenset(vendor), {int(key[1:]): role for key, role in partner.items()})


def test_statements_are_seen_by_those_they_concern(two_statements):
    own, rival = two_statements
    for role, sees in (("admin", [own]), ("finance", [own]), ("seller", []), ("viewer", [])):
        actor = person(**{f"p{own.partner_id}": role})
        assert list(statements.statements_visible_to(actor)) == sees
        with pytest.raises(NotFound):
            statements.statement_page(actor, rival.public_id)
    mixed = person(**{f"p{own.partner_id}": "seller", f"p{rival.partner_id}": "finance"})
    assert list(statements.statements_visible_to(mixed)) == [rival]
    assert statements.statements_visible_to(person("finance")).count() == 2
    assert statements.statements_visible_to(person("direct_sales")).count() == 0
    assert statements.statements_visible_to(ANONYMOUS).count() == 0
    assert (
        statements.statements_visible_to(Actor("client", "client:1", "X", scopes=frozenset({"crm.read"}))).count() == 0
    )
    assert statements.statements_visible_to(SYSTEM).count() == 2


def test_a_line_belongs_to_its_statement(two_statements):
    own, rival = two_statements
    line = own.lines.get().public_id
    assert statements.line_page(FINANCE, own.public_id, line).line.public_id == line
    with pytest.raises(NotFound):
        statements.line_page(FINANCE, rival.public_id, line)


def test_a_line_tells_when_its_sales_are_no_longer_those_counted():
    published(("0", "0.1"))
    partner_id = PartnerFactory().pk
    sale = sold(partner_id, "1000", date(2026, 9, 3))
    night(SEPTEMBER_END, partner_id)
    statement = Statement.objects.get()
    line = statement.lines.get()
    sold(partner_id, "50", date(2026, 10, 1))
    assert statements.line_page(FINANCE, statement.public_id, line.public_id).is_unchanged
    corrected(sale, "1000")
    changed = statements.line_page(FINANCE, statement.public_id, line.public_id)
    assert not changed.is_unchanged
    assert changed.sales_total == 1000


# Balances


def test_balances_derive_from_the_ledger():
    published(("0", "0.1"))
    partners = [PartnerFactory().pk for _ in range(3)]
    for partner_id in partners[:2]:
        sold(partner_id, "1000", date(2026, 8, 3))
        night(date(2026, 8, 31), partner_id)
    record_payout(partners[0], Money(Decimal(60), "EUR"), reference="S-1", by=FINANCE, at=AT)
    assert [ledger.balance_of(partner_id).amount for partner_id in partners] == [40, 100, 0]
    assert ledger.balances_of(partners) == {partners[0]: 40, partners[1]: 100}
    assert ledger.accrued_and_paid(date(2026, 1, 1), date(2027, 1, 1)) == ledger.AccruedAndPaid(
        Decimal(200), Decimal(60), Decimal(140)
    )
    assert ledger.accrued_and_paid(date(2026, 9, 1), date(2026, 10, 1)).owed == 200
    assert ledger.accrued_and_paid(date(2026, 1, 1), date(2026, 8, 31)) == ledger.AccruedAndPaid(*[Decimal(0)] * 3)


# Verification


def verify() -> str:
    out, wrong = StringIO(), StringIO()
    try:
        call_command("verify_ledger", stdout=out, stderr=wrong)
    except CommandError:
        return wrong.getvalue()
    return out.getvalue()


def test_books_that_are_right():
    assert problems() == []
    partner_id = enrolled_partner_id()
    two_plans()
    sold(partner_id, "1000", date(2026, 8, 3))
    night(SEPTEMBER_END, partner_id)
    close_statements(SEPTEMBER_END, at=datetime(2026, 10, 1, 9, 0, tzinfo=UTC))
    record_payout(partner_id, Money(Decimal(1), "EUR"), reference="S-1", by=FINANCE, at=AT)
    assert problems() == []
    assert verify() == "The books are right.\n"


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        ("UPDATE incentives_entry SET amount = amount + 1 WHERE amount > 0", "a journal sums to zero"),
        ("UPDATE incentives_entry SET amount = amount * 2", "the journals of an accrual sum to it"),
        ("DELETE FROM incentives_entry", "a journal has entries"),
        ("UPDATE incentives_accrual SET amount = amount + 1", "the steps of an accrual sum to it"),
        ("UPDATE incentives_accrual SET posting_count = 9", "the journals of an accrual sum to it"),
        ("UPDATE incentives_statementline SET amount = amount + 1", "the journals of a statement line sum to it"),
        ("UPDATE incentives_statementline SET steps = '[]'", "the steps of a statement line sum to it"),
        ("UPDATE incentives_statementline SET description = 'x'", "a closed statement is as it was closed"),
        ("UPDATE incentives_journal SET posted_on = posted_on + 40", "told of in its own month"),
        ("UPDATE incentives_statement SET accruals = accruals + 1, closing = closing + 1", "those of its lines"),
        ("UPDATE incentives_statement SET opening = 1, closing = closing + 1", "opens with what the one before"),
        ("UPDATE incentives_statement SET opening = 1, closing = closing + 1", "closes with what is owed"),
        ("UPDATE incentives_statement SET status = 'open', content_hash = '', closed_at = NULL", "nothing is open"),
        (
            "UPDATE incentives_statement SET content_hash = 'x' WHERE status = 'closed'",
            "a closed month has the statements",
        ),
    ],
)
def test_whatever_is_altered_behind_the_guarantees_is_found(sabotage, found):
    published(("0", "0.1"))
    partner_id = PartnerFactory().pk
    sold(partner_id, "1000", date(2026, 8, 3))
    night(SEPTEMBER_END, partner_id)
    close_statements(SEPTEMBER_END, at=datetime(2026, 10, 1, 9, 0, tzinfo=UTC))
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # triggers are off, as for a thief in the house
        cursor.execute(sabotage)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert found in verify()
