"""Whether the books are right: everything that must hold between ledger, accruals and statements, looked up anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from incentives.choices import StatementStatus
from incentives.models import ClosedMonth, Statement
from incentives.queries.statements import contents_of
from incentives.rules.statements import combined_hash, content_hash

CHUNK = 1000  # statements whose hashes are recomputed at a time


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold: which check, and about what."""

    check: str
    subject: str


# Each finds the offenders of one sentence; no row is the good answer.
_CHECKS = {
    "a journal sums to zero in every currency": """
        SELECT journal.public_id FROM incentives_journal journal
        JOIN incentives_entry entry ON entry.journal_id = journal.id
        GROUP BY journal.public_id, entry.currency HAVING sum(entry.amount) <> 0""",
    "a journal has entries": """
        SELECT journal.public_id FROM incentives_journal journal
        WHERE NOT EXISTS (SELECT FROM incentives_entry entry WHERE entry.journal_id = journal.id)""",
    "the ledger sums to zero in every currency": """
        SELECT currency FROM incentives_entry GROUP BY currency HAVING sum(amount) <> 0""",
    "the journals of an accrual sum to it": """
        SELECT accrual.public_id FROM incentives_accrual accrual
        LEFT JOIN incentives_journal journal ON journal.accrual_id = accrual.id
        LEFT JOIN (incentives_entry entry JOIN incentives_account account ON account.id = entry.account_id
                   AND account.code = 'partner_payable') ON entry.journal_id = journal.id
        GROUP BY accrual.id
        HAVING accrual.amount <> -coalesce(sum(entry.amount), 0) OR accrual.posting_count <> count(journal.id)""",
    "the steps of an accrual sum to it": """
        SELECT accrual.public_id FROM incentives_accrual accrual
        WHERE accrual.amount <> (SELECT coalesce(sum((step->>'amount')::numeric), 0)
                                 FROM jsonb_array_elements(accrual.steps) step)""",
    "the journals of a statement line sum to it": """
        SELECT line.public_id FROM incentives_statementline line
        LEFT JOIN incentives_journal journal ON journal.line_id = line.id
        LEFT JOIN (incentives_entry entry JOIN incentives_account account ON account.id = entry.account_id
                   AND account.code = 'partner_payable') ON entry.journal_id = journal.id
        GROUP BY line.id HAVING line.amount <> -coalesce(sum(entry.amount), 0)""",
    "the steps of a statement line sum to it": """
        SELECT line.public_id FROM incentives_statementline line
        WHERE (line.accrual_id IS NOT NULL OR line.make_good_id IS NOT NULL)
          AND line.amount <> (SELECT coalesce(sum((step->>'amount')::numeric), 0)
                              FROM jsonb_array_elements(line.steps) step)""",
    "a make-good is posted once, as it was settled": """
        SELECT make_good.public_id FROM incentives_makegood make_good
        LEFT JOIN incentives_journal journal ON journal.make_good_id = make_good.id
        LEFT JOIN (incentives_entry entry JOIN incentives_account account ON account.id = entry.account_id
                   AND account.code = 'partner_payable') ON entry.journal_id = journal.id
        GROUP BY make_good.id
        HAVING make_good.amount <> -coalesce(sum(entry.amount), 0) OR count(DISTINCT journal.id) <> 1
            OR make_good.amount <> (SELECT coalesce(sum((step->>'amount')::numeric), 0)
                                    FROM jsonb_array_elements(make_good.steps) step)""",
    "a journal is told of in its own month's statement": """
        SELECT journal.public_id FROM incentives_journal journal
        JOIN incentives_statementline line ON line.id = journal.line_id
        JOIN incentives_statement statement ON statement.id = line.statement_id
        WHERE statement.partner_id <> journal.partner_id OR line.kind <> journal.kind
           OR statement.month_starts_on <> date_trunc('month', journal.posted_on::timestamp)::date""",
    "the figures of a statement are those of its lines": """
        SELECT statement.public_id FROM incentives_statement statement
        LEFT JOIN incentives_statementline line ON line.statement_id = statement.id
        GROUP BY statement.id
        HAVING (statement.accruals, statement.adjustments, statement.clawbacks, statement.make_goods,
                statement.payouts) <> (
            coalesce(sum(line.amount) FILTER (WHERE line.kind = 'accrual'), 0),
            coalesce(sum(line.amount) FILTER (WHERE line.kind = 'adjustment'), 0),
            coalesce(sum(line.amount) FILTER (WHERE line.kind = 'clawback'), 0),
            coalesce(sum(line.amount) FILTER (WHERE line.kind = 'make_good'), 0),
            coalesce(sum(line.amount) FILTER (WHERE line.kind = 'payout'), 0))""",
    "a statement opens with what the one before it closed with": """
        SELECT public_id FROM (
            SELECT public_id, opening, lag(closing, 1, 0::numeric) OVER (
                PARTITION BY partner_id, currency ORDER BY month_starts_on) AS carried
            FROM incentives_statement) statement
        WHERE opening <> carried""",
    "the last statement closes with what is owed": """
        SELECT last.public_id FROM (
            SELECT DISTINCT ON (partner_id, currency) * FROM incentives_statement
            ORDER BY partner_id, currency, month_starts_on DESC) last
        LEFT JOIN incentives_account account ON account.partner_id = last.partner_id
             AND account.currency = last.currency AND account.code = 'partner_payable'
        LEFT JOIN incentives_entry entry ON entry.account_id = account.id
        GROUP BY last.public_id, last.closing HAVING last.closing <> -coalesce(sum(entry.amount), 0)""",
    "nothing is open in a closed month": """
        SELECT statement.public_id FROM incentives_statement statement
        JOIN incentives_closedmonth month USING (month_starts_on) WHERE statement.status <> 'closed'""",
}


def problems() -> list[Problem]:
    """Everything in the books that does not hold; empty if they are right."""
    return [*_broken_sentences(), *_altered_statements(), *_altered_months()]


def _broken_sentences() -> Iterator[Problem]:
    with connection.cursor() as cursor:
        for sentence, sql in _CHECKS.items():
            cursor.execute(sql)
            yield from (Problem(sentence, str(row[0])) for row in cursor.fetchall())


def _altered_statements() -> Iterator[Problem]:
    closed = Statement.objects.filter(status=StatementStatus.CLOSED).select_related("partner").order_by("pk")
    last = 0
    while chunk := list(closed.filter(pk__gt=last)[:CHUNK]):
        contents: dict[int, Any] = dict(contents_of(chunk))
        for statement in chunk:
            if content_hash(contents[statement.pk]) != statement.content_hash:
                yield Problem("a closed statement is as it was closed", statement.public_id)
        last = chunk[-1].pk


def _altered_months() -> Iterator[Problem]:
    for month in ClosedMonth.objects.all():
        statements = Statement.objects.filter(month_starts_on=month.month_starts_on, status=StatementStatus.CLOSED)
        if combined_hash(statements.values_list("content_hash", flat=True)) != month.content_hash:
            yield Problem("a closed month has the statements it was closed with", str(month))
