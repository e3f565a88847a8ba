"""Answering what a partner asks before it registers: not too often, noted, and watched when too much is refused."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from common.actor import Actor
from common.audit import record
from common.outbox import after_commit
from crm.rules import matching
from deals.actions.locks import take
from deals.choices.checks import Light
from deals.models import PreflightCheck
from deals.queries.calendar import day_of
from deals.queries.claimants import registrar_for
from deals.queries.facts import terms_on
from deals.queries.preflight import Asked, asked_by, check
from deals.rules.preflight import HOUR, PreflightAnswer, PreflightQuestion, is_watched, may_check, question_text
from deals.rules.terms import Terms
from partners import queries as partner_queries
from partners.actions.notices import notify

KEPT = timedelta(days=90)
DIGEST_LENGTH = 32


def preflight(partner_id: int, question: PreflightQuestion, *, by: Actor, at: datetime) -> PreflightAnswer:
    """What would be decided for the partner. Refuses more companies within an hour than the published terms allow.

    Asking for the same company again is free, however it is spelt or typed. It counts for whoever asks: the partner
    itself, or the distributor who asks for it; the vendor's own clients are not counted. Exact, also for many requests
    at once: one partner's checks wait for each other.
    """
    may_register, distributor_id = registrar_for(by, partner_id, day=day_of(at))
    may_register.or_refuse()
    if by.is_vendor:
        return check(partner_id, question, at=at)
    asker_id = distributor_id or partner_id
    asked = _digest(question)
    with transaction.atomic():
        take([f"checks {asker_id}"])
        terms = terms_on(day_of(at))
        earlier = asked_by(asker_id, since=at - HOUR, day_begins=_day_begins(at))
        watched = is_watched(earlier.lights, terms)
        if asked not in earlier.recent:
            may_check(sorted(earlier.recent.values()), watched=watched, terms=terms, at=at).or_refuse()
        answer = check(partner_id, question, at=at)
        if earlier.last_light.get(asked) != answer.light:
            noted = PreflightCheck.objects.create(
                partner_id=asker_id, asked=asked, light=answer.light, by=by.label, at=at
            )
            if not watched:
                _watch(noted, earlier, terms, by=by)
    return answer


def _digest(question: PreflightQuestion) -> str:
    """The company that is asked for, so that it can be counted and not be read."""
    text = question_text(matching.keys_of(question.identity))
    return salted_hmac("deals.preflight", text, algorithm="sha256").hexdigest()[:DIGEST_LENGTH]


def _day_begins(at: datetime) -> datetime:
    return datetime.combine(day_of(at), time(), tzinfo=timezone.get_default_timezone())


def _watch(noted: PreflightCheck, earlier: Asked, terms: Terms, *, by: Actor) -> None:
    """Should this answer be the one too many: record it and tell the channel managers."""
    lights = [*earlier.lights, noted.light]
    if not is_watched(lights, terms):
        return
    facts = {"count": len(lights), "percent": 100 * lights.count(Light.RED) // len(lights)}
    record("check.watched", on=noted.partner, by=by, at=noted.at, **facts)
    after_commit(
        "deals.checks_watched", at=noted.at, partner_id=noted.partner_id, day=day_of(noted.at).isoformat(), **facts
    )


def tell_watched(*, partner_id: int, day: str, count: int, percent: int, at: datetime) -> None:
    """Tell the channel managers, once a day for each partner. Run from the outbox."""
    profile = partner_queries.partner_profiles([partner_id])[partner_id]
    notify(
        partner_queries.people_with_vendor_role("channel_manager"),
        kind="checks_watched",
        code="check.watched",
        params={"partner": profile.name, "count": count, "percent": percent, "day": day},
        url=reverse("partners:detail", args=[profile.public_id]),
        about=profile.public_id,
        dedup=f"{profile.public_id} {day}",
        at=at,
    )


def purge_checks(*, at: datetime) -> int:
    """Forget checks that are older than `KEPT`; returns how many."""
    return PreflightCheck.objects.filter(at__lt=at - KEPT).delete()[0]
