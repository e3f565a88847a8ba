"""Make-goods: proposing what a breach cost its partner, paying it when it is settled, taking it back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.money import round_amount
from common.verdict import refusal
from deals.actions.breaches import propose_make_good
from deals.queries import breaches as breach_queries
from deals.rules.make_good import make_good
from incentives.actions.ledger import Posting, hold_months_open, post
from incentives.choices import JournalKind
from incentives.models import MakeGood
from incentives.queries.ledger import first_open_day
from incentives.queries.make_goods import lost_earnings
from incentives.rules.earnings import Step
from incentives.rules.postings import posting_day
from partners import queries as partner_queries
from partners import rules as partner_rules


def propose(*, breach_ids: Sequence[int], at: datetime, **_news: Any) -> None:
    """A breach was found or changed: compute what the partner would have earned, with its steps, while it is open."""
    found = breach_queries.losses(breach_ids)
    if not found:
        return
    earnings = lost_earnings(found, day=at.astimezone(timezone.get_default_timezone()).date())
    for loss in found:
        lost = earnings[loss.breach_id]
        proposal = make_good(loss.lines, lost.margin, lost.rebates, before=loss.before, currency=settings.BASE_CURRENCY)
        propose_make_good(
            loss.breach_id, amount=proposal.amount, currency=proposal.currency, steps=proposal.steps, at=at
        )


def pay(*, breach_id: int, by: Actor, at: datetime, **_news: Any) -> None:
    """A breach was settled: post the amount to the partner's open month, once for each breach, with its steps."""
    settled = breach_queries.settlement_of(breach_id)
    steps = [Step(step["code"], Decimal(step["amount"]), step["params"]) for step in settled.steps]
    if settled.amount != settled.proposed:
        difference = round_amount(settled.amount - settled.proposed, settled.currency)
        steps.append(Step("step.settled_otherwise", difference))
    made = MakeGood(
        partner_id=settled.partner_id,
        breach_public_id=settled.breach_public_id,
        amount=settled.amount,
        currency=settled.currency,
        words=settled.words,
        made_at=at,
        made_by=by.label,
    )
    with transaction.atomic():
        _post(made, steps, description=settled.customer_name, event="make_good.posted", by=by, at=at)


def reverse_make_good(public_id: str, *, words: str, by: Actor, at: datetime) -> MakeGood:
    """Take a make-good back by a counter-entry of its own, in the open month; what was posted stays as it is.

    Refuses anyone but finance, an empty reason, and a second time. `NotFound` if there is none.
    """
    partner_rules.may(by, "make_good.reverse").or_refuse()
    with transaction.atomic():
        original = MakeGood.objects.filter(public_id=public_id, reverses=None).first()
        if original is None:
            raise NotFound(public_id)
        partner_queries.lock_partners([original.partner_id])
        if MakeGood.objects.filter(reverses=original).exists():
            refusal("make_good.reversed").or_refuse()
        if not words.strip():
            refusal("make_good.words_missing", field="words").or_refuse()
        counter = MakeGood(
            partner_id=original.partner_id,
            breach_public_id=original.breach_public_id,
            reverses=original,
            amount=-original.amount,
            currency=original.currency,
            words=words.strip(),
            made_at=at,
            made_by=by.label,
        )
        steps = [Step("step.taken_back", round_amount(counter.amount, counter.currency))]
        _post(counter, steps, description=original.line.description, event="make_good.reversed", by=by, at=at)
    return counter


def _post(made: MakeGood, steps: Sequence[Step], *, description: str, event: str, by: Actor, at: datetime) -> None:
    """Keep it and journal it, in the caller's transaction."""
    partner_queries.lock_partners([made.partner_id])
    hold_months_open()
    made.steps = [step.as_json() for step in steps]
    made.save()
    day = at.astimezone(timezone.get_default_timezone()).date()
    posting = Posting(
        partner_id=made.partner_id,
        kind=JournalKind.MAKE_GOOD,
        amount=made.amount,
        currency=made.currency,
        posted_on=posting_day(day, first_open_day=first_open_day()),
        computed_on=day,
        description=description[:200],
        make_good_id=made.pk,
        steps=tuple(steps),
    )
    [journal] = post([posting], recalculation=None, at=at)
    record(event, on=made, by=by, at=at, amount=made.amount, currency=made.currency, journal=journal.public_id)
