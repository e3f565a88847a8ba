"""Registering many deals at once: each by the same action as one, each once however often it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.actor import Actor
from common.errors import Refused
from common.idempotency import Answer, once
from common.sheets import read_sheet
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from crm import queries as crm_queries
from deals.actions.registrations import register_deal
from deals.choices.checks import Light
from deals.choices.registrations import RegistrationStatus
from deals.queries.calendar import day_of
from deals.queries.claimants import registrar_for
from deals.queries.imports import known_for
from deals.queries.registrations import current_statuses
from deals.rules.drafts import RegistrationDraft, draft_is_complete, draft_is_sound
from deals.rules.import_rows import COLUMNS, MOST_ROWS, ReadRow, columns_are_there, read_rows, row_key
from partners import queries as partner_queries

_LIGHTS = {
    RegistrationStatus.APPROVED: Light.GREEN,
    RegistrationStatus.WON: Light.GREEN,
    RegistrationStatus.REJECTED: Light.RED,
}


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a row: a registration, or why there is none. Repeated, it is what it became the first time."""

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    registration: str = ""  # public id
    status: str = ""
    problems: tuple[Reason, ...] = ()

    @property
    def light(self) -> str:
        """Green if it is protected, red if it was rejected, amber as long as somebody has to look or to answer."""
        return _LIGHTS.get(RegistrationStatus(self.status), Light.AMBER).value if self.status else ""


def preview_rows(content: bytes, *, by: Actor, at: datetime) -> tuple[list[ReadRow], Verdict]:
    """What is wrong with each row of the file, or why it cannot be read at all. Writes nothing."""
    rows, verdict = read_sheet(content, COLUMNS, required=())
    if not verdict:
        return [], verdict
    if len(rows) > MOST_ROWS:
        return [], refusal("import.too_many", limit=MOST_ROWS)
    named = columns_are_there(list(rows[0].cells))
    known = known_for(by, rows, at=at)
    if not named or known is None:
        return [], named if known else refusal("actor.not_permitted")
    return read_rows(rows, known, day_of(at)), ALLOWED


def import_rows(content: bytes, *, by: Actor, at: datetime) -> list[Registered]:
    """Register the good rows of a file, each for itself; the others are left out and say why.

    A row that was imported before is not registered again. Refuses (all reasons) a file that cannot be read.
    """
    rows, verdict = preview_rows(content, by=by, at=at)
    verdict.or_refuse()
    done = [_import_row(row, by=by, at=at) for row in rows]
    return _with_statuses(done, at)


def _import_row(row: ReadRow, *, by: Actor, at: datetime) -> Registered:
    if row.problems:
        return Registered(row.number, row.cells, problems=row.problems)

    def effect() -> Answer:
        if row.is_live:
            refusal("import.is_live", field="customer_name").or_refuse()
        return Answer(201, {"registration": register_deal(row.draft, by=by, at=at).public_id})

    owner = f"partner:{row.draft.partner_id}"
    try:
        answer = once(owner=owner, key=f"deals.import {row.key}", fingerprint=row.key, effect=effect)
    except Refused as refused:
        return Registered(row.number, row.cells, problems=refused.reasons)
    return Registered(row.number, row.cells, answer.body["registration"])


def register_many(
    drafts: Sequence[RegistrationDraft], keys: Sequence[str], *, by: Actor, at: datetime
) -> list[Registered]:
    """Register each draft for itself, in order; `keys` are those under which each is done once.

    Each is a transaction of its own: what one claims is not held up by the others.
    """
    done = []
    for number, (draft, key) in enumerate(zip(drafts, keys, strict=True)):
        done.append(_register(number, draft, key, by=by, at=at))
    return _with_statuses(done, at)


def check_many(drafts: Sequence[RegistrationDraft], *, by: Actor, at: datetime) -> list[tuple[Reason, ...]]:
    """All that stands against each draft before the rules are asked. A fixed number of statements for a client."""
    day = day_of(at)
    products = {
        one.pk for one in crm_queries.product_choices({line.product_id for row in drafts for line in row.lines})
    }
    partners = partner_queries.partner_profiles(row.partner_id for row in drafts)
    rates = crm_queries.rates_on((row.currency, day) for row in drafts)
    found = []
    for draft in drafts:
        known = None if draft.partner_id in partners else Reason("registration.unknown_partner", field="partner")
        rate = Reason("registration.no_rate", {"currency": draft.currency, "day": day.isoformat()}, "currency")
        lines = [
            Reason("registration.unknown_product", field=f"lines[{place}].product")
            for place, line in enumerate(draft.lines)
            if line.product_id not in products
        ]
        permitted = registrar_for(by, draft.partner_id, day=day)[0]
        sound = draft_is_sound(draft) & draft_is_complete(draft, day)
        has_rate = None if (draft.currency, day) in rates else rate
        found.append((permitted & sound & objections([known, has_rate, *lines])).reasons)
    return found


def _register(number: int, draft: RegistrationDraft, key: str, *, by: Actor, at: datetime) -> Registered:
    def effect() -> Answer:
        return Answer(201, {"registration": register_deal(draft, by=by, at=at).public_id})

    try:
        answer = once(owner=by.key, key=key, fingerprint=row_key(draft), effect=effect)
    except Refused as refused:
        return Registered(number, problems=refused.reasons)
    return Registered(number, registration=answer.body["registration"])


def _with_statuses(done: Sequence[Registered], at: datetime) -> list[Registered]:
    """As they read now; one statement for all."""
    statuses = current_statuses([row.registration for row in done if row.registration], at=at)
    return [
        Registered(row.number, row.cells, row.registration, statuses.get(row.registration, ""), row.problems)
        for row in done
    ]
