"""What the database itself refuses, whoever writes. Each refusal has its counterpart that is let through."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from incentives.actions.statements import close_statements
from incentives.models import (
    Account,
    Accrual,
    Band,
    ClosedMonth,
    Entry,
    Journal,
    PlanVersion,
    Recalculation,
    Statement,
    StatementLine,
)
from tests.factories.incentives import AT, night, published, sold
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db
CLOSED_AT = AT


@pytest.fixture
def journal() -> Journal:
    """A posting of 100.00 in September, with its statement."""
    published(("0", "0.1"))
    reseller = PartnerFactory().pk
    sold(reseller, "1000", date(2026, 9, 3))
    night(date(2026, 9, 30), reseller)
    connection.check_constraints()
    return Journal.objects.get()


def a_copy(journal: Journal, **other: object) -> Journal:
    """One more journal like this one, next in sequence, unless said otherwise."""
    same = ("kind", "partner_id", "posted_on", "line_id", "accrual_id", "sequence", "recalculation_id", "created_at")
    given = {name: getattr(journal, name) for name in same} | {"sequence": journal.sequence + 1}
    return Journal.objects.create(**(given | other))


def add_entries(journal: Journal, *amounts: str) -> None:
    accounts = [Account.objects.get(code=code, currency="EUR") for code in ("partner_payable", "rebate_expense")]
    for account, amount in zip(accounts, amounts, strict=False):
        Entry.objects.create(journal=journal, account=account, amount=Decimal(amount), currency="EUR")


@contextmanager
def refused(message: str | None, error: type[Exception] = DatabaseError):
    """The statements within are refused at the latest when the transaction commits."""
    with pytest.raises(error, match=message), transaction.atomic():
        yield
        connection.check_constraints()


def execute(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@contextmanager
def as_application():
    """Within, the connection has the role that web, worker and beat run as."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE prm_app")
        yield
        cursor.execute("RESET ROLE")


# Journals and entries


def test_a_balanced_journal_is_let_through(journal):
    add_entries(a_copy(journal), "-5.00", "5.00")
    connection.check_constraints()


@pytest.mark.parametrize("amounts", [("-5.00",), ("-5.00", "4.99"), ("-5.00", "5.01")])
def test_an_unbalanced_journal_is_refused_at_commit(journal, amounts):
    with refused("does not sum to zero"):
        add_entries(a_copy(journal), *amounts)


def test_a_journal_without_entries_is_refused_at_commit(journal):
    with refused("has no entries"):
        a_copy(journal)


def test_an_entry_added_later_is_refused_at_commit(journal):
    with refused("does not sum to zero"):
        add_entries(journal, "1.00")


def test_currencies_are_balanced_each_for_itself(journal):
    zloty = Account.objects.create(code="rebate_expense", currency="PLN")
    with refused("does not sum to zero"):
        other = a_copy(journal)
        add_entries(other, "-5.00")
        Entry.objects.create(journal=other, account=zloty, amount=Decimal(5), currency="PLN")


