"""Overrides and freezes as a list, a file and pages for the vendor's channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Case, CharField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from common.actor import Actor
from common.audit import entries_about
from common.verdict import Verdict, refusal
from common.writing import written_day
from partners import rules as partner_rules
from tiers.choices.overrides import OVERLAY_EVENTS, OverlayKind, OverlayState
from tiers.choices.standings import OverrideStatus
from tiers.models import Freeze, Override
from tiers.queries.overrides import (
    ONE_DAY,
    day_of,
    find_freeze,
    find_override,
    freezes_visible_to,
    held_level,
    overrides_visible_to,
)
from tiers.rules import ladder
from tiers.rules import overrides as rules

_K, _S = OverlayKind, OverlayState


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of the list is wanted: words in the partner's name or the reason, a kind, a state, a level's code; sorted
    by ``partner`` or ``start``, with a minus before it the other way round, else what waits first."""

    q: str = ""
    kind: str = ""
    state: str = ""
    level: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class OverlayRow:
    """An override or a freeze as lists show it; of a freeze `level_code` and `level_name` are empty."""

    kind: str
    public_id: str
    partner_name: str
    partner_public_id: str
    level_code: str
    level_name: str
    starts_on: date
    ends_on: date
    state: str
    reason: str
    by: str
    made_at: datetime

    @property
    def last_day(self) -> date | None:
        """None: it ended before it began."""
        return self.ends_on - ONE_DAY if self.ends_on > self.starts_on else None

    @property
    def state_label(self) -> Any:
        return OverlayState(self.state).label

    @property
    def kind_label(self) -> Any:
        return OverlayKind(self.kind).label


_COLUMNS = (
    *("kind", "public_id", "partner_name", "partner_public_id", "level_code", "level_name", "starts_on", "ends_on"),
    *("state", "reason", "made_by", "made_at"),
)
_PLACES = {state.value: place for place, state in enumerate(OverlayState)}


def overlay_list(actor: Actor, narrowing: Narrowing, *, day: date) -> QuerySet[Any, Any]:
    """Overrides and freezes that the actor may see, as they stand on the day, for `overlay_rows`. One statement."""
    given = overrides_visible_to(actor).annotate(
        kind=Value(_K.OVERRIDE.value),
        level_code=F("level__code"),
        level_name=F("level__name"),
        state=_state_of_overrides(day),
        made_by=F("requested_label"),
        made_at=F("requested_at"),
    )
    frozen = freezes_visible_to(actor).annotate(
        kind=Value(_K.FREEZE.value),
        level_code=Value("", CharField()),
        level_name=Value("", CharField()),
        state=_state_of_agreed(day),
        made_by=F("set_by"),
        made_at=F("set_at"),
    )
    found = [_narrowed(rows, narrowing) for rows in (given, frozen)]
    united: QuerySet[Any, Any] = found[0].union(found[1], all=True)
    return united.order_by(*_order(narrowing.sort))


def _narrowed(rows: QuerySet[Any], narrowing: Narrowing) -> QuerySet[Any, Any]:
    wanted = {"kind": narrowing.kind, "state": narrowing.state, "level_code": narrowing.level}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if narrowing.q:
        rows = rows.filter(Q(partner__name__icontains=narrowing.q) | Q(reason__icontains=narrowing.q))
    cases = [When(state=state, then=Value(place)) for state, place in _PLACES.items()]
    placed = rows.annotate(
        partner_name=F("partner__name"),
        partner_public_id=F("partner__public_id"),
        place=Case(*cases, output_field=IntegerField()),
        sort_name=Upper("partner__name"),
    )
    named: QuerySet[Any, Any] = placed.values_list(*_COLUMNS, "place", "sort_name")
    return named


def _order(sort: str) -> tuple[str, ...]:
    column = {"partner": "sort_name", "start": "starts_on"}.get(sort.removeprefix("-"))
    if column is None:
        return ("place", "-starts_on", "public_id")
    return (f"-{column}" if sort.startswith("-") else column, "place", "public_id")


def _state_of_agreed(day: date) -> Case:
    """`rules.state_on`, in the database."""
    return Case(
        When(Q(ends_on__lte=day) | Q(ends_on__lte=F("starts_on")), then=Value(_S.ENDED.value)),
        When(starts_on__lte=day, then=Value(_S.LIVE.value)),
        default=Value(_S.ANNOUNCED.value),
        output_field=CharField(),
    )


def _state_of_overrides(day: date) -> Case:
    """`rules.override_state`, in the database."""
    return Case(
        When(status=OverrideStatus.APPROVED, then=_state_of_agreed(day)),
        When(status=OverrideStatus.REQUESTED, ends_on__gt=day, then=Value(_S.WAITING.value)),
        When(status=OverrideStatus.REQUESTED, then=Value(_S.LAPSED.value)),
        default=F("status"),
        output_field=CharField(),
    )


def overlay_rows(found: Any) -> list[OverlayRow]:
    """Of a part of `overlay_list`."""
    return [OverlayRow(*row[: len(_COLUMNS)]) for row in found]


OVERLAY_COLUMNS = (
    *("kind", "id", "partner", "partner_name", "level", "first_day", "last_day", "status", "reason", "by", "at"),
)


