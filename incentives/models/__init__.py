"""What incentives remember: promises (plans), what is owed (ledger), what partners are told (statements)."""

from incentives.models.ledger import Account, Accrual, Entry, Journal, MakeGood, Recalculation
from incentives.models.plans import Band, Plan, PlanVersion
from incentives.models.statements import ClosedMonth, Statement, StatementLine

__all__ = [
    "Account",
    "Accrual",
    "Band",
    "ClosedMonth",
    "Entry",
    "Journal",
    "MakeGood",
    "Plan",
    "PlanVersion",
    "Recalculation",
    "Statement",
    "StatementLine",
]
