"""What a change claims anew: judged like any claim, and the registration and its protections moved when it stands.

Locks are taken in the order of `deals.actions.locks`; the registration's row must be locked already.
"""

from copy import copy
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Value
from django.db.models.functions import Greatest

from common.actor import Actor
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions import claims
from deals.actions.claims import Case, Identified, Judged
from deals.actions.registrations import lines_of
from deals.choices.engagement import RuleVerdict
from deals.choices.protections import Dimension
from deals.models import Change, Protection, Registration, RegistrationLine
from deals.rules.changes import CONTENT_FIELDS, Content
from deals.rules.drafts import DraftLine
from deals.rules.engagement import judge
from deals.rules.sites import site_span


def open_change(registration: Registration, change: Change, after: Content, *, at: datetime) -> Case:
    """The registration as it is to be, on the table. It is received when the change was asked for, not before."""
    asked = copy(registration)
    _put(asked, after)
    asked.submitted_at, asked.receipt_number = change.requested_at, None
    return claims.open_case(asked, at=at)


def customer_of(case: Case, change: Change, registration: Registration) -> Identified:
    """Who the customer is: found anew if the change is about that, otherwise as protected."""
    if Dimension.CUSTOMER in change.dimensions:
        return claims.identify(case)
    return _holder(registration)


def settled_customer(
    case: Case, change: Change, registration: Registration, *, customer_id: int | None, by: Actor
) -> Identified:
    """Who the customer is in a manager's eyes: the one named, the one surely known, or a new one unlike the others."""
    if Dimension.CUSTOMER not in change.dimensions:
        return _holder(registration)
    kind, score = claims.SETTLED
    if customer_id is not None:
        if customer_id not in crm_queries.customers_by_ids([customer_id]):
            refusal("registration.unknown_customer", field="customer").or_refuse()
        return Identified((customer_id,), kind, score)
    who = claims.identify(case)
    if who.customer_ids:
        return who
    others = claims.similar_customer_ids(case)
    return claims.create_customer(case, Identified((), kind, score), by=by, distinct_from=others)


def judge_change(
    case: Case, who: Identified, change: Change, registration: Registration, *, by: Actor
) -> tuple[Identified, Judged]:
    """Lock what is claimed anew and judge the change's own dimensions. What is not approved leaves no new customer."""
    with transaction.atomic():
        known = claims.create_customer(case, who, by=by) if who.is_newcomer else who
        judged = look(case, known, change, registration)
        if judged.judgement.verdict == RuleVerdict.APPROVE:
            return known, judged
        transaction.set_rollback(True)
    return who, judged


def look(case: Case, who: Identified, change: Change, registration: Registration) -> Judged:
    """Under the locks of what is claimed anew. What this registration holds itself does not stand against it."""
    _narrow(case.registration, who, registration)
    judged = claims.look_under_lock(case, who)
    others = tuple(held for held in judged.facts.protections if held.registration != registration.public_id)
    facts = replace(judged.facts, dimensions=tuple(change.dimensions), protections=others)
    return replace(judged, facts=facts, judgement=judge(facts, case.rules))


def _holder(registration: Registration) -> Identified:
    """The records of the customer that are protected now."""
    assert registration.protected_until is not None
    live = registration.protections.filter(ends_at=registration.protected_until)
    ids = live.values_list("customer_id", flat=True)
    return Identified(tuple(sorted(set(ids))), registration.match_kind, registration.match_score)


def _narrow(asked: Registration, who: Identified, registration: Registration) -> None:
    """Claim only families that are not held already, unless customer or site are others."""
    held = set(_holder(registration).customer_ids)
    is_same = bool(who.customer_ids) and set(who.customer_ids) <= held and asked.site == registration.site
    asked.family_ids = sorted(set(asked.family_ids) - set(registration.family_ids if is_same else ()))


def apply_change(registration: Registration, after: Content, who: Identified | None, *, at: datetime) -> None:
    """Make the registration what was asked for, and its protections with it, to the same end as before.

    `who` None: the customer stays. Refuses (``change.taken``) what somebody was protected for by a way without locks.
    """
    held = who or _holder(registration)
    old_lines = registration.lines.order_by("number").values_list("product_id", "quantity", "amount")
    lines = [DraftLine(line.product_id, line.quantity, line.amount) for line in after.lines]
    if [DraftLine(*line) for line in old_lines] != lines:
        registration.lines.all().delete()
        RegistrationLine.objects.bulk_create(lines_of(registration, lines))
    _put(registration, after)
    registration.customer_id = held.customer_ids[0]
    registration.match_kind, registration.match_score = held.kind, held.score
    registration.updated_at = at
    registration.save()
    try:
        with transaction.atomic():
            _move_protections(registration, held.customer_ids, at)
    except IntegrityError:
        refusal("change.taken").or_refuse()


def _put(registration: Registration, content: Content) -> None:
    for name in CONTENT_FIELDS:
        setattr(registration, name, getattr(content, name))
    registration.total_amount, registration.base_amount = content.total_amount, content.base_amount
    registration.family_ids = list(content.family_ids)


def _move_protections(registration: Registration, customer_ids: tuple[int, ...], at: datetime) -> None:
    until = registration.protected_until
    assert until is not None
    span = site_span(registration.site)
    wanted = {(customer_id, family_id) for customer_id in customer_ids for family_id in registration.family_ids}
    live = list(registration.protections.filter(ends_at=until))
    kept = {(row.customer_id, row.family_id) for row in live if (row.sites.lower, row.sites.upper) == span} & wanted
    gone = [row.pk for row in live if (row.customer_id, row.family_id) not in kept]
    Protection.objects.filter(pk__in=gone).update(ends_at=Greatest("starts_at", Value(at)))
    Protection.objects.bulk_create(
        Protection(
            registration=registration,
            partner_id=registration.partner_id,
            customer_id=customer_id,
            family_id=family_id,
            sites=NumericRange(*span),
            is_shared=any(row.is_shared for row in live),
            starts_at=at,
            ends_at=until,
        )
        for customer_id, family_id in sorted(wanted - kept)
    )
