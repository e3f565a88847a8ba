"""Posting: the only way money gets into the ledger, together with the statement lines that tell of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Q

from common.period import month_of
from incentives.choices import AccountCode, JournalKind, StatementStatus
from incentives.models import Account, Entry, Journal, Recalculation, Statement, StatementLine
from incentives.rules.earnings import ZERO, Step
from incentives.rules.postings import line_steps

_CLOSING_LOCK = 7_031_405_512  # advisory: shared while posting, exclusive while closing a month


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount from the partner's view (positive: we owe more) that an accrual, make-good or payout moves on a day."""

    partner_id: int
    kind: str
    amount: Decimal
    currency: str
    posted_on: date
    computed_on: date
    description: str
    accrual_id: int | None = None
    make_good_id: int | None = None
    sequence: int | None = None
    accrual_amount: Decimal = ZERO  # after this posting
    volume: Decimal | None = None
    inputs_hash: str = ""
    steps: tuple[Step, ...] = ()
    reference: str = ""


def hold_months_open() -> None:
    """Until this transaction ends no month is closed. Postings do not wait for each other, only for a closing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_CLOSING_LOCK])


def stop_postings() -> None:
    """Wait for postings under way and let none begin until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLOSING_LOCK])


def post(postings: Sequence[Posting], *, recalculation: Recalculation | None, at: datetime) -> list[Journal]:
    """Write journals, entries and statement lines for locked partners, and bring their open statements up to date.

    Nine statements however many postings there are. The caller holds the partners' locks and `hold_months_open`.
    """
    lines = _lines_for(postings, _statements_for(postings, at))
    journals = Journal.objects.bulk_create(
        Journal(
            kind=posting.kind,
            partner_id=posting.partner_id,
            posted_on=posting.posted_on,
            line=line,
            accrual_id=posting.accrual_id,
            make_good_id=posting.make_good_id,
            sequence=posting.sequence,
            recalculation=recalculation,
            reference=posting.reference,
            created_at=at,
        )
        for posting, line in zip(postings, lines, strict=True)
    )
    accounts = _accounts_for(postings)
    Entry.objects.bulk_create(
        Entry(journal=journal, account_id=account_id, amount=amount, currency=posting.currency)
        for journal, posting in zip(journals, postings, strict=True)
        for account_id, amount in _entries_of(posting, accounts)
    )
    refresh_statements({posting.partner_id for posting in postings}, at=at)
    return journals


StatementKey = tuple[int, date, str]


def _statement_key(posting: Posting) -> StatementKey:
    return posting.partner_id, month_of(posting.posted_on).starts_on, posting.currency


def _statements_for(postings: Iterable[Posting], at: datetime) -> dict[StatementKey, Statement]:
    """The statements that the postings belong to, made where they are missing."""
    wanted = sorted({_statement_key(posting) for posting in postings})
    Statement.objects.bulk_create(
        [
            Statement(partner_id=partner, month_starts_on=month, currency=currency, updated_at=at)
            for partner, month, currency in wanted
        ],
        ignore_conflicts=True,
    )
    found = Statement.objects.filter(
        partner_id__in={partner for partner, _, _ in wanted}, month_starts_on__in={month for _, month, _ in wanted}
    )
    return {(statement.partner_id, statement.month_starts_on, statement.currency): statement for statement in found}


def _lines_for(postings: Sequence[Posting], statements: dict[StatementKey, Statement]) -> list[StatementLine]:
    """One line for each posting: the one its accrual already has in the month, grown by it, or a new one."""
    of_accruals = StatementLine.objects.filter(
        accrual_id__in=[posting.accrual_id for posting in postings if posting.accrual_id],
        statement_id__in=[statement.pk for statement in statements.values()],
    )
    held = {
        (statement_id, accrual_id, kind): amount
        for statement_id, accrual_id, kind, amount in of_accruals.values_list(
            *("statement_id", "accrual_id", "kind", "amount")
        )
    }
    lines = []
    for posting in postings:
        statement = statements[_statement_key(posting)]
        amount = held.get((statement.pk, posting.accrual_id, posting.kind), ZERO) + posting.amount
        lines.append(_line(posting, statement, amount))
    return StatementLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["statement", "accrual", "kind"],
        update_fields=["amount", "computed_on", "volume", "inputs_hash", "steps"],
    )


