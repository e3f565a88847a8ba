"""Registrations as lists, pages and counts."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, DateField, F, Prefetch, Q, Sum, Value
from django.db.models.functions import Coalesce, Upper

from common.actor import Actor
from common.errors import NotFound
from common.verdict import Verdict
from deals.choices.registrations import Event, RegistrationStatus
from deals.models import Registration, RegistrationLine, RegistrationQuerySet
from deals.queries.claimants import may_act_on
from deals.rules import transitions
from deals.rules.permissions import may_act
from partners import rules as partner_rules

PAGE_SIZE = 50
CENT = Decimal("0.01")
SORTS: dict[str, Any] = {
    "newest": F("pk"),
    "customer": Upper("customer_name"),
    "closes": Coalesce("expected_close_on", Value(date.max), output_field=DateField()),
    "value": Coalesce("base_amount", "total_amount"),
}
_LINES = RegistrationLine.objects.annotate(
    product_public_id=F("product__public_id"), family_id=F("product__family_id"), family_code=F("product__family__code")
)
DEFAULT_SORT = "-newest"
_SEE_ALL = ("client", "system")  # of the vendor


def registrations_visible_to(actor: Actor) -> RegistrationQuerySet:
    """A partner's own for its people, and what it registered for others as a distributor, nothing else of theirs.

    For the vendor everything that was ever submitted, drafts for API clients too.
    """
    if actor.is_vendor:
        if not partner_rules.may(actor, "registration.view"):
            return Registration.objects.none()
        if actor.kind in _SEE_ALL:
            return Registration.objects.all()
        return Registration.objects.filter(receipt_number__isnull=False)
    visible = [pk for pk in actor.partner_ids if may_act(actor, "registration.view", pk)]
    return Registration.objects.filter(Q(partner_id__in=visible) | Q(registered_by_id__in=visible))


def may_see(actor: Actor, public_id: str) -> bool:
    """Whether the actor sees such a registration. Not asked of the database for those who see all of them."""
    if actor.is_vendor and actor.kind in _SEE_ALL:
        return bool(partner_rules.may(actor, "registration.view"))
    return registrations_visible_to(actor).filter(public_id=public_id).exists()


def _own(actor: Actor, rows: RegistrationQuerySet) -> RegistrationQuerySet:
    """Without those that a distributor registered for others: by partner an index finds them, by either none does."""
    return rows if actor.is_vendor else rows.filter(partner_id__in=actor.partner_ids)


def find_registration(actor: Actor, public_id: str) -> Registration:
    """The registration, if the actor may see it; otherwise `NotFound`, as if there were none."""
    found = registrations_visible_to(actor).select_related("partner", "customer").filter(public_id=public_id).first()
    if found is None:
        raise NotFound("registration")
    return found


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list that is never counted. `next_cursor` is empty on the last page."""

    rows: list[Registration]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a reader chose. `sort` names one of `SORTS`, with a leading minus for descending; `cursor` is a page's end.

    What is not known counts as not given.
    """

    search: str = ""
    status: str = ""
    sort: str = ""
    cursor: str = ""
    for_others: bool = False  # what the actor registered as a distributor, instead of its own


def registration_list(actor: Actor, *, at: datetime, narrowing: Narrowing = Narrowing()) -> ListPage:
    """The registrations an actor may see, by keyset: any page costs what the first does. One statement."""
    rows = registrations_visible_to(actor).reading_on(at).select_related("partner")
    if narrowing.for_others:
        rows = rows.filter(registered_by_id__in=actor.partner_ids)
    else:
        rows = _own(actor, rows)
    if narrowing.status in RegistrationStatus.values:
        rows = rows.with_status(narrowing.status, at)
    if text := narrowing.search.strip():
        rows = rows.filter(Q(customer_name__icontains=text) | Q(public_id=text.lower()))
    name = narrowing.sort if narrowing.sort.removeprefix("-") in SORTS else DEFAULT_SORT
    descending, column = name.startswith("-"), SORTS[name.removeprefix("-")]
    rows = rows.annotate(sorted_by=column)
    rows = _after(rows, narrowing.cursor, descending=descending)
    sign = "-" if descending else ""
    found = list(rows.order_by(f"{sign}sorted_by", f"{sign}pk")[: PAGE_SIZE + 1])
    more = len(found) > PAGE_SIZE
    return ListPage(found[:PAGE_SIZE], _cursor_of(found[PAGE_SIZE - 1]) if more else "")


def _after(rows: RegistrationQuerySet, cursor: str, *, descending: bool) -> RegistrationQuerySet:
    """The rows that follow the cursor; all of them if it is not one of ours."""
    if not cursor:
        return rows
    beyond = "lt" if descending else "gt"
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(cursor.encode()).replace(b"\\u0000", b""))
        return rows.filter(Q(**{f"sorted_by__{beyond}": value}) | Q(**{"sorted_by": value, f"pk__{beyond}": int(pk)}))
    except (ValueError, TypeError, ValidationError):
        return rows


def _cursor_of(row: Registration) -> str:
    value = row.sorted_by  # type: ignore[attr-defined]
    plain = value if isinstance(value, int) else str(value)
    return base64.urlsafe_b64encode(json.dumps([plain, row.pk]).encode()).decode()


@dataclass(frozen=True, slots=True)
class RegistrationPage:
    """One deal as its page shows it. The verdicts enable the buttons and explain why one is not there."""

    registration: Registration
    status: str
    lines: list[RegistrationLine]
    may_edit: Verdict
    may_submit: Verdict
    may_withdraw: Verdict
    may_close: Verdict
    may_review: Verdict


def registration_page(actor: Actor, public_id: str, *, at: datetime) -> RegistrationPage:
    """The registration with its lines and what the actor may do with it; `NotFound` if invisible. Two statements."""
    registration = find_registration(actor, public_id)
    status = registration.status_on(at)

    may_create = may_act_on(actor, "registration.create", registration, at=at)

    def may(capability: str, event: str) -> Verdict:
        if capability == "registration.create":
            return may_create & transitions.may_happen(event, status)
        return may_act(actor, capability, registration.partner_id) & transitions.may_happen(event, status)

    return RegistrationPage(
        registration=registration,
        status=status,
        lines=lines_of(registration),
        may_edit=may("registration.create", Event.SUBMIT),
        may_submit=may("registration.create", Event.SUBMIT),
        may_withdraw=may("registration.create", Event.WITHDRAW),
        may_close=may("registration.close", Event.LOSE),
        may_review=may("registration.review", Event.REJECT),
    )


def lines_of(registration: Registration) -> list[RegistrationLine]:
    return list(registration.lines.select_related("product__family").order_by("number"))


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line with what it names: its product's public id, the family and its code."""

    number: int
    product_id: int
    product_public_id: str
    family_id: int
    family_code: str
    quantity: int
    amount: Decimal


