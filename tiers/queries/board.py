"""The tier board: every partner with its level, its next one and what threatens it."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tiers.queries.distribution import Summary, summary_of
from tiers.queries.losses import losing_partners, losses_of
from tiers.queries.rising import rising_partner_ids
from tiers.queries.rungs import Rungs, rungs_on
from tiers.queries.scores import rows, scores_on
from tiers.rules import board, ladder

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 500
REVENUE: ladder.Measure = ("channel_revenue", "trailing_12_months")
NEVER = date(9999, 12, 31)  # sorts what has no day

# What is sorted by, and how a cursor's text is read back.
SORTS = {
    "name": ("partner.name", "text"),
    "level": ("coalesce(place.rank, 0)", "bigint"),
    "since": (f"coalesce(standing.starts_on, '{NEVER}')", "date"),
    "revenue": ("coalesce(revenue.units, 0)", "bigint"),
    "risk": (f"coalesce(notice.effective_on, loss.lost_on, '{NEVER}')", "date"),
}
DEFAULT_SORT = "name"
_ON_DAY = "{0}.starts_on <= %(day)s AND {0}.ends_on > %(day)s"
_OPEN_NOTICE = "notice.given_on <= %(day)s AND (notice.closed_on IS NULL OR notice.closed_on > %(day)s)"
_OVERRIDE = f"given.status = 'approved' AND {_ON_DAY.format('given')}"
_FREEZE = _ON_DAY.format("frozen")
SHOWS = {
    "rises": "partner.id = ANY(%(rising)s)",
    "at_risk": "(notice.effective_on IS NOT NULL OR loss.lost_on IS NOT NULL)",
    "notice": "notice.effective_on IS NOT NULL",
    "overridden": f"EXISTS (SELECT FROM tiers_override given WHERE given.partner_id = partner.id AND {_OVERRIDE})",
    "frozen": f"EXISTS (SELECT FROM tiers_freeze frozen WHERE frozen.partner_id = partner.id AND {_FREEZE})",
}
_STANDING = """
tiers_standing standing ON standing.partner_id = partner.id AND standing.starts_on <= %(day)s
     AND (standing.ends_on IS NULL OR standing.ends_on > %(day)s)
"""
_PLACE = "unnest(%(levels)s::bigint[], %(ranks)s::int[]) AS place(level_id, rank) ON place.level_id = standing.level_id"
_NOTICES = f"""
(SELECT partner_id, min(effective_on) AS effective_on FROM tiers_demotionnotice notice WHERE {_OPEN_NOTICE}
 GROUP BY partner_id) notice ON notice.partner_id = partner.id
"""  # noqa: S608 - the part is ours
_LOSSES = (
    "unnest(%(losing)s::bigint[], %(lost_on)s::date[]) AS loss(partner_id, lost_on) ON loss.partner_id = partner.id"
)
_REVENUE = """
(SELECT partner_id, sum(units)::bigint AS units FROM tiers_scorecredit
 WHERE metric_id = (SELECT id FROM tiers_metric WHERE code = %(revenue_metric)s)
   AND valid_from >= %(revenue_from)s AND valid_from <= %(day)s
   AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
 GROUP BY partner_id) revenue ON revenue.partner_id = partner.id
"""
_FACTS = f"""
SELECT partner.id, partner.public_id, partner.name, partner.status,
       coalesce(nullif(person.full_name, ''), person.email),
       standing.level_id, standing.starts_on, given.level_id, given.ends_on - 1, frozen.ends_on - 1,
       notice.level_id, notice.given_on, notice.effective_on, review.level_id, review.business_date, coming.level_id
FROM unnest(%(partners)s::bigint[]) WITH ORDINALITY AS wanted(id, number)
JOIN partners_partner partner ON partner.id = wanted.id
LEFT JOIN partners_user person ON person.id = partner.account_manager_id
LEFT JOIN {_STANDING}
LEFT JOIN tiers_override given ON given.partner_id = partner.id AND {_OVERRIDE}
LEFT JOIN tiers_freeze frozen ON frozen.partner_id = partner.id AND {_FREEZE}
LEFT JOIN tiers_standing coming ON coming.partner_id = partner.id AND coming.starts_on = %(day)s + 1
LEFT JOIN LATERAL (
    SELECT level_id, given_on, effective_on FROM tiers_demotionnotice notice
    WHERE notice.partner_id = partner.id AND {_OPEN_NOTICE} ORDER BY effective_on, id LIMIT 1
) notice ON TRUE
LEFT JOIN LATERAL (
    SELECT level_id, business_date FROM tiers_review review
    WHERE review.partner_id = partner.id AND business_date <= %(day)s ORDER BY business_date DESC LIMIT 1
) review ON TRUE
ORDER BY wanted.number
"""  # noqa: S608 - the parts are ours


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader chose. Empty: everything.

    `level` is a level's code, `show` one of `SHOWS`, `manager_id` whose partners; `sort` names one of `SORTS`, with a
    leading minus for descending; `cursor` is a page's end. What is not known counts as not given.
    """

    search: str = ""
    level: str = ""
    show: str = ""
    manager_id: int | None = None
    sort: str = ""
    cursor: str = ""

    @property
    def column(self) -> str:
        name = self.sort.removeprefix("-")
        return name if name in SORTS else DEFAULT_SORT

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-") and self.sort.removeprefix("-") in SORTS