def overlay_cells(found: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    """The list as a file has it: days and instants in ISO 8601."""
    for row in overlay_rows(found.iterator()):
        yield (
            *(row.kind, row.public_id, row.partner_public_id, row.partner_name, row.level_code, row.starts_on),
            *(row.last_day or "", row.state, row.reason, row.by, row.made_at.isoformat()),
        )


def levels_in_use() -> list[tuple[str, str]]:
    """Codes and names of the levels that overrides give, for filters."""
    pairs = Override.objects.order_by("level__rank").values_list("level__code", "level__name")
    return list(dict(pairs).items())


def waiting_count(day: date) -> int:
    """How many requests wait for a second person."""
    return Override.objects.filter(status=OverrideStatus.REQUESTED, ends_on__gt=day).count()


# Pages


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    title: Any
    text: str
    actor: str
    icon: str
    colour: str


@dataclass(frozen=True, slots=True)
class OverridePage:
    """An override with the level that the ladder gives on the day it is about, and what this reader may do."""

    override: Override
    state: OverlayState
    day: date  # of the comparison: today, or the first day if it has not begun, or the last if it is over
    held: ladder.Level
    given: ladder.Level
    may_decide: Verdict
    may_withdraw: Verdict
    may_stop: Verdict
    counts_from: date
    timeline: list[Happening]

    @property
    def last_day(self) -> date | None:
        row = self.override
        return row.ends_on - ONE_DAY if row.ends_on > row.starts_on else None


def override_page(actor: Actor, public_id: str, *, at: datetime) -> OverridePage:
    """One visible override as it stands at this instant."""
    row, today = find_override(actor, public_id), day_of(at)
    day = min(max(today, row.starts_on), max(row.ends_on - ONE_DAY, row.starts_on))
    programme, held = held_level(row.partner_id, day)
    given = next((level for level in programme.levels if level.code == row.level.code), None)
    state = rules.override_state(row.status, row.starts_on, row.ends_on, today)
    request = rules.Request(row.status, row.ends_on, row.requested_by_id)
    return OverridePage(
        override=row,
        state=state,
        day=day,
        held=held,
        given=given or programme.level_of_rank(programme.rank_of(row.level.code, otherwise=row.level.rank)),
        may_decide=partner_rules.may(actor, "tier.override_approve")
        & rules.may_decide(request, by=actor.user_id, day=today),
        may_withdraw=partner_rules.may(actor, "tier.override")
        & rules.may_withdraw(request, by=actor.user_id, day=today),
        may_stop=may_stop_override(actor, row, today),
        counts_from=rules.counts_from(row.starts_on, today),
        timeline=_timeline(row, row.status == OverrideStatus.APPROVED, today),
    )


def may_stop_override(actor: Actor, row: Override, day: date) -> Verdict:
    """Whoever may ask or decide may end what was approved."""
    asks, decides = (partner_rules.may(actor, name) for name in ("tier.override", "tier.override_approve"))
    allowed = asks if asks or not decides else decides
    if row.status != OverrideStatus.APPROVED:
        return allowed & refusal("override.over")
    return allowed & rules.may_stop(row.starts_on, row.ends_on, day)


@dataclass(frozen=True, slots=True)
class FreezePage:
    freeze: Freeze
    state: OverlayState
    may_stop: Verdict
    timeline: list[Happening]

    @property
    def last_day(self) -> date | None:
        row = self.freeze
        return row.ends_on - ONE_DAY if row.ends_on > row.starts_on else None


def freeze_page(actor: Actor, public_id: str, *, at: datetime) -> FreezePage:
    """One visible freeze as it stands at this instant."""
    row, today = find_freeze(actor, public_id), day_of(at)
    return FreezePage(
        freeze=row,
        state=rules.state_on(row.starts_on, row.ends_on, today),
        may_stop=partner_rules.may(actor, "tier.override") & rules.may_stop(row.starts_on, row.ends_on, today),
        timeline=_timeline(row, is_agreed=True, day=today),
    )


def _timeline(row: Override | Freeze, is_agreed: bool, day: date) -> list[Happening]:
    """What was done, from the audit entries, and that it began and ran out by itself. Newest first."""
    entries = list(entries_about(row))
    happened = [_happening(entry) for entry in entries]
    if is_agreed and row.starts_on < row.ends_on:
        agreed_at = row.decided_at if isinstance(row, Override) else row.set_at
        assert agreed_at is not None
        if row.starts_on <= day:
            happened.append(_by_itself(max(_midnight(row.starts_on), agreed_at), _("Began")))
        if row.ends_on <= day and not any(entry.event.endswith(".ended") for entry in entries):
            happened.append(_by_itself(_midnight(row.ends_on), _("Ran out")))
    return sorted(happened, key=lambda one: one.at)[::-1]


def _happening(entry: Any) -> Happening:
    title, icon, colour = OVERLAY_EVENTS[entry.event]
    return Happening(entry.at, title, " ".join(_texts(entry)), entry.actor_label, icon, colour)


def _texts(entry: Any) -> Iterator[str]:
    facts = entry.facts
    if entry.event.endswith(".ended"):
        starts_on, ends_on = (date.fromisoformat(facts[name]) for name in ("starts_on", "ends_on"))
        last_day = {"day": written_day(ends_on - ONE_DAY)}
        yield _("Its last day is %(day)s.") % last_day if starts_on < ends_on else _("It never begins.")
    elif "before" in facts:
        yield _("It begins with the approval, on %(day)s.") % {
            "day": written_day(date.fromisoformat(facts["starts_on"]))
        }
    yield facts.get("words", "")


def _by_itself(at: datetime, title: str) -> Happening:
    return Happening(at, title, "", "", "calendar", "secondary")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
