"""Recording money that has left for a partner."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from common.audit import record
from common.money import Money
from common.verdict import refusal
from incentives.actions.ledger import Posting, hold_months_open, post
from incentives.choices import JournalKind
from incentives.models import Journal
from incentives.queries.ledger import balance_of, first_open_day
from incentives.rules.postings import may_pay, posting_day
from partners import queries as partner_queries
from partners import rules as partner_rules


def record_payout(partner_id: int, amount: Money, *, reference: str, by: Actor, at: datetime) -> Journal:
    """Record a bank transfer to the partner, once per bank reference: a repeated call gives the first journal.

    Refuses anyone but finance, an amount that is not positive, too fine or above what is owed, and a reference that
    stands for another amount.
    """
    partner_rules.may(by, "payout.record").or_refuse()
    with transaction.atomic():
        partner_queries.lock_partners([partner_id])
        hold_months_open()
        recorded = _recorded(partner_id, amount, reference.strip())
        if recorded:
            return recorded
        balance = balance_of(partner_id, currency=amount.currency).amount
        may_pay(amount, balance=balance, reference=reference).or_refuse()
        day = at.astimezone(timezone.get_default_timezone()).date()
        posting = Posting(
            partner_id=partner_id,
            kind=JournalKind.PAYOUT,
            amount=-amount.amount,
            currency=amount.currency,
            posted_on=posting_day(day, first_open_day=first_open_day()),
            computed_on=day,
            description=reference.strip(),
            reference=reference.strip(),
        )
        [journal] = post([posting], recalculation=None, at=at)
        record("payout.recorded", on=journal, by=by, at=at, amount=amount.amount, currency=amount.currency)
    return journal


def _recorded(partner_id: int, amount: Money, reference: str) -> Journal | None:
    """The payout that this reference already stands for. Refuses one of another amount."""
    journal = Journal.objects.filter(partner_id=partner_id, kind=JournalKind.PAYOUT, reference=reference).first()
    if journal and not journal.entries.filter(amount=amount.amount, currency=amount.currency).exists():
        refusal("payout.reference_reused", field="reference", reference=reference).or_refuse()
    return journal