@dataclass(frozen=True, slots=True)
class Given:
    """A level that lies over the one held, and its last day."""

    code: str
    name: str
    last_day: date


@dataclass(frozen=True, slots=True)
class Row:
    """One partner on the day. `held` and what rests on it are None before its first review.

    `computed` is what the last review found, None if it found not even the entry level. `revenue` is that of the last
    twelve months in `currency`, None without any.
    """

    public_id: str
    name: str
    status: str
    manager: str
    held: ladder.Level | None
    since: date | None
    override: Given | None
    frozen_until: date | None
    reviewed_on: date | None
    computed: ladder.Level | None
    next: ladder.LevelStep | None
    gap: board.Gap | None
    rises_to: ladder.Level | None
    risk: board.Risk | None
    revenue: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Some of the board. `next_cursor` is empty on the last page."""

    day: date
    summary: Summary
    levels: list[ladder.Level]
    rows: list[Row]
    next_cursor: str


def board_page(wish: Wish, *, day: date, known_at: datetime | None = None) -> BoardPage | None:
    """The partners wished for, by keyset: any page costs what the first does. Statements do not grow with the rows.

    None without a programme in force. A day that is over is seen as it was known then, by what had been decided.
    """
    rungs = rungs_on(day)
    if not rungs:
        return None
    found = _found(wish, rungs, day, known_at, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return BoardPage(
        day=day,
        summary=summary_of(rungs, day=day),
        levels=rungs.levels,
        rows=_rows([pk for pk, _value in shown], rungs, day, known_at),
        next_cursor=_cursor_of(wish, *shown[-1]) if len(found) > PAGE_SIZE else "",
    )


def board_rows(wish: Wish, *, day: date, known_at: datetime | None = None) -> Iterator[Row]:
    """Everything wished for, in its order, measured some hundred at a time."""
    rungs = rungs_on(day)
    found = _found(wish, rungs, day, known_at, limit=None) if rungs else []
    for start in range(0, len(found), EXPORTED_AT_ONCE):
        some = found[start : start + EXPORTED_AT_ONCE]
        yield from _rows([pk for pk, _value in some], rungs, day, known_at)


def _found(wish: Wish, rungs: Rungs, day: date, known_at: datetime | None, limit: int | None) -> list[tuple[int, Any]]:
    """Keys of the partners in the order wished for, with what they are sorted by. One statement, one more for risks."""
    sorted_by, kind = SORTS[wish.column]
    conditions = ["partner.status <> 'terminated'", "partner.joined_on <= %(day)s"]
    joins = [_STANDING, _PLACE]
    losing: dict[int, date] = {}
    if wish.show in SHOWS:
        conditions.append(SHOWS[wish.show])
    if wish.show in ("at_risk", "notice") or wish.column == "risk":
        joins.append(_NOTICES)
    if wish.show == "at_risk" or wish.column == "risk":
        joins.append(_LOSSES)
        losing = losing_partners(rungs, day=day, known_at=known_at)
    if wish.column == "revenue":
        joins.append(_REVENUE)
    if wish.level:
        conditions.append("standing.level_id = ANY(%(level_ids)s)")
    if wish.manager_id is not None:
        conditions.append("partner.account_manager_id = %(manager)s")
    if wish.search.strip():
        conditions.append("partner.name ILIKE %(like)s")
    cursor = _read(wish, kind)
    if cursor is not None:
        beyond = "<" if wish.descending else ">"
        conditions.append(f"({sorted_by}, partner.id) {beyond} (%(value)s::{kind}, %(pk)s::bigint)")
    way = "DESC" if wish.descending else "ASC"
    statement = (
        f"SELECT partner.id, {sorted_by} FROM partners_partner partner LEFT JOIN "  # noqa: S608 - all are ours
        f"{' LEFT JOIN '.join(joins)} WHERE {' AND '.join(conditions)} "
        f"ORDER BY {sorted_by} {way}, partner.id {way} LIMIT %(limit)s"
    )
    value, pk = cursor or (None, None)
    return rows(
        statement,
        day=day,
        **_wished(wish, rungs, day),
        known_at=known_at,
        losing=list(losing),
        lost_on=list(losing.values()),
        rising=sorted(rising_partner_ids(rungs, day=day, is_today=known_at is None)) if wish.show == "rises" else [],
        value=value,
        pk=pk,
        limit=limit,
    )


def _wished(wish: Wish, rungs: Rungs, day: date) -> dict[str, Any]:
    literal = wish.search.strip().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_").replace("\0", "")
    return {
        "levels": rungs.level_ids,
        "ranks": rungs.ranks,
        "level_ids": rungs.ids_of([wish.level]),
        "manager": wish.manager_id,
        "like": f"%{literal}%",
        "revenue_metric": REVENUE[0],
        "revenue_from": ladder.window_starts_on(REVENUE[1], day),
    }


def _cursor_of(wish: Wish, pk: int, value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([wish.column, str(value), pk]).encode()).decode()


def _read(wish: Wish, kind: str) -> tuple[Any, int] | None:
    """Where the page begins; None if the cursor is not one of ours, or of another order."""
    readers: dict[str, Callable[[str], Any]] = {"text": str, "bigint": int, "date": date.fromisoformat}
    try:
        column, value, pk = json.loads(base64.urlsafe_b64decode(wish.cursor.encode()))
        read, place = readers[kind](value), int(pk)
    except (ValueError, TypeError):
        return None
    is_ours = column == wish.column and all(abs(each) < 2**62 for each in (read, place) if isinstance(each, int))
    return (read.replace("\0", "") if isinstance(read, str) else read, place) if is_ours else None


def _rows(ids: Sequence[int], rungs: Rungs, day: date, known_at: datetime | None) -> list[Row]:
    """These partners as the board shows them, in three statements."""
    if not ids:
        return []
    scores = scores_on(ids, day=day, measures=rungs.measures | {REVENUE}, known_at=known_at)
    losses = losses_of(ids, rungs, day=day, known_at=known_at)
    facts = (_Facts(*row) for row in rows(_FACTS, partners=list(ids), day=day))
    return [
        _row(fact, scores.get(fact.partner_id, {}), losses.get(fact.partner_id), rungs, known_at is None)
        for fact in facts
    ]


@dataclass(frozen=True, slots=True)
class _Facts:
    partner_id: int
    public_id: str
    name: str
    status: str
    manager: str | None
    held_id: int | None
    since: date | None
    override_id: int | None
    override_until: date | None
    frozen_until: date | None
    notice_id: int | None
    notice_given_on: date | None
    notice_effective_on: date | None
    computed_id: int | None
    reviewed_on: date | None
    coming_id: int | None


def _row(facts: _Facts, scores: ladder.Scores, loss: board.Loss | None, rungs: Rungs, is_today: bool) -> Row:
    held = rungs.level_by_id.get(facts.held_id or 0)
    programme = rungs.programme_by_level.get(facts.held_id or 0)
    found = ladder.tier_for(scores, programme) if programme else None
    upper = found.next_above(held.rank) if found and held else None
    over = rungs.level_by_id.get(facts.override_id or 0)
    revenue = scores.get(REVENUE)
    return Row(
        public_id=facts.public_id,
        name=facts.name,
        status=facts.status,
        manager=facts.manager or "",
        held=held,
        since=facts.since,
        override=Given(over.code, over.name, facts.override_until) if over and facts.override_until else None,
        frozen_until=facts.frozen_until,
        reviewed_on=facts.reviewed_on,
        computed=rungs.level_by_id.get(facts.computed_id or 0),
        next=upper,
        gap=board.gap_of(upper) if upper else None,
        rises_to=_rise(facts, held, found, rungs, is_today),
        risk=board.risk_of(_warned(facts, rungs), loss, found.step_of_rank(held.rank)) if found and held else None,
        revenue=revenue.total if revenue else None,
        currency=(programme or next(iter(rungs.programmes.values()))).currency,
    )


def _warned(facts: _Facts, rungs: Rungs) -> board.Warned | None:
    level = rungs.level_by_id.get(facts.notice_id or 0)
    if level is None or facts.notice_given_on is None or facts.notice_effective_on is None:
        return None
    return board.Warned(level.name, facts.notice_given_on, facts.notice_effective_on)


def _rise(
    facts: _Facts, held: ladder.Level | None, found: ladder.Ladder | None, rungs: Rungs, is_today: bool
) -> ladder.Level | None:
    """The higher level that begins on the next day: decided already or, today, reached by what the book says now."""
    if held is None or found is None:
        return None
    coming = rungs.level_by_id.get(facts.coming_id or 0)
    if coming is not None:
        return coming if coming.rank > held.rank else None
    is_free = is_today and facts.frozen_until is None
    return found.level if is_free and found.level.rank > held.rank else None
