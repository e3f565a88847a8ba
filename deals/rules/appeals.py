"""When an appeal is possible, who may judge it, what cannot be overturned, and what a precedent must not tell."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from babel.dates import get_month_names

from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from crm.rules.letters import NOT_A_WORD, plain
from crm.rules.names import normalised_name
from crm.rules.rarity import GENERAL
from deals.choices.registrations import Event
from deals.rules import transitions
from deals.rules.facts import Judgement, Outcome
from deals.rules.terms import Terms
from deals.rules.words import words_are_sound

# What no person may decide otherwise: a promise to another partner, the law, and a partner's own standing.
HARD_RULES = frozenset({"standing", "blocked_customer", "exclusivity", "live_protection"})
TELLING_WEIGHT = 60  # of a word of a name (`crm.rules.rarity`): from here on it alone tells who it is
_LANGUAGES = ("en", "de", "pl", "hu", "fr", "es")
_MONTHS = "|".join(
    sorted({plain(name) for language in _LANGUAGES for name in get_month_names("wide", locale=language).values()})
)
_VALUES = re.compile(
    rf"\d[\d.,'\s]*\d{{2}}|\d{{1,2}}\s*[./-]\s*\d{{1,2}}|\d{{1,2}}\.?\s+(?:{_MONTHS})\b|\b(?:{_MONTHS})\s+\d|[€$£¥]\s*\d|\d\s*[€$£¥%]"
)


def possible_until(ended_at: datetime, terms: Terms) -> datetime:
    """The instant from which it is too late: whole days of 24 hours after the decision or the protection's end."""
    return ended_at + timedelta(days=terms.appeal_days)


def may_appeal(status: str, ended_at: datetime | None, terms: Terms, at: datetime) -> Verdict:
    """Of a status as it reads. Refuses what is not rejected, expired or revoked, and what comes too late: half-open."""
    listed = transitions.may_happen(Event.APPEAL, status)
    if not listed or ended_at is None:
        return listed
    until = possible_until(ended_at, terms)
    return ALLOWED if at < until else refusal("appeal.too_late", until=until.date().isoformat())


def may_judge(judge: str, deciders: Collection[str]) -> Verdict:
    """Somebody else than whoever decided about the registration before; all by their actor keys."""
    return refusal("appeal.own_decision") if judge in deciders else ALLOWED


def beyond_appeal(judgement: Judgement) -> Outcome | None:
    """The first rule that rejects and that no judge may set aside; whatever else rejects, an appeal can overturn."""
    rejects = (found for found in judgement.outcomes if found.verdict == "reject" and found.rule in HARD_RULES)
    return next(rejects, None)


def precedent_is_anonymous(text: str, names: Iterable[str]) -> Verdict:
    """Whether everybody may read it: no name of those concerned, nor a word that alone tells it; no amount, no date."""
    words = set(NOT_A_WORD.split(plain(text)))
    told = sorted({word for name in names for word in _told(words, name)})
    values = sorted({found.group().strip() for found in _VALUES.finditer(plain(text))})
    return words_are_sound(text, field="precedent", missing="") & objections(
        [
            Reason("appeal.precedent_tells_names", {"words": ", ".join(told)}, "precedent") if told else None,
            Reason("appeal.precedent_tells_values", {"words": ", ".join(values)}, "precedent") if values else None,
        ]
    )


def _told(words: Collection[str], name: str) -> Iterator[str]:
    """The name's words that the text has, where one is rare enough or all of them are there."""
    named = [word for word in normalised_name(name).split() if len(word) > 1]
    there = [word for word in named if word in words]
    all_there = len(there) == len(named)
    yield from (word for word in there if all_there or (len(word) > 2 and GENERAL.weight(word) >= TELLING_WEIGHT))
