"""The lists that the rules of engagement look at: who may see what of them, as pages, values and files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from django_countries import countries

from common.actor import SYSTEM, Actor
from common.audit import entries_about
from common.errors import NotFound
from common.period import Period
from common.sheets import SheetRow
from common.writing import written_day
from crm import queries as crm_queries
from crm.rules.facts import CustomerFacts
from crm.rules.matching import CustomerIdentity
from deals.choices.policies import EVENTS, PolicyKind, Validity
from deals.models import Authorisation, BlockedCustomer, ExclusiveGrant, Holiday, NamedAccount
from deals.rules import policies as rules
from deals.rules.policies import ENTRIES, AnyEntry, Held
from deals.rules.policy_rows import Known, Written
from partners import queries as partner_queries

MODELS: dict[str, type[Model]] = {
    PolicyKind.NAMED_ACCOUNTS: NamedAccount,
    PolicyKind.BLOCKED_CUSTOMERS: BlockedCustomer,
    PolicyKind.EXCLUSIVE_GRANTS: ExclusiveGrant,
    PolicyKind.AUTHORISATIONS: Authorisation,
    PolicyKind.HOLIDAYS: Holiday,
}
OF_CUSTOMERS = (PolicyKind.NAMED_ACCOUNTS, PolicyKind.BLOCKED_CUSTOMERS)
OF_PARTNERS = (PolicyKind.EXCLUSIVE_GRANTS, PolicyKind.AUTHORISATIONS)
FOUND_CUSTOMERS = 8


def _with_subjects(kind: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = MODELS[kind]._default_manager.all()
    if kind in OF_CUSTOMERS:
        return rows.select_related("customer")
    return rows.select_related("partner", "family") if kind in OF_PARTNERS else rows


def policies_visible_to(actor: Actor, kind: str) -> QuerySet[Any]:
    """All for the vendor's channel; for a partner's people the published list of named accounts, and of grants and
    authorisations their own. Nobody else's, and of blocked customers nothing."""
    rows = _with_subjects(kind)
    if rules.may_view(actor):
        return rows
    if actor.partner_ids and kind == PolicyKind.NAMED_ACCOUNTS:
        return rows
    return rows.filter(partner_id__in=actor.partner_ids) if kind in OF_PARTNERS else rows.none()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of a list is wanted: words in it, how it stands on the day, and ``name`` or ``start`` to sort by."""

    words: str = ""
    validity: str = ""
    sort: str = ""


def policy_list(actor: Actor, kind: str, narrowing: Narrowing, *, day: date) -> QuerySet[Any]:
    rows = policies_visible_to(actor, kind)
    if narrowing.words:
        rows = rows.filter(_holds_words(kind, narrowing.words))
    if narrowing.validity:
        rows = rows.filter(stands(kind, narrowing.validity, day))
    start = "on" if kind == PolicyKind.HOLIDAYS else "starts_on"
    by: Any = F(start) if narrowing.sort.removeprefix("-") == "start" else Upper(_name_of(kind))
    return rows.order_by(by.desc() if narrowing.sort.startswith("-") else by.asc(), start, "pk")


def _name_of(kind: str) -> str:
    if kind in OF_CUSTOMERS:
        return "customer__legal_name"
    return "partner__name" if kind in OF_PARTNERS else "name"


def _holds_words(kind: str, words: str) -> Q:
    holds = Q(**{f"{_name_of(kind)}__icontains": words})
    if kind == PolicyKind.HOLIDAYS:
        return holds
    if kind in OF_PARTNERS:
        holds |= Q(segment__icontains=words) | Q(family__name__icontains=words) | Q(countries__contains=[words.upper()])
        return holds | Q(note__icontains=words)
    return holds | Q(customer__external_id=words) | Q(note__icontains=words)


def stands(kind: str, validity: str, day: date) -> Q:
    """Rows that stand so on the day."""
    if kind == PolicyKind.HOLIDAYS:
        return {Validity.LIVE: Q(on=day), Validity.ENDED: Q(on__lt=day)}.get(Validity(validity), Q(on__gt=day))
    open_or_later = Q(ends_on=None) | Q(ends_on__gt=day)
    if validity == Validity.LIVE:
        return Q(starts_on__lte=day) & open_or_later
    return Q(ends_on__lte=day) if validity == Validity.ENDED else Q(starts_on__gt=day)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One entry as a page shows it. `subject` is a customer's or partner's name, or the name of a holiday."""

    public_id: str
    subject: str
    country: str  # of a customer
    row: Any
    starts_on: date
    last_day: date | None
    validity: Validity


