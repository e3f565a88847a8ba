"""The night's work on money: what partners have earned, against what is posted; only the difference is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from common.actor import SYSTEM
from common.audit import record
from incentives.actions.ledger import Posting, hold_months_open, post
from incentives.models import Accrual, Journal, Recalculation
from incentives.queries.accruals import facts_for
from incentives.queries.ledger import first_open_day
from incentives.rules.earnings import ZERO
from incentives.rules.postings import Change, changes, posting_day
from incentives.rules.statements import combined_hash
from incentives.rules.targets import targets
from partners import queries as partner_queries


@dataclass(frozen=True, slots=True)
class RecalculationResult:
    """`difference` is the sum of what was posted, in the base currency, from the partners' view."""

    accruals_changed: int = 0
    journals_posted: int = 0
    difference: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class _Written:
    """A change with its accrual as it is stored now."""

    change: Change
    accrual: Accrual


def recalculate_partners(partner_ids: Iterable[int], *, day: date, run_key: str, at: datetime) -> RecalculationResult:
    """Bring the accruals of these partners to what they ought to be as of the end of `day`, and post the differences.

    Looks at every measurement period of the last 24 months. A second run posts nothing; any order and partition of
    partners gives the same; an older day never undoes a newer one. What belongs to a closed month is posted on the
    first open day. One transaction; the audit entry holds a hash over the journals.
    """
    with transaction.atomic():
        locked = partner_queries.lock_partners(partner_ids)
        hold_months_open()
        facts = facts_for(locked, day=day)
        found = changes(targets(facts), facts.held)
        if not found:
            return RecalculationResult()
        moved = sum(1 for change in found if change.difference)
        recalculation = Recalculation.objects.create(
            run_key=run_key, business_date=day, at=at, accruals_changed=len(found), journals_posted=moved
        )
        names = {promise.version_id: promise.plan_name for promise in facts.promises}
        postings = _postings(_write_accruals(found), names, posting_day(day, first_open_day=first_open_day()))
        journals = post(postings, recalculation=recalculation, at=at) if postings else []
        difference = sum((posting.amount for posting in postings), ZERO)
        _record(recalculation, postings, journals)
    return RecalculationResult(len(found), len(journals), difference)


def _write_accruals(found: Sequence[Change]) -> list[_Written]:
    """Make or update the accruals; one statement."""
    accruals = Accrual.objects.bulk_create(
        [
            Accrual(
                plan_version_id=change.target.key.version_id,
                partner_id=change.target.key.partner_id,
                period_starts_on=change.target.period.starts_on,
                period_ends_on=change.target.ends_on,
                computed_on=change.target.computed_on,
                currency=change.target.currency,
                volume=change.target.volume,
                amount=change.target.amount,
                steps=[step.as_json() for step in change.target.steps],
                inputs_hash=change.target.inputs_hash,
                posting_count=(change.held.posting_count if change.held else 0) + bool(change.difference),
            )
            for change in found
        ],
        update_conflicts=True,
        unique_fields=["partner", "plan_version", "period_starts_on"],
        update_fields=["computed_on", "volume", "amount", "steps", "inputs_hash", "posting_count"],
    )
    return [_Written(change, accrual) for change, accrual in zip(found, accruals, strict=True)]


def _postings(written: Iterable[_Written], names: dict[int, str], posted_on: date) -> list[Posting]:
    return [
        Posting(
            partner_id=accrual.partner_id,
            kind=change.kind,
            amount=change.difference,
            currency=accrual.currency,
            posted_on=posted_on,
            computed_on=accrual.computed_on,
            description=names[accrual.plan_version_id],
            accrual_id=accrual.pk,
            sequence=accrual.posting_count,
            accrual_amount=accrual.amount,
            volume=accrual.volume,
            inputs_hash=accrual.inputs_hash,
            steps=change.target.steps,
        )
        for change, accrual in ((each.change, each.accrual) for each in written)
        if change.difference
    ]


def _record(recalculation: Recalculation, postings: Sequence[Posting], journals: Sequence[Journal]) -> None:
    """One entry for the whole look, tied to its journals by a hash over their ids and amounts."""
    said = (f"{journal.public_id} {posting.amount:f}" for journal, posting in zip(journals, postings, strict=True))
    record(
        "accruals.recalculated",
        on=recalculation,
        by=SYSTEM,
        at=recalculation.at,
        run_key=recalculation.run_key,
        business_date=recalculation.business_date,
        accruals_changed=recalculation.accruals_changed,
        journals_posted=recalculation.journals_posted,
        journals_hash=combined_hash(said),
    )
