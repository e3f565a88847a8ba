"""Whether the stored history is what the rules give again: levels, notices, and what the reviews found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tiers.rules.course import Announced, Course, Held, Reached

What = Literal["level", "notice", "review"]


@dataclass(frozen=True, slots=True)
class History:
    """What is stored of a partner, each oldest first."""

    held: Sequence[Held]
    notices: Sequence[Announced] = ()
    reviews: Sequence[Reached] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """From the day on, what is stored is not what was computed again."""

    what: What
    day: date
    stored: str
    computed: str

    def __str__(self) -> str:
        return f"{self.day} {self.what}: stored {self.stored or 'nothing'}, computed {self.computed or 'nothing'}"


def differences(stored: History, computed: Course) -> list[Difference]:
    """Everything in which they differ, by day; none: the history is proven."""
    levels = _compared("level", _levels(stored.held), _levels(computed.held))
    reviews = _compared("review", _found(stored.reviews), _found(computed.reached))
    notices = _compared_notices(stored.notices, computed.notices)
    return sorted([*levels, *reviews, *notices], key=lambda each: (each.day, each.what))


def _levels(held: Iterable[Held]) -> dict[date, str]:
    """What holds from which day on; nothing after the last end."""
    found: dict[date, str] = {}
    for each in held:
        found[each.starts_on] = each.level_code
        found[each.ends_on] = ""
    return found


def _found(reviews: Iterable[Reached]) -> dict[date, str]:
    return {each.day: f"{each.level_code or '-'} (version {each.programme_number})" for each in reviews}


def _compared(what: What, stored: dict[date, str], computed: dict[date, str]) -> Iterator[Difference]:
    before = ("", "")
    for day in sorted(stored.keys() | computed.keys()):
        now = stored.get(day, before[0]), computed.get(day, before[1])
        if now[0] != now[1] and now != before:
            yield Difference(what, day, *now)
        before = now


def _compared_notices(stored: Iterable[Announced], computed: Iterable[Announced]) -> Iterator[Difference]:
    said = [{(each.given_on, each.level_code): _words(each) for each in side} for side in (stored, computed)]
    for key in sorted(said[0].keys() | said[1].keys()):
        if said[0].get(key) != said[1].get(key):
            yield Difference("notice", key[0], said[0].get(key, ""), said[1].get(key, ""))


def _words(notice: Announced) -> str:
    closed = f" on {notice.closed_on}" if notice.closed_on else ""
    return f"{notice.level_code} from {notice.effective_on}, {notice.outcome}{closed}"