def policy_rows(kind: str, rows: Iterable[Any], *, day: date) -> list[PolicyRow]:
    return [_row(kind, row, day) for row in rows]


def _row(kind: str, row: Any, day: date) -> PolicyRow:
    if kind == PolicyKind.HOLIDAYS:
        ends_on = row.on + timedelta(days=1)
        return PolicyRow(_id(row), row.name, "", row, row.on, row.on, rules.validity_on(row.on, ends_on, day))
    subject, country = (
        (row.customer.legal_name, row.customer.country) if kind in OF_CUSTOMERS else (row.partner.name, "")
    )
    last_day = Period(row.starts_on, row.ends_on).last_day
    validity = rules.validity_on(row.starts_on, row.ends_on, day)
    return PolicyRow(row.public_id, subject, country, row, row.starts_on, last_day, validity)


def _id(row: Any) -> str:
    return row.on.isoformat() if isinstance(row, Holiday) else str(row.public_id)


def find_row(kind: str, rows: QuerySet[Any], public_id: str) -> Any:
    """The row of this outside id; a holiday's is its day. `NotFound` if it is none of these."""
    if kind == PolicyKind.HOLIDAYS:
        try:
            found = rows.filter(on=date.fromisoformat(public_id)).first()
        except ValueError:
            found = None
    else:
        found = rows.filter(public_id=public_id).first()
    if found is None:
        raise NotFound(kind)
    return found


def live_counts(day: date) -> dict[PolicyKind, int]:
    """How many entries of each list are in force on the day; of holidays how many are still to come."""
    wanted = {kind: Validity.ANNOUNCED if kind == PolicyKind.HOLIDAYS else Validity.LIVE for kind in PolicyKind}
    return {kind: _with_subjects(kind).filter(stands(kind, wanted[kind], day)).count() for kind in PolicyKind}


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    title: Any
    text: str
    actor: str
    icon: str
    colour: str


def history_of(row: Any) -> list[Happening]:
    """What was done to an entry, newest first, from the audit entries."""
    return [_happening(found) for found in entries_about(row)][::-1]


def _happening(found: Any) -> Happening:
    title, icon, colour = EVENTS[found.event.rpartition(".")[2]]
    ends_on = found.facts.get("ends_on")
    last_day = date.fromisoformat(ends_on) - timedelta(days=1) if ends_on else None
    text = _("Last day: %(day)s") % {"day": written_day(last_day)} if last_day else found.facts.get("note", "")
    return Happening(found.at, title, text, found.actor_label, icon, colour)


# As values


def entry_of_row(kind: str, row: Any) -> AnyEntry:
    entry_type: Any = ENTRIES[kind]
    values = {field.name: getattr(row, field.name) for field in fields(entry_type)}
    entry: AnyEntry = entry_type(**{name: tuple(of) if isinstance(of, list) else of for name, of in values.items()})
    return entry


def held_of_row(kind: str, row: Any) -> Held:
    partner = row.partner.name if kind in OF_PARTNERS else ""
    return Held(_id(row), entry_of_row(kind, row), partner)


def held_entries(kind: str) -> list[Held]:
    """Everything on the list, ended entries too. One statement."""
    return [held_of_row(kind, row) for row in _with_subjects(kind).order_by("pk")]


