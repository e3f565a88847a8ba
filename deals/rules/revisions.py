"""Drafts of rulebooks: whether one is sound, what differs from another, whether it may be published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import msgspec

from common.texts import is_readable
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.rulebooks import Revision
from deals.rules.params import params_are_sound
from deals.rules.rulebook import Rule, params_of, rules_are_sound, rules_to_json
from deals.rules.terms import Terms, terms_are_sound, terms_to_json

TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Content:
    """What a rulebook says. The title is what changes, in the words of whoever drafted it."""

    rules: tuple[Rule, ...]
    terms: Terms
    title: str = ""


def spelled_out(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The same rules with every parameter written down, so that equal rules are stored as equals."""
    return tuple(Rule(rule.code, msgspec.to_builtins(params_of(rule))) for rule in rules)


def content_is_sound(content: Content) -> Verdict:
    """All that stands against it: unknown rules, malformed or senseless parameters, terms that cannot be kept."""
    return rules_and_terms_are_sound(content.rules, content.terms) & _title_is_sound(content.title)


def rules_and_terms_are_sound(rules: tuple[Rule, ...], terms: Terms) -> Verdict:
    formed = rules_are_sound(rules)
    return formed & (params_are_sound(rules) if formed else ALLOWED) & terms_are_sound(terms)


def _title_is_sound(title: str) -> Verdict:
    if len(title) <= TITLE_LENGTH and is_readable(title, several_lines=False):
        return ALLOWED
    return refusal("rulebook.title_invalid", limit=TITLE_LENGTH, field="title")


def fingerprint(content: Content) -> str:
    """Equal for equal content: whoever saves or publishes says by it what was read."""
    stored = [rules_to_json(content.rules), terms_to_json(content.terms), content.title]
    return sha256(msgspec.json.encode(stored, order="deterministic")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise. `rule` is empty for a term, `name` for a whole rule; a place counts from one."""

    kind: str
    rule: str = ""
    name: str = ""
    before: Any = None
    after: Any = None


def differences(before: Content, after: Content) -> tuple[Difference, ...]:
    """What differs in rules and terms, in the order of the new version; the title says nothing binding."""
    return (*_rule_differences(before.rules, after.rules), *_term_differences(before.terms, after.terms))


def _rule_differences(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> Iterator[Difference]:
    old, new = {rule.code: rule for rule in before}, {rule.code: rule for rule in after}
    kept_before = [code for code in old if code in new]
    kept_after = [code for code in new if code in old]
    moved = _moved(kept_before, kept_after)
    places = {code: place for place, code in enumerate(new, start=1)}
    earlier = {code: place for place, code in enumerate(old, start=1)}
    for code, rule in new.items():
        if code not in old:
            yield Difference(Revision.ADDED.value, code, after=places[code])
            continue
        if code in moved:
            yield Difference(Revision.MOVED.value, code, before=earlier[code], after=places[code])
        was, now = (msgspec.structs.asdict(params_of(which)) for which in (old[code], rule))
        yield from _changed(code, was, now)
    for code in old:
        if code not in new:
            yield Difference(Revision.REMOVED.value, code, before=earlier[code])


def _moved(before: list[str], after: list[str]) -> frozenset[str]:
    """The fewest rules that, put elsewhere, make one order the other: all that is not in the longest common run."""
    best: dict[tuple[int, int], list[str]] = {}
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            if before[i] == after[j]:
                best[i, j] = [before[i], *best.get((i + 1, j + 1), [])]
            else:
                best[i, j] = max(best.get((i + 1, j), []), best.get((i, j + 1), []), key=len)
    return frozenset(after) - frozenset(best.get((0, 0), []))


def _changed(rule: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name, value in now.items():
        if was[name] != value:
            yield Difference(Revision.CHANGED.value, rule, name, was[name], value)


def _term_differences(before: Terms, after: Terms) -> Iterator[Difference]:
    yield from _changed("", msgspec.structs.asdict(before), msgspec.structs.asdict(after))


@dataclass(frozen=True, slots=True)
class Publication:
    """How somebody asks to publish: from which day, having read what, and the number typed to confirm."""

    effective_from: date
    seen: str  # fingerprint of what was read
    confirmed_version: int | None
    accepts_untested: bool = False


def may_publish(asked: Publication, content: Content, *, version: int, is_tested: bool, today: date) -> Verdict:
    """Whether a draft becomes this version. A rulebook never takes effect in the past."""
    return content_is_sound(content) & objections(
        [
            Reason("rulebook.in_past", field="effective_from") if asked.effective_from < today else None,
            Reason("rulebook.changed_meanwhile") if asked.seen != fingerprint(content) else None,
            Reason("rulebook.not_confirmed", {"version": version}, "confirmed_version")
            if asked.confirmed_version != version
            else None,
            None if is_tested or asked.accepts_untested else Reason("rulebook.not_back_tested", field="untested"),
        ]
    )
