"""The score book as a list: what was credited to whom, from what, and what was undone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from common.actor import Actor
from common.errors import NotFound
from common.models import AuditEntry
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.choices.scores import FOLLOWING, METRICS, OF_SALES, SOURCE_KINDS, BookState, MetricUnit
from tiers.models import Metric, ScoreCredit
from tiers.queries.reported import programme_currencies

PAGE_SIZE = 50
MOST_EXPORTED = 100_000
MOST_PARTNERS = 100  # whose name contains the words
REVERSED = "score.reversed"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader chose to see; empty: everything. `partner` is a public id or part of a name, `key` a source's whole
    key, `state` of `BookState`; `cursor` is a page's end."""

    partner: str = ""
    metric: str = ""
    kind: str = ""
    key: str = ""
    state: str = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class BookRow:
    """A credit, or the row that undoes one. `counterpart` is the other of the two; `currency` belongs to money.

    `reason` and `reversed_by` say why and by whom it was undone, if that was by hand.
    """

    credit: ScoreCredit
    metric_name: str
    source_name: str
    currency: str
    counterpart: ScoreCredit | None
    reason: str = ""
    reversed_by: str = ""

    @property
    def is_reversal(self) -> bool:
        return self.credit.reverses_id is not None

    @property
    def state(self) -> BookState:
        undone = BookState.REVERSED if self.counterpart else BookState.STANDING
        return BookState.REVERSAL if self.is_reversal else undone

    @property
    def may_reverse(self) -> bool:
        return self.counterpart is None and self.credit.source_kind not in FOLLOWING


@dataclass(frozen=True, slots=True)
class BookPage:
    """Some of the book, the newest first. `next_cursor` is empty on the last page."""

    rows: list[BookRow]
    next_cursor: str


def credits_visible_to(actor: Actor) -> QuerySet[ScoreCredit]:
    """The whole book for the vendor's staff and programs that may read it, nothing for anybody else."""
    book = ScoreCredit.objects.select_related("partner", "metric", "reverses")
    return book if partner_rules.may(actor, "score.view") else book.none()


