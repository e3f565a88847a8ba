"""Keeping a partner at its level for a time. Reviews go on and heed it; nothing rises and nothing falls meanwhile."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.actor import Actor
from common.audit import record
from common.outbox import after_commit
from common.period import Period
from common.verdict import refusal
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.actions.overrides import lock_partner
from tiers.models import Freeze
from tiers.queries.overrides import day_of, find_freeze, frozen_periods
from tiers.rules import overrides as rules
from tiers.rules.overrides import NewFreeze

NEWS = "tiers.freeze_news"


def set_freeze(asked: NewFreeze, *, by: Actor, at: datetime) -> Freeze:
    """Let the partner's level neither rise nor fall on these days.

    Refuses too few words, days that are past or more than twelve months, and what overlaps with another freeze.
    """
    partner_rules.may(by, "tier.override").or_refuse()
    with transaction.atomic():
        lock_partner(asked.partner_id)
        rules.may_freeze(asked, frozen_periods(asked.partner_id), day=day_of(at)).or_refuse()
        freeze = _insert(asked, by=by, at=at)
        _happened("freeze.set", freeze, by=by, at=at, words=asked.reason)
        _tell("notice.freeze_set", freeze, at=at)
    return freeze


def end_freeze(public_id: str, *, reason: str, by: Actor, at: datetime) -> Freeze:
    """End it early: today stays its last day; what has not begun never begins. Refuses what is over."""
    with transaction.atomic():
        found = find_freeze(by, public_id)
        partner_queries.lock_partners([found.partner_id])
        freeze = Freeze.objects.select_for_update().get(pk=found.pk)
        today = day_of(at)
        left = rules.may_stop(freeze.starts_on, freeze.ends_on, today)
        given = rules.reason_is_given(reason, field="reason")
        (partner_rules.may(by, "tier.override") & left & given).or_refuse()
        before = freeze.ends_on
        freeze.ends_on = rules.ends_when_stopped(freeze.starts_on, before, today)
        freeze.save(update_fields=["ends_on"])
        _happened("freeze.ended", freeze, by=by, at=at, words=reason, before=before)
        began = freeze.starts_on < freeze.ends_on
        _tell("notice.freeze_ended" if began else "notice.freeze_never_began", freeze, at=at)
    return freeze


def _insert(asked: NewFreeze, *, by: Actor, at: datetime) -> Freeze:
    days = Period(asked.starts_on, asked.ends_on)
    try:
        with transaction.atomic():
            return Freeze.objects.create(
                partner_id=asked.partner_id,
                starts_on=asked.starts_on,
                ends_on=asked.ends_on,
                reason=asked.reason,
                set_by=by.label[:200],
                set_at=at,
            )
    except IntegrityError:
        refusal("freeze.overlaps", first_day=days.starts_on, last_day=days.last_day, field="starts_on").or_refuse()
        raise


def _happened(event: str, freeze: Freeze, *, by: Actor, at: datetime, **facts: Any) -> None:
    period = {"starts_on": freeze.starts_on, "ends_on": freeze.ends_on}
    record(event, on=freeze, by=by, at=at, partner=freeze.partner_id, **period, **facts)


def _tell(code: str, freeze: Freeze, *, at: datetime) -> None:
    days = {"first_day": freeze.starts_on, "last_day": freeze.ends_on - rules.ONE_DAY}
    after_commit(NEWS, at=at, code=code, freeze_id=freeze.pk, **days)