def _line(posting: Posting, statement: Statement, amount: Decimal) -> StatementLine:
    steps = posting.steps
    if posting.accrual_id:
        steps = line_steps(steps, target_amount=posting.accrual_amount, line_amount=amount)
    return StatementLine(
        statement=statement,
        kind=posting.kind,
        accrual_id=posting.accrual_id,
        make_good_id=posting.make_good_id,
        description=posting.description,
        amount=amount,
        computed_on=posting.computed_on,
        volume=posting.volume,
        inputs_hash=posting.inputs_hash,
        steps=[step.as_json() for step in steps],
    )


AccountKey = tuple[str, int | None, str]
_OTHER_SIDE: dict[str, AccountCode] = {
    JournalKind.PAYOUT: AccountCode.CASH,
    JournalKind.MAKE_GOOD: AccountCode.MAKE_GOOD_EXPENSE,
}


def _account_keys(posting: Posting) -> tuple[AccountKey, AccountKey]:
    """The partner's payable account, and the vendor's account on the other side."""
    other = _OTHER_SIDE.get(posting.kind, AccountCode.REBATE_EXPENSE)
    return (AccountCode.PARTNER_PAYABLE, posting.partner_id, posting.currency), (other, None, posting.currency)


def _accounts_for(postings: Iterable[Posting]) -> dict[AccountKey, int]:
    """Primary keys of the accounts, made where they are missing."""
    wanted = {key for posting in postings for key in _account_keys(posting)}
    ordered = sorted(wanted, key=lambda key: (key[0], key[1] or 0, key[2]))
    Account.objects.bulk_create(
        [Account(code=code, partner_id=partner_id, currency=currency) for code, partner_id, currency in ordered],
        ignore_conflicts=True,
    )
    partners = {partner_id for _, partner_id, _ in wanted if partner_id}
    found = Account.objects.filter(Q(partner_id__in=partners) | Q(partner=None))
    return {(account.code, account.partner_id, account.currency): account.pk for account in found}


def _entries_of(posting: Posting, accounts: dict[AccountKey, int]) -> tuple[tuple[int, Decimal], tuple[int, Decimal]]:
    """A credit of the payable account for what we owe more, and the debit that balances it."""
    payable, other = _account_keys(posting)
    return (accounts[payable], -posting.amount), (accounts[other], posting.amount)


_REFRESH = """
WITH moved AS (
    SELECT statement.id,
           -coalesce(sum(entry.amount) FILTER (WHERE journal.posted_on < statement.month_starts_on), 0) AS opening,
           -coalesce(sum(entry.amount) FILTER (WHERE this_month AND journal.kind = 'accrual'), 0) AS accruals,
           -coalesce(sum(entry.amount) FILTER (WHERE this_month AND journal.kind = 'adjustment'), 0) AS adjustments,
           -coalesce(sum(entry.amount) FILTER (WHERE this_month AND journal.kind = 'clawback'), 0) AS clawbacks,
           -coalesce(sum(entry.amount) FILTER (WHERE this_month AND journal.kind = 'make_good'), 0) AS make_goods,
           -coalesce(sum(entry.amount) FILTER (WHERE this_month AND journal.kind = 'payout'), 0) AS payouts
    FROM incentives_statement statement
    JOIN incentives_account account ON account.partner_id = statement.partner_id
         AND account.currency = statement.currency AND account.code = 'partner_payable'
    JOIN incentives_entry entry ON entry.account_id = account.id
    JOIN incentives_journal journal ON journal.id = entry.journal_id
    CROSS JOIN LATERAL (SELECT journal.posted_on >= statement.month_starts_on AS this_month) place
    WHERE statement.status = %(open)s AND statement.partner_id = ANY(%(partners)s)
      AND journal.posted_on < statement.month_starts_on + interval '1 month'
    GROUP BY statement.id
)
UPDATE incentives_statement statement
SET opening = moved.opening, accruals = moved.accruals, adjustments = moved.adjustments,
    clawbacks = moved.clawbacks, make_goods = moved.make_goods, payouts = moved.payouts,
    closing = moved.opening + moved.accruals + moved.adjustments + moved.clawbacks + moved.make_goods + moved.payouts,
    updated_at = %(at)s
FROM moved
WHERE moved.id = statement.id
  AND (statement.opening, statement.accruals, statement.adjustments, statement.clawbacks, statement.make_goods,
       statement.payouts)
      IS DISTINCT FROM (moved.opening, moved.accruals, moved.adjustments, moved.clawbacks, moved.make_goods,
                        moved.payouts)
"""


def refresh_statements(partner_ids: Iterable[int], *, at: datetime) -> int:
    """Sum these partners' open statements up from the ledger; returns how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"open": StatementStatus.OPEN, "partners": list(partner_ids), "at": at})
        return int(cursor.rowcount)
