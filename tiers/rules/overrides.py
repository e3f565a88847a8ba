"""Whether a level may be given or frozen for a time, who decides, and how that stands on a day; half-open by days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from common.period import Period, add_months
from common.verdict import Reason, Verdict, objections
from tiers.choices.overrides import OverlayState
from tiers.choices.standings import OverrideStatus

LONGEST_MONTHS = 12
FEWEST_WORDS = 3  # of a reason: a name or "as agreed" is none
TEXT_LIMIT = 2000
ENDING_NOTICE = timedelta(days=14)  # so long before its end people are told that an override ends
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewOverride:
    """What somebody asks for a partner: this level on these days, and why."""

    partner_id: int
    level_code: str
    reason: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class NewFreeze:
    """What somebody sets for a partner on these days, and why."""

    partner_id: int
    reason: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Around:
    """What an override meets: the level that is held on its first day, the programme's levels, and the periods of
    approved overrides and of waiting requests. A level's code by its name."""

    held_code: str
    level_names: dict[str, str]
    approved: tuple[Period, ...] = ()
    waiting: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What deciding looks at; `requested_by` is a person's key, None for a program."""

    status: str
    ends_on: date
    requested_by: int | None

    def waits_on(self, day: date) -> bool:
        return self.status == OverrideStatus.REQUESTED and day < self.ends_on


def period_is_possible(starts_on: date, ends_on: date, day: date) -> Verdict:
    """Not in the past, so that what held on past days stays; beginning within, and lasting, twelve months at most."""
    if starts_on > add_months(day, LONGEST_MONTHS):
        return objections([Reason("override.too_far", field="starts_on"), _order(starts_on, ends_on)])
    longest = add_months(starts_on, LONGEST_MONTHS)
    return objections(
        [
            Reason("override.in_past", field="starts_on") if starts_on < day else None,
            _order(starts_on, ends_on),
            Reason("override.too_long", {"day": longest - ONE_DAY}, "ends_on") if ends_on > longest else None,
        ]
    )


def _order(starts_on: date, ends_on: date) -> Reason | None:
    return Reason("override.ends_before_start", field="ends_on") if ends_on <= starts_on else None


def reason_is_given(words: str, *, field: str) -> Verdict:
    """Whether somebody who reads it later can know why."""
    given = len(words.split())
    return objections(
        [
            Reason("override.words_missing", {"count": FEWEST_WORDS}, field) if given < FEWEST_WORDS else None,
            _not_too_long(words, field),
        ]
    )


def answer_is_given(words: str, *, field: str) -> Verdict:
    """Any words will do."""
    return objections(
        [None if words.strip() else Reason("override.answer_missing", field=field), _not_too_long(words, field)]
    )


def _not_too_long(words: str, field: str) -> Reason | None:
    return Reason("override.words_too_long", {"limit": TEXT_LIMIT}, field) if len(words) > TEXT_LIMIT else None


def may_request(asked: NewOverride, around: Around, *, day: date) -> Verdict:
    """Everything that stands against asking for it on the day."""
    possible = period_is_possible(asked.starts_on, asked.ends_on, day)
    verdict = level_may_be_given(asked.level_code, around) & reason_is_given(asked.reason, field="reason") & possible
    if not possible:
        return verdict
    period = Period(asked.starts_on, asked.ends_on)
    return (
        verdict
        & is_free(period, around.approved, "override.overlaps")
        & is_free(period, around.waiting, "override.waits_already")
    )


def may_freeze(asked: NewFreeze, frozen: Iterable[Period], *, day: date) -> Verdict:
    """Everything that stands against freezing on the day."""
    possible = period_is_possible(asked.starts_on, asked.ends_on, day)
    verdict = reason_is_given(asked.reason, field="reason") & possible
    if not possible:
        return verdict
    return verdict & is_free(Period(asked.starts_on, asked.ends_on), frozen, "freeze.overlaps")


def level_may_be_given(level_code: str, around: Around) -> Verdict:
    """A level of the programme, above or below the one that is held anyway."""
    if level_code not in around.level_names:
        return objections([Reason("override.level_unknown", field="level")])
    held = {"level": around.level_names.get(around.held_code, around.held_code)}
    same = level_code == around.held_code
    return objections([Reason("override.level_held", held, "level") if same else None])


def is_free(period: Period, taken: Iterable[Period], code: str) -> Verdict:
    """Refused with the code for each of these, all closed, that overlaps."""
    met = [other for other in taken if other.overlaps(period)]
    return objections(
        Reason(code, {"first_day": other.starts_on, "last_day": other.last_day}, "starts_on") for other in met
    )


def counts_from(starts_on: date, decided_on: date) -> date:
    """The first day of what is approved: never before the day of the approval, so that no past day changes."""
    return max(starts_on, decided_on)


def may_decide(request: Request, *, by: int | None, day: date) -> Verdict:
    """Whether this second person can still answer; programs, which have no person's key, cannot."""
    return objections(
        [
            None if request.waits_on(day) else Reason("override.not_waiting"),
            Reason("override.needs_person") if by is None else None,
            Reason("override.second_person") if by is not None and by == request.requested_by else None,
        ]
    )


def may_withdraw(request: Request, *, by: int | None, day: date) -> Verdict:
    """Whoever asked may take it back; what a program asked, any program."""
    return objections(
        [
            None if request.waits_on(day) else Reason("override.not_waiting"),
            None if by == request.requested_by else Reason("override.others_request"),
        ]
    )


def ends_when_stopped(starts_on: date, ends_on: date, day: date) -> date:
    """The end of what is ended early on the day: tomorrow, so that today stays; its first day if it has not begun."""
    return min(ends_on, day + ONE_DAY) if starts_on <= day else starts_on


def may_stop(starts_on: date, ends_on: date, day: date) -> Verdict:
    """Whether something is left to be ended."""
    over = ends_on <= max(day, starts_on)
    return objections(
        [
            Reason("override.over") if over else None,
            Reason("override.ends_already") if not over and starts_on <= day and ends_on == day + ONE_DAY else None,
        ]
    )


def state_on(starts_on: date, ends_on: date, day: date) -> OverlayState:
    """How something that was agreed on stands on the day; what ended before it began has ended."""
    if ends_on <= day or ends_on <= starts_on:
        return OverlayState.ENDED
    return OverlayState.LIVE if starts_on <= day else OverlayState.ANNOUNCED


_DECIDED = {
    OverrideStatus.DECLINED: OverlayState.DECLINED,
    OverrideStatus.WITHDRAWN: OverlayState.WITHDRAWN,
}


def override_state(status: str, starts_on: date, ends_on: date, day: date) -> OverlayState:
    """How an override of this status stands on the day. A request that nobody answered until its end has lapsed."""
    if status == OverrideStatus.APPROVED:
        return state_on(starts_on, ends_on, day)
    if status == OverrideStatus.REQUESTED:
        return OverlayState.WAITING if day < ends_on else OverlayState.LAPSED
    return _DECIDED[OverrideStatus(status)]


def ends_soon(starts_on: date, ends_on: date, day: date) -> bool:
    """Whether people are to be told on the day that it ends; of what was no longer than that notice they know."""
    told_on = ends_on - ENDING_NOTICE
    return starts_on < told_on <= day < ends_on