_READ_LINES = """
    SELECT line.number, product.id, product.public_id, family.id, family.code, line.quantity, line.amount
    FROM deals_registrationline line
    JOIN crm_product product ON product.id = line.product_id
    JOIN crm_productfamily family ON family.id = product.family_id
    WHERE line.registration_id = %s ORDER BY line.number
"""


def read_lines(registration_id: int) -> list[ReadLine]:
    """The registration's lines in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_LINES, [registration_id])
        return [ReadLine(*row) for row in cursor.fetchall()]


def registrations_with_lines(actor: Actor, *, at: datetime) -> RegistrationQuerySet:
    """Visible registrations with partner, customer, lines and products ready, for the API."""
    return _with_lines(registrations_visible_to(actor), at)


def registration_with_lines(public_id: str, *, at: datetime) -> Registration:
    """One registration whoever asks: to answer somebody who has just acted on it."""
    return _with_lines(Registration.objects.all(), at).get(public_id=public_id)


def _with_lines(rows: RegistrationQuerySet, at: datetime) -> RegistrationQuerySet:
    named = rows.annotate(partner_public_id=F("partner__public_id"), customer_public_id=F("customer__public_id"))
    lines = Prefetch("lines", _LINES.order_by("number"), to_attr="read_lines")
    return named.reading_on(at).prefetch_related(lines)


def as_read(registration: Registration, *, customer_public_id: str, at: datetime) -> Registration:
    """One that was just written, with what `registrations_with_lines` reads besides its own columns and lines."""
    registration.current_status = registration.status_on(at)  # type: ignore[attr-defined]
    registration.customer_public_id = customer_public_id or None  # type: ignore[attr-defined]
    return registration


def current_statuses(public_ids: Iterable[str], *, at: datetime) -> dict[str, str]:
    """How these registrations read at the instant, by public id, whoever asks. One statement."""
    rows = Registration.objects.filter(public_id__in=set(public_ids)).reading_on(at)
    return {row.public_id: row.current_status for row in rows.only("public_id", "status", "protected_until")}  # type: ignore[attr-defined]


def counts_by_status(at: datetime) -> dict[str, int]:
    """How many registrations read as each status at the instant; every status but draft is present."""
    counted = Registration.objects.reading_on(at).values("current_status").annotate(count=Count("pk")).order_by()  # type: ignore[misc]
    found = {row["current_status"]: row["count"] for row in counted}
    return {status: found.get(status, 0) for status in RegistrationStatus.values if status != RegistrationStatus.DRAFT}


@dataclass(frozen=True, slots=True)
class StatusTotal:
    """How many registrations read as a status, and their worth in the base currency (drafts have none yet)."""

    count: int = 0
    base_amount: Decimal = Decimal(0)


def totals_by_status(actor: Actor, *, at: datetime) -> dict[str, StatusTotal]:
    """Of the registrations that the actor may see, at the instant; every status is present. One statement."""
    rows = _own(actor, registrations_visible_to(actor)).reading_on(at).values_list("current_status").order_by()  # type: ignore[misc]
    found = {
        row[0]: StatusTotal(row[1], row[2] or Decimal(0)) for row in rows.annotate(Count("pk"), Sum("base_amount"))
    }
    return {status: found.get(status, StatusTotal()) for status in RegistrationStatus.values}
