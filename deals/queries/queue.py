"""What waits for a person's decision: registrations, changes and appeals in one list, by the time that is left."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import CharField, F, Func, OuterRef, Q, QuerySet, SmallIntegerField, Subquery, Value
from django.db.models.functions import Coalesce, NullIf, Upper

from common.actor import Actor
from deals.choices.reviews import Waiting
from deals.models import Appeal, Change, Decision, Registration
from deals.queries.registrations import registrations_visible_to
from partners.queries import Colleague

PAGE_SIZE = 50
MANY = 1000  # how far is counted
SORTS = {"due": "", "value": "base_amount", "customer": "customer_name", "received": "submitted_at"}
DEFAULT_SORT = "due"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reviewer chose to see. Empty: everything.

    `assigned` is the key of a reviewer or `NOBODY`; `least` and `most` bound the value in the base currency, both
    included. `sort` names one of `SORTS`, with a leading minus for descending; `cursor` is a page's end.
    """

    search: str = ""
    kind: str = ""
    partner: str = ""
    family_id: int | None = None
    country: str = ""
    rule: str = ""
    assigned: int | str = ""
    only_late: bool = False
    least: Decimal | None = None
    most: Decimal | None = None
    sort: str = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One thing that waits. `rule` is what sent a registration to review, `dimensions` what a change changes.

    `reviewer`: to whom this very thing is given.
    """

    kind: str
    public_id: str
    due_at: datetime
    registration: Registration
    rule: str = ""
    dimensions: tuple[str, ...] = ()
    reviewer: Colleague | None = None
    escalated_at: datetime | None = None

    @property
    def may_approve_at_once(self) -> bool:
        """Whether it can be approved without opening it: nobody has to say who the customer is."""
        return self.kind == Waiting.REGISTRATION and self.registration.customer_id is not None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some of the queue. `next_cursor` is empty on the last page."""

    rows: list[QueueRow]
    next_cursor: str


def queue_page(wish: Wish, *, at: datetime) -> QueuePage:
    """What waits and is wished for, by keyset: any page costs what the first does. Two statements."""
    found = _found(wish, PAGE_SIZE + 1, at)
    shown = found[:PAGE_SIZE]
    rows = Registration.objects.select_related("partner", "customer")
    deals = rows.in_bulk([place.deal_id for place in shown]) if shown else {}
    return QueuePage(
        rows=[_row(place, deals[place.deal_id]) for place in shown],
        next_cursor=_cursor_of(shown[-1]) if len(found) > PAGE_SIZE else "",
    )


def next_registration(wish: Wish, public_id: str, *, at: datetime) -> str:
    """The public id of the registration that follows in the selection, or of its first; empty if there is no other.

    At most three statements. Ask before the registration is decided: then it still has its place.
    """
    wish = replace(wish, kind=Waiting.REGISTRATION.value, cursor="")
    here = _found(replace(Wish(sort=wish.sort, kind=wish.kind), search=public_id), 1, at)
    cursors = [*(_cursor_of(place) for place in here), ""]
    for cursor in cursors:
        for place in _found(replace(wish, cursor=cursor), 2, at):
            if place.public_id != public_id:
                return place.public_id
    return ""


def registrations_by_public_id(actor: Actor, public_ids: Iterable[str]) -> list[Registration]:
    """Those of them that the actor may see, in the order of their keys. One statement."""
    found = registrations_visible_to(actor).filter(public_id__in=set(public_ids))
    return list(found.select_related("partner").order_by("pk"))


_COUNTS = """
SELECT count(*) FILTER (WHERE TRUE), count(*) FILTER (WHERE due < %(at)s) FROM (
    (SELECT review_due_at AS due FROM deals_registration WHERE status = 'in_review' ORDER BY 1 LIMIT %(many)s)
    UNION ALL (SELECT review_due_at FROM deals_change WHERE status = 'pending' ORDER BY 1 LIMIT %(many)s)
    UNION ALL (SELECT due_at FROM deals_appeal WHERE status = 'open' ORDER BY 1 LIMIT %(many)s)
    ORDER BY 1 LIMIT %(many)s
) waiting
"""


