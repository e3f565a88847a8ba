"""Holding a free customer for a few days, while a partner prepares its registration."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest

from common.actor import Actor
from common.audit import record
from common.errors import NotFound, Refused
from common.verdict import Reason, Verdict
from crm.actions import customers as customer_actions
from crm.rules import matching
from deals.actions.checks import preflight
from deals.actions.locks import lock_claims, lock_newcomer, take
from deals.choices.checks import Light
from deals.models import PencilHold, Registration
from deals.queries.calendar import day_of
from deals.queries.claimants import registrar_for
from deals.queries.facts import terms_on
from deals.queries.holds import live_holds
from deals.queries.preflight import look
from deals.rules.preflight import PreflightAnswer, PreflightQuestion, may_hold
from deals.rules.sites import site_span
from deals.rules.terms import Terms


def hold_customer(partner_id: int, question: PreflightQuestion, *, by: Actor, at: datetime) -> PencilHold:
    """Keep the customer for the partner, for the hours of the published terms. What it holds already stays as it is.

    Counts as a check. Refuses what is not green, more than `pencil_count` at once, and a customer that the partner
    held lately. Under the locks of claims: of two who hold one customer at once, one does.
    """
    _is_green(preflight(partner_id, question, by=by, at=at)).or_refuse()
    with transaction.atomic():
        take([f"pencils {partner_id}"])
        customer_ids = _customer_of(partner_id, question, by=by, at=at)
        own = _of_partner(partner_id, question, customer_ids)
        live = own.filter(ends_at__gt=at).order_by("pk").first()
        if live is not None:
            return live
        lock_claims(customer_ids, question.family_ids)
        _is_green(look(partner_id, question, at=at, known_ids=customer_ids).answer).or_refuse()
        terms = terms_on(day_of(at))
        last = own.order_by("-ends_at").values_list("ends_at", flat=True).first()
        held = live_holds(frozenset({partner_id}), at=at)
        may_hold(len(held), last, terms=terms, at=at).or_refuse()
        rows = _rows(partner_id, question, customer_ids, terms=terms, by=by, at=at)
        PencilHold.objects.bulk_create(rows)
        record("pencil.held", on=rows[0], by=by, at=at, partner=partner_id, customers=list(customer_ids))
    return rows[0]


def _is_green(answer: PreflightAnswer) -> Verdict:
    """Why it cannot be held is what the check says, and no more than that."""
    if answer.light == Light.GREEN:
        return Verdict()
    return Verdict((Reason(answer.code, answer.params), Reason("pencil.not_free")))


def _customer_of(partner_id: int, question: PreflightQuestion, *, by: Actor, at: datetime) -> tuple[int, ...]:
    """Every record of the customer; a newcomer becomes one, when no other newcomer can slip in."""
    found = look(partner_id, question, at=at)
    if found.is_newcomer:
        lock_newcomer(matching.keys_of(question.identity))
        found = look(partner_id, question, at=at)
    _is_green(found.answer).or_refuse()
    if found.is_newcomer:
        return (customer_actions.ensure_customer(question.identity, by=by, at=at).pk,)
    return found.customer_ids


def _of_partner(partner_id: int, question: PreflightQuestion, customer_ids: Sequence[int]) -> QuerySet[PencilHold]:
    rows = PencilHold.objects.filter(partner_id=partner_id, customer_id__in=customer_ids)
    return rows.filter(family_ids__overlap=list(question.family_ids), sites__overlap=_sites(question))


def _sites(question: PreflightQuestion) -> NumericRange:
    return NumericRange(*site_span(question.site))


def _rows(
    partner_id: int,
    question: PreflightQuestion,
    customer_ids: Sequence[int],
    *,
    terms: Terms,
    by: Actor,
    at: datetime,
) -> list[PencilHold]:
    """One for each record of the customer, all of them one hold."""
    identity = question.identity
    return [
        PencilHold(
            partner_id=partner_id,
            customer_id=customer_id,
            family_ids=list(question.family_ids),
            sites=_sites(question),
            customer_name=identity.legal_name,
            customer_country=identity.country,
            customer_domain=identity.domain,
            customer_tax_id=identity.tax_id,
            starts_at=at,
            ends_at=at + timedelta(hours=terms.pencil_hours),
            created_by=by.label,
        )
        for customer_id in customer_ids
    ]


def release_hold(public_id: str, *, by: Actor, at: datetime) -> None:
    """Give a hold up: from this instant the customer is free. A hold that is not the actor's is missing (`NotFound`).

    One that has ended is refused.
    """
    with transaction.atomic():
        hold = PencilHold.objects.select_for_update().filter(public_id=public_id).first()
        if hold is None or not registrar_for(by, hold.partner_id, day=day_of(at))[0]:
            raise NotFound("hold")
        if not hold.is_live(at):
            raise Refused((Reason("pencil.over"),))
        _end(PencilHold.objects.filter(partner_id=hold.partner_id, starts_at=hold.starts_at), hold.customer_name, at)
        record("pencil.released", on=hold, by=by, at=at)


def _end(rows: QuerySet[PencilHold], customer_name: str, at: datetime) -> None:
    live = rows.filter(customer_name=customer_name, ends_at__gt=at)
    live.update(ends_at=Greatest("starts_at", Value(at)))


def release_for(registration: Registration, customer_ids: Sequence[int], *, at: datetime) -> None:
    """The registration takes the place of the partner's holds of its customer. One statement."""
    rows = PencilHold.objects.filter(partner_id=registration.partner_id, customer_id__in=list(customer_ids))
    rows.filter(ends_at__gt=at, family_ids__overlap=registration.family_ids).update(
        ends_at=Greatest("starts_at", Value(at))
    )