@pytest.mark.parametrize("foreign", ["partner", "currency"])
def test_an_entry_in_a_foreign_account_is_refused(journal, foreign):
    partner = PartnerFactory().pk if foreign == "partner" else journal.partner_id
    account = Account.objects.create(
        code="partner_payable", partner_id=partner, currency="EUR" if foreign == "partner" else "PLN"
    )
    with refused("foreign account"):
        other = a_copy(journal)
        for amount in (-5, 5):
            Entry.objects.create(journal=other, account=account, amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize("amount", ["0", "NaN", "0.001", "1.0001"])
def test_an_amount_that_is_no_money_is_refused(journal, amount):
    with refused("entry_amount_is_money", IntegrityError):
        execute(
            "INSERT INTO incentives_entry (journal_id, account_id, currency, amount)"
            " SELECT journal_id, account_id, currency, %s::numeric FROM incentives_entry LIMIT 1",
            amount,
        )


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1000000000000000", "0.001"])
@pytest.mark.parametrize(
    "column", ["accrual SET amount", "statementline SET amount", "statement SET closing", "statement SET payouts"]
)
def test_no_figure_is_anything_but_money(journal, column, amount):
    with refused(None):
        execute(f"UPDATE incentives_{column} = %s::numeric", amount)


@pytest.mark.parametrize("model", [Journal, Entry, Recalculation])
def test_the_ledger_is_append_only_for_everybody(journal, model):
    table = model._meta.db_table
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with refused("append-only"), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize("model", [Journal, Entry, Recalculation, ClosedMonth, Account])
def test_the_application_has_no_right_to_rewrite_the_ledger(journal, model):
    table = model._meta.db_table
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(ProgrammingError, match="permission denied"), as_application(), connection.cursor() as asked:
            asked.execute(sql)


@pytest.mark.parametrize("model", [Accrual, Statement, StatementLine])
def test_the_application_has_no_right_to_delete_what_partners_were_told(journal, model):
    with pytest.raises(ProgrammingError, match="permission denied"), as_application(), connection.cursor() as asked:
        asked.execute(f"DELETE FROM {model._meta.db_table}")


def test_the_application_may_post(journal):
    with as_application():
        reseller = PartnerFactory().pk
        sold(reseller, "70", date(2026, 9, 4))
        assert night(date(2026, 9, 30), reseller).difference == 7
        connection.check_constraints()


def test_two_postings_on_the_same_knowledge_are_refused(journal):
    with refused("journal_sequence_once", IntegrityError):
        a_copy(journal, sequence=journal.sequence)


@pytest.mark.parametrize(
    "wrong",
    [
        {"posted_on": date(2026, 10, 1)},
        {"kind": "clawback"},
        {"accrual_id": None},
    ],
)
def test_a_journal_belongs_on_the_line_that_tells_of_it(journal, wrong):
    with refused("own partner, month and kind"):
        a_copy(journal, **wrong)
    with refused("own partner, month and kind"):
        a_copy(journal, partner_id=PartnerFactory().pk)


# Plans


def test_a_published_version_is_frozen_but_for_its_end(journal):
    version = PlanVersion.objects.get()
    PlanVersion.objects.update(ends_on=date(2027, 1, 1))
    for change in ({"measurement": "month"}, {"eligible_types": ["msp"]}, {"published_at": None}):
        with refused("frozen"):
            PlanVersion.objects.filter(pk=version.pk).update(**change)
    with refused("frozen"):
        Band.objects.update(rate=Decimal("0.5"))
    with refused("frozen"):
        Band.objects.create(version=version, lower_bound=Decimal(10), rate=Decimal("0.5"))
    with refused("frozen"):
        Band.objects.all().delete()


def draft(**other: object) -> PlanVersion:
    given = PlanVersion.objects.values().get() | {
        "id": None,
        "number": 2,
        "public_id": "plv_draft",
        "published_at": None,
    }
    return PlanVersion.objects.create(**(given | other))


def test_a_draft_may_still_change(journal):
    Band.objects.create(version=draft(), lower_bound=Decimal(0), rate=Decimal("0.5"))
    Band.objects.filter(version__number=2).update(rate=Decimal("0.4"))
    PlanVersion.objects.filter(number=2).update(measurement="month")


def test_published_versions_of_a_plan_cannot_overlap(journal):
    with refused("plan_versions_do_not_overlap", IntegrityError):
        draft(published_at=AT)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"lower_bound": "-1"}, "band_from_zero"),
        ({"rate": "-0.01"}, "band_rate_not_negative"),
        ({"rate": "NaN"}, "band_rate_not_negative"),
        ({"lower_bound": "NaN"}, "band_from_zero"),
    ],
)
def test_bands_that_no_rule_can_read_are_refused(journal, change, constraint):
    given = {"lower_bound": "0", "rate": "0"} | change
    with refused(constraint, IntegrityError):
        execute(
            "INSERT INTO incentives_band (version_id, lower_bound, rate) VALUES (%s, %s::numeric, %s::numeric)",
            *(draft().pk, given["lower_bound"], given["rate"]),
        )


# Statements


def test_an_open_statement_always_adds_up(journal):
    Statement.objects.update(adjustments=Decimal(5), closing=Decimal(105))
    for change in ({"closing": 1}, {"opening": 7}, {"payouts": -3}, {"clawbacks": 5, "closing": 110}):
        with refused("statement_", IntegrityError):
            Statement.objects.update(**change)


def test_a_closed_statement_and_its_lines_never_change(journal):
    close_statements(date(2026, 9, 1), at=CLOSED_AT)
    for change in ({"status": "open", "closed_at": None, "content_hash": ""}, {"content_hash": "0" * 64}):
        with refused("never changes"):
            Statement.objects.update(**change)
    for change in ({"amount": 1}, {"steps": []}, {"description": "x"}):
        with refused("never changes"):
            StatementLine.objects.update(**change)
    with refused("never changes"):
        StatementLine.objects.create(
            statement=Statement.objects.get(), kind="payout", description="x", amount=1, computed_on=date(2026, 9, 1)
        )
    with refused("append-only"):
        ClosedMonth.objects.all().delete()


def test_nothing_is_posted_into_a_closed_month(journal):
    close_statements(date(2026, 9, 1), at=CLOSED_AT)
    with refused("is closed"):
        a_copy(journal)


@pytest.mark.parametrize("change", [{"status": "closed"}, {"content_hash": "a" * 64}, {"status": "paid"}])
def test_a_statement_is_closed_with_its_hash(journal, change):
    with refused("statement_closed_with_hash", IntegrityError):
        Statement.objects.update(**change)