def waiting_counts(at: datetime) -> tuple[int, int]:
    """How much waits, and how much of it is late, counted up to `MANY`. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"at": at, "many": MANY})
        total, late = cursor.fetchone()
    return total, late


class _Place(NamedTuple):
    """One thing in the order of the queue."""

    rank: int
    pk: int
    deal_id: int
    sorted_by: Any
    due_at: datetime
    public_id: str
    note: str
    escalated_at: datetime | None
    reviewer_key: int | None
    reviewer_id: str | None
    reviewer_name: str | None


@dataclass(frozen=True, slots=True)
class _Table:
    """Where one kind of waiting thing is kept. `deal` leads from it to its registration."""

    kind: Waiting
    waiting: QuerySet[Any]
    due: str
    deal: str
    note: Any


def _tables(kind: str) -> Iterator[tuple[int, _Table]]:
    """Those that are wished for, with their rank among equals."""
    latest = Decision.objects.filter(registration=OuterRef("pk")).order_by("-sequence").values("decisive_rule")[:1]
    dimensions = Func(F("dimensions"), Value(","), function="array_to_string", output_field=CharField())
    registrations = Registration.objects.under_review()
    changes, appeals = Change.objects.filter(status="pending"), Appeal.objects.filter(status="open")
    tables = (
        _Table(Waiting.REGISTRATION, registrations, "review_due_at", "", Coalesce(Subquery(latest), Value(""))),
        _Table(Waiting.CHANGE, changes, "review_due_at", "registration__", dimensions),
        _Table(Waiting.APPEAL, appeals, "due_at", "registration__", Value("", output_field=CharField())),
    )
    return ((rank, table) for rank, table in enumerate(tables) if kind in ("", table.kind.value))


def _found(wish: Wish, count: int, at: datetime) -> list[_Place]:
    name = wish.sort if wish.sort.removeprefix("-") in SORTS else DEFAULT_SORT
    tables = [found for found in _tables(wish.kind) if not wish.rule or found[1].kind == Waiting.REGISTRATION]
    parts = [_part(table, rank, name, wish, at)[:count] for rank, table in tables]
    if not parts:
        return []
    sign = "-" if name.startswith("-") else ""
    order = [f"{sign}{column}" for column in ("sorted_by", "rank", "pk")]
    united = parts[0].union(*parts[1:], all=True).order_by(*order) if len(parts) > 1 else parts[0]
    return [_Place(*row) for row in united[:count]]


_REVIEWER = {
    "reviewer_key": F("assigned_to"),
    "reviewer_id": F("assigned_to__public_id"),
    "reviewer_name": Coalesce(
        NullIf("assigned_to__full_name", Value("")), "assigned_to__email", output_field=CharField()
    ),
}


def _part(table: _Table, rank: int, sort: str, wish: Wish, at: datetime) -> QuerySet[Any, Any]:
    """The first of one kind, in the order that is wished for."""
    column = SORTS[sort.removeprefix("-")]
    sorted_by: Any = F(f"{table.deal}{column}" if column else table.due)
    if column == "customer_name":
        sorted_by = Upper(sorted_by)
    rows = table.waiting.filter(_narrowed(table, wish, at)).annotate(
        rank=Value(rank, output_field=SmallIntegerField()),
        deal_key=F(f"{table.deal}id"),
        sorted_by=sorted_by,
        due_on=F(table.due),
        note=table.note,
        **_REVIEWER,
    )
    if wish.rule:
        rows = rows.filter(note=wish.rule)
    descending = sort.startswith("-")
    rows = _after(rows, wish.cursor, rank, descending=descending)
    order = ("-sorted_by", "-pk") if descending else ("sorted_by", "pk")
    named = rows.order_by(*order)
    return named.values_list(
        *("rank", "pk", "deal_key", "sorted_by", "due_on", "public_id", "note", "escalated_at", *_REVIEWER)
    )


def _narrowed(table: _Table, wish: Wish, at: datetime) -> Q:
    deal, found = table.deal, Q()
    if text := wish.search.strip():
        found &= (
            Q(**{f"{deal}customer_name__icontains": text})
            | Q(**{f"{deal}partner__name__icontains": text})
            | Q(**{f"{deal}public_id": text.lower()})
        )
    if wish.family_id is not None:
        found &= Q(**{f"{deal}family_ids__contains": [wish.family_id]})
    if wish.assigned:
        found &= Q(assigned_to=None if wish.assigned == NOBODY else wish.assigned)
    if wish.only_late:
        found &= Q(**{f"{table.due}__lt": at})
    exact = {"partner__public_id": wish.partner, "customer_country": wish.country}
    bounds = {"base_amount__gte": wish.least, "base_amount__lte": wish.most}
    chosen = {name: value for name, value in {**exact, **bounds}.items() if value not in ("", None)}
    return found & Q(**{f"{deal}{name}": value for name, value in chosen.items()})


def _after(rows: QuerySet[Any], cursor: str, rank: int, *, descending: bool) -> QuerySet[Any]:
    """The rows that follow the cursor; all of them if it is not one of ours."""
    if not cursor:
        return rows
    beyond = "lt" if descending else "gt"
    try:
        value, last_rank, pk = json.loads(base64.urlsafe_b64decode(cursor.encode()).replace(b"\\u0000", b""))
        from_there = Q(**{f"sorted_by__{beyond}e": value})  # lets the index begin there
        if rank == int(last_rank):
            behind = Q(**{f"sorted_by__{beyond}": value}) | Q(**{"sorted_by": value, f"pk__{beyond}": int(pk)})
            return rows.filter(from_there & behind)
        is_later = (rank < int(last_rank)) == descending
        return rows.filter(from_there if is_later else Q(**{f"sorted_by__{beyond}": value}))
    except (ValueError, TypeError, ValidationError):
        return rows


def _cursor_of(place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(place.sorted_by), place.rank, place.pk]).encode()).decode()


def _row(place: _Place, deal: Registration) -> QueueRow:
    kind = tuple(Waiting)[place.rank]
    is_change = kind == Waiting.CHANGE
    return QueueRow(
        kind=kind.value,
        public_id=place.public_id,
        due_at=place.due_at,
        registration=deal,
        rule="" if is_change else place.note,
        dimensions=tuple(filter(None, place.note.split(","))) if is_change else (),
        reviewer=_reviewer(place),
        escalated_at=place.escalated_at,
    )


def _reviewer(place: _Place) -> Colleague | None:
    if place.reviewer_key is None:
        return None
    return Colleague(place.reviewer_key, place.reviewer_id or "", place.reviewer_name or "")
