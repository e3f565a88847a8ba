"""A distributor asks a reseller to let it register deals for it; the reseller answers; either side may end it."""

from datetime import date, datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.verdict import refusal
from partners import queries, rules
from partners.actions.notices import notify
from partners.models import Distribution, Partner


def request_distribution(distributor_id: int, reseller_public_id: str, *, by: Actor, at: datetime) -> Distribution:
    """Ask the partner of this number. Refuses who is no distributor, an unknown number, and asking twice."""
    rules.may(by, "distribution.manage", distributor_id).or_refuse()
    with transaction.atomic():
        distributor = Partner.objects.select_for_update().get(pk=distributor_id)
        rules.may_distribute(distributor.types, distributor.status).or_refuse()
        reseller_id = queries.partner_id_by_public_id(reseller_public_id.strip().lower())
        if reseller_id is None or reseller_id == distributor_id:
            refusal("distribution.unknown_reseller", field="reseller").or_refuse()
            raise AssertionError
        asked = Distribution.objects.filter(distributor_id=distributor_id, reseller_id=reseller_id)
        if asked.filter(answered_at=None).exists() or asked.filter(starts_on__isnull=False, ends_on=None).exists():
            refusal("distribution.exists", field="reseller").or_refuse()
        link = Distribution.objects.create(
            distributor_id=distributor_id, reseller_id=reseller_id, requested_at=at, requested_by=by.label
        )
        _record_and_tell("distribution.requested", link, told_id=link.reseller_id, by=by, at=at)
    return link


def answer_distribution(public_id: str, *, agrees: bool, by: Actor, day: date, at: datetime) -> Distribution:
    """The reseller's answer; with a yes the distributor may register for it from that day on. Refuses a second one."""
    with transaction.atomic():
        link = _lock(public_id, by, side="reseller")
        if link.answered_at is not None:
            refusal("distribution.answered").or_refuse()
        link.answered_at, link.answered_by, link.starts_on = at, by.label, day if agrees else None
        link.save(update_fields=["answered_at", "answered_by", "starts_on"])
        event = "distribution.accepted" if agrees else "distribution.declined"
        _record_and_tell(event, link, told_id=link.distributor_id, by=by, at=at)
    return link


def end_distribution(public_id: str, *, by: Actor, day: date, at: datetime) -> Distribution:
    """Either side ends it: from this day on nothing more is registered for the reseller. Refuses what is not live."""
    with transaction.atomic():
        link = _lock(public_id, by, side="")
        if not rules.distribution_is_live(link.starts_on, link.ends_on, day):
            refusal("distribution.not_live").or_refuse()
        link.ends_on = day
        link.save(update_fields=["ends_on"])
        is_resellers = link.reseller_id in by.partner_ids
        told_id = link.distributor_id if is_resellers else link.reseller_id
        _record_and_tell("distribution.ended", link, told_id=told_id, by=by, at=at)
    return link


def _lock(public_id: str, by: Actor, *, side: str) -> Distribution:
    """The row, locked, if the actor manages that side of it (either, if none is named); otherwise `NotFound`."""
    link = queries.distributions_visible_to(by).select_for_update(of=("self",)).filter(public_id=public_id).first()
    if link is None or (side == "reseller" and not rules.may(by, "distribution.manage", link.reseller_id)):
        raise NotFound("distribution")
    return link


def _record_and_tell(event: str, link: Distribution, *, told_id: int, by: Actor, at: datetime) -> None:
    record(event, on=link, by=by, at=at, distributor=link.distributor_id, reseller=link.reseller_id)
    after_commit("partners.distribution_news", at=at, distribution_id=link.pk, code=event, told_id=told_id)


def tell_distribution_news(*, distribution_id: int, code: str, told_id: int, at: datetime) -> None:
    """Tell the other side's administrators. Run from the outbox."""
    link = Distribution.objects.select_related("distributor", "reseller").get(pk=distribution_id)
    other = link.distributor if told_id == link.reseller_id else link.reseller
    notify(
        queries.people_of_partner(told_id, ["admin"]),
        kind="distribution",
        code=code,
        params={"partner": other.name},
        url="/distribution/",
        about=link.public_id,
        dedup=f"{link.public_id} {code}",
        at=at,
    )
