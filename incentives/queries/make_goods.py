"""What partners would have earned on business that direct sales took from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common.actor import Actor
from common.period import Period
from deals.queries.breaches import Loss
from deals.rules.make_good import LostMargin, LostRebate
from incentives.models import MakeGood
from incentives.queries.accruals import volume_parts
from incentives.queries.plans import promises_on
from incentives.rules.lost_rebates import lost_rebate, measured, takes_part
from incentives.rules.plans import tier_day
from incentives.rules.targets import Level, Promise
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.queries.terms import terms_for_many


@dataclass(frozen=True, slots=True)
class LostEarning:
    """The margin and the rebates that a breach cost its partner."""

    margin: LostMargin
    rebates: tuple[LostRebate, ...]


def lost_earnings(losses: Sequence[Loss], *, day: date) -> dict[int, LostEarning]:
    """By breach, as of the day. The number of statements depends on the days concerned, not on the breaches."""
    promises = promises_on(max(loss.day for loss in losses))
    partner_ids = sorted({loss.partner_id for loss in losses})
    profiles = partner_queries.partner_profiles(partner_ids)
    concerned = [
        (loss, promise, measured(promise, loss.day))
        for loss in losses
        for promise in promises
        if takes_part(promise, loss.day, types=profiles[loss.partner_id].types, lines=loss.lines)
    ]
    days = {loss.day for loss in losses} | {tier_day(period, day=day) for _loss, _promise, period in concerned}
    terms = {each: terms_for_many(partner_ids, day=each) for each in sorted(days)}
    rebates: dict[int, list[LostRebate]] = {loss.breach_id: [] for loss in losses}
    sold = volume_parts(partner_ids, _covering(concerned)) if concerned else {}
    for loss, promise, period in concerned:
        held = terms[tier_day(period, day=day)][loss.partner_id]
        level = Level(held.level_code, held.level_name, held.rebate_multiplier)
        parts = [part for part in sold.get(loss.partner_id, ()) if part.month_starts_on in period]
        found = lost_rebate(promise, loss.lines, sold=parts, level=level)
        rebates[loss.breach_id] += [found] if found else []
    earnings = {}
    for loss in losses:
        held = terms[loss.day][loss.partner_id]
        margin = LostMargin(held.level_name, held.deal_discount, loss.is_sale)
        earnings[loss.breach_id] = LostEarning(margin, tuple(rebates[loss.breach_id]))
    return earnings


def _covering(concerned: Sequence[tuple[Loss, Promise, Period]]) -> Period:
    """One period over all of them; measured periods are never open."""
    starts = [period.starts_on for _loss, _promise, period in concerned]
    return Period(min(starts), max(period.ends_on for _loss, _promise, period in concerned if period.ends_on))


def may_take_back(actor: Actor, make_good: MakeGood) -> bool:
    """Whether the actor could post the counter-entry of this make-good."""
    stands = make_good.reverses_id is None and not MakeGood.objects.filter(reverses=make_good).exists()
    return stands and bool(partner_rules.may(actor, "make_good.reverse"))
