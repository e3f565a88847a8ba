"""Giving a partner another level for a time: one person asks, a second one decides, either ends it early.

What is written is one row with a period; `tiers_terms_on` lets it count on its days, so it begins and ends by itself.
"""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.period import Period
from common.verdict import Verdict, refusal
from partners import queries as partner_queries
from partners import rules as partner_rules
from partners.choices import PartnerStatus
from tiers.choices.standings import OverrideStatus
from tiers.models import Override
from tiers.queries.overlays import may_stop_override
from tiers.queries.overrides import around, day_of, find_override, held_level, request_verdict
from tiers.rules import overrides as rules
from tiers.rules.overrides import NewOverride

NEWS = "tiers.override_news"


def request_override(asked: NewOverride, *, by: Actor, at: datetime) -> Override:
    """Ask that a partner has this level on these days. It counts once a second person approves.

    Refuses a level that is not in the programme or held anyway on the first day, too few words, days that are past or
    more than twelve months, and what overlaps with an approved override or another request.
    """
    partner_rules.may(by, "tier.override").or_refuse()
    with transaction.atomic():
        lock_partner(asked.partner_id)
        request_verdict(asked, day=day_of(at)).or_refuse()
        programme, held = held_level(asked.partner_id, asked.starts_on)
        override = Override.objects.create(
            partner_id=asked.partner_id,
            level_id=next(level.level_id for level in programme.levels if level.code == asked.level_code),
            reason=asked.reason,
            starts_on=asked.starts_on,
            ends_on=asked.ends_on,
            requested_by_id=by.user_id,
            requested_label=by.label[:200],
            requested_at=at,
        )
        facts = {"level": asked.level_code, "held": held.code, "words": asked.reason}
        _happened("override.requested", override, by=by, at=at, **facts)
        _tell("notice.override_requested", override, at=at)
    return override


def approve_override(public_id: str, *, answer: str, by: Actor, at: datetime) -> Override:
    """Let it count from its first day, or from today if that is past: what held on past days stays as it was.

    Refuses who asked for it, who is no person, and what overlaps with an approved override by now.
    """
    with transaction.atomic():
        override = _lock(public_id, by)
        today = day_of(at)
        (_may_decide(override, by, today) & rules.answer_is_given(answer, field="answer")).or_refuse()
        begins_on = rules.counts_from(override.starts_on, today)
        met = around(override.partner_id, begins_on, but=override.pk)
        period = Period(begins_on, override.ends_on)
        free = rules.is_free(period, met.approved, "override.overlaps")
        (rules.level_may_be_given(override.level.code, met) & free).or_refuse()
        moved = {"before": override.starts_on} if begins_on != override.starts_on else {}
        override.starts_on = begins_on
        _decide(override, OverrideStatus.APPROVED, answer, by=by, at=at)
        _happened("override.approved", override, by=by, at=at, words=answer, **moved)
        _tell("notice.override_approved", override, at=at)
    return override


def decline_override(public_id: str, *, reason: str, by: Actor, at: datetime) -> Override:
    """Answer no, and why. Refuses who asked for it, who is no person, and what is decided."""
    with transaction.atomic():
        override = _lock(public_id, by)
        (_may_decide(override, by, day_of(at)) & rules.reason_is_given(reason, field="answer")).or_refuse()
        _decide(override, OverrideStatus.DECLINED, reason, by=by, at=at)
        _happened("override.declined", override, by=by, at=at, words=reason)
        _tell("notice.override_declined", override, at=at)
    return override


def withdraw_override(public_id: str, *, by: Actor, at: datetime) -> Override:
    """Take one's own request back while nobody has answered it."""
    with transaction.atomic():
        override = _lock(public_id, by)
        asked = rules.may_withdraw(_request_of(override), by=by.user_id, day=day_of(at))
        (partner_rules.may(by, "tier.override") & asked).or_refuse()
        override.status = OverrideStatus.WITHDRAWN
        override.save(update_fields=["status"])
        _happened("override.withdrawn", override, by=by, at=at)
    return override


def end_override(public_id: str, *, reason: str, by: Actor, at: datetime) -> Override:
    """End what was approved: today stays its last day; what has not begun never begins. Refuses what is over."""
    with transaction.atomic():
        override = _lock(public_id, by)
        today = day_of(at)
        (may_stop_override(by, override, today) & rules.reason_is_given(reason, field="reason")).or_refuse()
        before = override.ends_on
        override.ends_on = rules.ends_when_stopped(override.starts_on, before, today)
        override.save(update_fields=["ends_on"])
        _happened("override.ended", override, by=by, at=at, words=reason, before=before)
        began = override.starts_on < override.ends_on
        _tell("notice.override_ended" if began else "notice.override_never_began", override, at=at)
    return override


def ask_to_tell_of_endings(*, day: date, at: datetime) -> int:
    """Have people told of overrides that end within the notice time; returns of how many. Asked again, nobody is told
    twice."""
    rows = Override.objects.filter(
        status=OverrideStatus.APPROVED, starts_on__lte=day, ends_on__gt=day, ends_on__lte=day + rules.ENDING_NOTICE
    ).order_by("pk")
    ending = [row for row in rows if rules.ends_soon(row.starts_on, row.ends_on, day)]
    for override in ending:
        _tell("notice.override_ending", override, at=at)
    return len(ending)


def lock_partner(partner_id: int) -> None:
    """One deed about a partner's level at a time, reviews among them. `NotFound` for no partner; refuses one that is
    terminated."""
    if not partner_queries.lock_partners([partner_id]):
        raise NotFound("partner")
    if partner_queries.partner_profiles([partner_id])[partner_id].status == PartnerStatus.TERMINATED:
        refusal("override.partner_terminated", field="partner").or_refuse()


def _lock(public_id: str, by: Actor) -> Override:
    found = find_override(by, public_id)
    partner_queries.lock_partners([found.partner_id])
    return Override.objects.select_for_update(of=("self",)).select_related("level").get(pk=found.pk)


def _request_of(override: Override) -> rules.Request:
    return rules.Request(override.status, override.ends_on, override.requested_by_id)


def _may_decide(override: Override, by: Actor, day: date) -> Verdict:
    may_answer = rules.may_decide(_request_of(override), by=by.user_id, day=day)
    return partner_rules.may(by, "tier.override_approve") & may_answer


def _decide(override: Override, status: OverrideStatus, answer: str, *, by: Actor, at: datetime) -> None:
    override.status, override.answer = status, answer
    override.decided_by_id, override.decided_at = by.user_id, at
    try:
        with transaction.atomic():
            override.save(update_fields=["status", "answer", "starts_on", "decided_by", "decided_at"])
    except IntegrityError:
        days = Period(override.starts_on, override.ends_on)
        refusal("override.overlaps", first_day=days.starts_on, last_day=days.last_day).or_refuse()
        raise


def _happened(event: str, override: Override, *, by: Actor, at: datetime, **facts: Any) -> None:
    period = {"starts_on": override.starts_on, "ends_on": override.ends_on}
    record(event, on=override, by=by, at=at, partner=override.partner_id, **period, **facts)


def _tell(code: str, override: Override, *, at: datetime) -> None:
    days = {"first_day": override.starts_on, "last_day": override.ends_on - rules.ONE_DAY}
    after_commit(NEWS, at=at, code=code, override_id=override.pk, **days)