def written_rows(kind: str, rows: QuerySet[Any]) -> Iterator[Written]:
    """The list as its file has it."""
    for row in rows.iterator(chunk_size=500):
        entry = entry_of_row(kind, row)
        if kind in OF_CUSTOMERS:
            yield Written(entry, row.customer.public_id, row.customer.legal_name)
        elif kind in OF_PARTNERS:
            yield Written(entry, row.partner.public_id, row.partner.name, row.family.code if row.family else "")
        else:
            yield Written(entry)


# What entries may name


def known_to(sheet: Sequence[SheetRow]) -> Known:
    """Keys of everything that the rows may mean; three statements however many they are."""

    def cells(column: str) -> set[str]:
        return {row.cells.get(column, "") for row in sheet} - {""}

    wanted = cells("customer")
    customers = crm_queries.customers_visible_to(SYSTEM).filter(Q(public_id__in=wanted) | Q(external_id__in=wanted))
    found: dict[str, int] = {}
    for pk, public_id, external_id in customers.values_list("pk", "public_id", "external_id"):
        found |= {public_id.lower(): pk} | ({external_id.lower(): pk} if external_id else {})
    return Known(
        customers=found,
        partners=partner_queries.partner_ids_by_public_id({text.lower() for text in cells("partner")}),
        families={family.code.lower(): family.pk for family in crm_queries.families()},
        countries=country_codes(),
    )


def country_codes() -> frozenset[str]:
    return frozenset(code for code, _country in countries)


def customers_found(actor: Actor, words: str) -> list[CustomerFacts]:
    """Known customers that somebody of the vendor may mean by an id, a web address, a tax id or a name; surest first.

    None for anybody else, who must not learn which companies we know.
    """
    words = words.strip()[:200]
    if not words or not rules.may_view(actor):
        return []
    named = crm_queries.customers_visible_to(actor).filter(Q(public_id=words) | Q(external_id=words), merged_into=None)
    found = crm_queries.customers_by_ids(named.values_list("pk", flat=True))
    if not found:
        identity = CustomerIdentity(legal_name=words, country="", domain=words if "." in words else "", tax_id=words)
        candidates = crm_queries.customer_candidates(identity, limit=FOUND_CUSTOMERS)
        found = {candidate.customer.pk: candidate.customer for candidate in candidates}
    if len(found) < FOUND_CUSTOMERS:
        like = crm_queries.customers_visible_to(actor).filter(legal_name__icontains=words, merged_into=None)
        more = like.exclude(pk__in=found).values_list("pk", flat=True)[: FOUND_CUSTOMERS - len(found)]
        found |= crm_queries.customers_by_ids(more)
    return list(found.values())


# What everybody may read


@dataclass(frozen=True, slots=True)
class NamedCustomer:
    """A customer on the published list. `is_announced`: it is not in force yet."""

    legal_name: str
    country: str
    period: Period
    is_announced: bool


def named_customers(day: date) -> list[NamedCustomer]:
    """The published direct-only list as it stands on the day, with what is announced, by name."""
    current = NamedAccount.objects.filter(Q(ends_on=None) | Q(ends_on__gt=day))
    rows = current.order_by("customer__legal_name", "starts_on", "pk").values_list(
        "customer__legal_name", "customer__country", "starts_on", "ends_on"
    )
    return [
        NamedCustomer(name, country, Period(starts_on, ends_on), is_announced=starts_on > day)
        for name, country, starts_on, ends_on in rows
    ]


def own_rights(actor: Actor, kind: str, *, day: date) -> list[PolicyRow]:
    """The grants or authorisations of the actor's own partners that have not ended, soonest first."""
    if not actor.partner_ids or kind not in OF_PARTNERS:
        return []
    rows = _with_subjects(kind).filter(Q(ends_on=None) | Q(ends_on__gt=day), partner_id__in=actor.partner_ids)
    return policy_rows(kind, rows.order_by("starts_on", "pk"), day=day)