def book_page(actor: Actor, wish: Wish, *, day: date) -> BookPage:
    """A page by keyset: any costs what the first does. A fixed number of statements."""
    found = list(_after(narrowed(actor, wish), wish.cursor)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return BookPage(_as_rows(shown, day), _cursor_of(shown[-1]) if len(found) > PAGE_SIZE else "")


def narrowed(actor: Actor, wish: Wish) -> QuerySet[ScoreCredit]:
    """What is wished for, the newest first."""
    book = credits_visible_to(actor)
    if wish.partner:
        book = book.filter(partner_id__in=_partner_ids(actor, wish.partner))
    if wish.metric:
        book = of_metric(book, wish.metric)
    if wish.kind:
        book = book.filter(source_kind=wish.kind)
        if wish.kind not in OF_SALES:
            book = book.exclude(source_kind__in=OF_SALES)  # said again for the index of the other kinds
    if wish.key:
        book = of_source(book, [wish.kind] if wish.kind else SOURCE_KINDS, wish.key)
    return _in_state(book, wish.state).order_by("-recorded_at", "-id")


def _in_state(book: QuerySet[ScoreCredit], state: str) -> QuerySet[ScoreCredit]:
    match state:
        case BookState.REVERSAL:
            return book.filter(reverses__isnull=False)
        case BookState.REVERSED:
            return book.filter(reverses=None, reversals__isnull=False)
        case BookState.STANDING:
            return book.filter(reverses=None, reversals=None)
    return book


def _partner_ids(actor: Actor, words: str) -> list[int]:
    """That partner, or those whose name contains the words."""
    exact = partner_queries.partner_id_by_public_id(words)
    if exact is not None:
        return [exact]
    named = partner_queries.narrowed_partners(partner_queries.partners_visible_to(actor), words=words)
    return list(named.values_list("pk", flat=True)[:MOST_PARTNERS])


def of_metric(book: QuerySet[ScoreCredit], code: str) -> QuerySet[ScoreCredit]:
    """By its key, so that the order needs no sorting. One statement."""
    metric = Metric.objects.filter(code=code).first()
    return book.filter(metric_id=metric.pk) if metric else book.none()


def of_source(book: QuerySet[ScoreCredit], kinds: Iterable[str], key: str) -> QuerySet[ScoreCredit]:
    """What a source of one of these kinds was credited, and what undid it. Two statements."""
    originals = ScoreCredit.objects.filter(source_kind__in=list(kinds), source_key=key, reverses=None)
    ids = list(originals.values_list("pk", flat=True))
    return book.filter(pk__in=[*ids, *ScoreCredit.objects.filter(reverses_id__in=ids).values_list("pk", flat=True)])


class _Position(msgspec.Struct, array_like=True, frozen=True):
    at: datetime
    pk: int


def _cursor_of(credit: ScoreCredit) -> str:
    return msgspec.json.encode(_Position(credit.recorded_at, credit.pk)).hex()


def _after(book: QuerySet[ScoreCredit], cursor: str) -> QuerySet[ScoreCredit]:
    """What follows a page's end; what is no cursor is the beginning."""
    try:
        place = msgspec.json.decode(bytes.fromhex(cursor), type=_Position)
    except ValueError:  # of the digits or of msgspec
        return book
    if place.at.tzinfo is None or not 1970 <= place.at.year < 9999 or not 0 <= place.pk < 2**63:
        return book
    earlier = Q(recorded_at__lt=place.at) | Q(recorded_at=place.at, pk__lt=place.pk)
    return book.filter(recorded_at__lte=place.at).filter(earlier)


def _as_rows(credits: list[ScoreCredit], day: date) -> list[BookRow]:
    """With what undid them, why and by whom, and the currencies: three statements."""
    undoing = {row.reverses_id: row for row in ScoreCredit.objects.filter(reverses_id__in=[row.pk for row in credits])}
    currencies = programme_currencies({row.partner_id for row in credits}, day=day)
    originals = {row.reverses_id or row.pk for row in credits}
    said = _said_of(originals)
    found = []
    for credit in credits:
        entry = said.get(str(credit.reverses_id or credit.pk))
        found.append(
            BookRow(
                credit=credit,
                metric_name=metric_name(credit.metric),
                source_name=str(SOURCE_KINDS.get(credit.source_kind, credit.source_kind)),
                currency=_currency(credit, currencies),
                counterpart=credit.reverses or undoing.get(credit.pk),
                reason=entry.facts["reason"] if entry else "",
                reversed_by=entry.actor_label if entry else "",
            )
        )
    return found


def _said_of(credit_ids: Iterable[int]) -> dict[str, AuditEntry]:
    about = {"subject_kind": ScoreCredit._meta.label_lower, "subject_id__in": [str(pk) for pk in credit_ids]}
    return {entry.subject_id: entry for entry in AuditEntry.objects.filter(event=REVERSED, **about)}


def _currency(credit: ScoreCredit, currencies: dict[int, str]) -> str:
    is_money = credit.metric.unit == MetricUnit.MONEY
    return currencies.get(credit.partner_id, settings.BASE_CURRENCY) if is_money else ""


def metric_name(metric: Metric) -> str:
    """Those of the program in the reader's language."""
    return str(METRICS.get(metric.code, (metric.name,))[0])


BOOK_COLUMNS = (
    *("partner", "partner_name", "metric", "amount", "valid_from", "valid_until", "source", "source_key", "label"),
    *("holder", "recorded_at", "kind"),
)


def book_cells(book: QuerySet[ScoreCredit]) -> Iterator[tuple[Any, ...]]:
    """The lines of a file, at most `MOST_EXPORTED`."""
    columns = book.annotate(partner_name=F("partner__name")).values_list(
        *("partner__public_id", "partner_name", "metric__code", "amount", "valid_from", "valid_until"),
        *("source_kind", "source_key", "label", "holder", "recorded_at", "reverses_id"),
    )
    for *cells, recorded_at, reverses_id in columns[:MOST_EXPORTED].iterator(chunk_size=2000):
        shown = ["" if cell is None else cell for cell in cells]
        yield (*shown, recorded_at.isoformat(), _("Reversal") if reverses_id else _("Credit"))


@dataclass(frozen=True, slots=True)
class SourcePage:
    """All that one source was credited, for whoever is about to undo it."""

    kind: str
    key: str
    rows: list[BookRow]

    @property
    def standing_count(self) -> int:
        return sum(row.counterpart is None for row in self.rows)


def source_page(actor: Actor, kind: str, key: str, *, day: date) -> SourcePage:
    """`NotFound` for whoever may not read the book, and if nothing was ever credited."""
    found = credits_visible_to(actor).filter(source_kind=kind, source_key=key, reverses=None).order_by("pk")
    credits = list(found[: PAGE_SIZE * 20])
    if not credits:
        raise NotFound(key)
    return SourcePage(kind, key, _as_rows(credits, day))
