"""Rows as the CRM would send them, for tests."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from common.actor import Actor
from crm.rules.rows import CustomerRow, OpportunityRow, SaleLineRow, SaleRow

CRM = Actor(kind="client", key="client:crm", label="CRM", scopes=frozenset({"crm.write", "crm.read"}))
READER = Actor(kind="client", key="client:reader", label="Reader", scopes=frozenset({"crm.read"}))
T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def customer_row(number: int = 1, **fields: Any) -> CustomerRow:
    known = {"external_id": f"C{number}", "legal_name": f"Customer {number} Sp. z o.o.", "country": "PL"}
    return CustomerRow(**{**known, **fields})


def opportunity_row(number: int = 1, **fields: Any) -> OpportunityRow:
    known = {
        "external_id": f"O{number}",
        "customer": "C1",
        "stage": "proposal",
        "amount": Decimal(10_000),
        "currency": "EUR",
        "close_on": date(2026, 12, 1),
        "created_at": T0,
        "updated_at": T0,
    }
    return OpportunityRow(**{**known, **fields})


def line(product: str = "P1", amount: str = "1000", quantity: str = "1") -> SaleLineRow:
    return SaleLineRow(product=product, quantity=Decimal(quantity), net_amount=Decimal(amount))


def sale_row(number: int = 1, *lines: SaleLineRow, **fields: Any) -> SaleRow:
    known = {
        "external_id": f"S{number}",
        "customer": "C1",
        "booked_on": date(2026, 6, 15),
        "currency": "EUR",
        "lines": list(lines) or [line()],
    }
    return SaleRow(**{**known, **fields})
