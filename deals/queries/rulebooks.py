"""The rules of engagement in words: as everybody may read them, in all versions, and what differs between two."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
from babel.dates import format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from django.conf import settings
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from common.actor import Actor
from common.choices import RunStatus
from common.errors import NotFound
from common.writing import reader_locale, written_amount
from crm import queries as crm_queries
from deals.choices.engagement import RULE_LABELS, RULE_QUESTIONS, RuleVerdict
from deals.choices.rulebooks import (
    PARAM_LABELS,
    PRIVATE_TERMS,
    TERM_GROUPS,
    TERM_LABELS,
    TERM_UNITS,
    WEEKDAYS,
    Revision,
    RulebookState,
)
from deals.models import BackTest, Rulebook
from deals.queries.facts import rulebook_on
from deals.rules import revisions
from deals.rules.params import BASIS_POINTS, TERM_PARAMS, Kind, Param, params_of_rule
from deals.rules.revisions import Content, Difference
from deals.rules.rulebook import Params, Rule, params_of, rules_from
from deals.rules.terms import Terms, terms_from, terms_to_json
from partners import rules as partner_rules
from tiers.queries.programmes import programme_on


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called: product families, levels, rules."""

    families: Mapping[str, str]
    levels: Mapping[str, str]
    rules: Mapping[str, str]

    def of(self, param: Param) -> Mapping[str, str]:
        """What a parameter's codes may be, and are called."""
        if param.kind is Kind.AMOUNTS:
            return self.levels
        return self.families if param.name == "families" else self.rules


def names_on(day: date) -> Names:
    """Two statements. Levels are those of the programme in force on the day."""
    programme = programme_on(day)
    return Names(
        families={family.code: family.name for family in crm_queries.families()},
        levels={level.code: level.name for level in programme.levels} if programme else {},
        rules={code: str(RULE_LABELS[code]) for code in Params},
    )


@dataclass(frozen=True, slots=True)
class Saying:
    """What is set, in words: of a rule's parameter or of a term."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """A rule as it asks. `sayings` are what is set and not said in the question."""

    code: str
    label: str
    question: str
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class TermGroup:
    title: str
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class RulebookInWords:
    """A version, its rules in the order in which they are asked, and its terms."""

    public_id: str
    version: int | None
    title: str
    effective_from: date | None
    published_at: datetime | None
    published_by: str
    rules: tuple[RuleInWords, ...]
    terms: tuple[TermGroup, ...]
    private_terms: TermGroup


def published_rulebook(day: date) -> RulebookInWords | None:
    """The rulebook in force on the day, in words."""
    rulebook = rulebook_on(day)
    return None if rulebook is None else in_words(rulebook, names_on(day))


def in_words(rulebook: Rulebook, names: Names) -> RulebookInWords:
    terms = terms_from(rulebook.terms)
    return RulebookInWords(
        public_id=rulebook.public_id,
        version=rulebook.version,
        title=rulebook.title,
        effective_from=rulebook.effective_from,
        published_at=rulebook.published_at,
        published_by=rulebook.published_by,
        rules=tuple(rule_in_words(rule, names) for rule in rules_from(rulebook.rules)),
        terms=tuple(_group(group, terms, names) for group in TERM_GROUPS),
        private_terms=_group(PRIVATE_TERMS, terms, names),
    )


def rule_in_words(rule: Rule, names: Names) -> RuleInWords:
    values, question = msgspec.structs.asdict(params_of(rule)), str(RULE_QUESTIONS[rule.code])
    params = params_of_rule(rule.code)
    texts = {param.name: value_in_words(param, values[param.name], names) for param in params}
    unsaid = [param.name for param in params if f"%({param.name})s" not in question]
    sayings = tuple(Saying(str(PARAM_LABELS[rule.code][name]), texts[name]) for name in unsaid)
    return RuleInWords(rule.code, str(RULE_LABELS[rule.code]), question % texts, sayings)


def _group(group: tuple[Any, tuple[str, ...]], terms: Terms, names: Names) -> TermGroup:
    title, wanted = group
    values = msgspec.structs.asdict(terms)
    params = {param.name: param for param in TERM_PARAMS}
    sayings = (Saying(str(TERM_LABELS[name]), value_in_words(params[name], values[name], names)) for name in wanted)
    return TermGroup(str(title), tuple(sayings))


def value_in_words(param: Param, value: Any, names: Names) -> str:
    """As the reader writes it: with its unit, in the base currency, codes by what they are called."""
    locale = reader_locale()
    match param.kind:
        case Kind.AMOUNT:
            return _amount(value)
        case Kind.AMOUNTS:
            levels = {**{code: value[code] for code in names.levels if code in value}, **value}
            each = [f"{names.levels.get(code, code.capitalize())} {_amount(amount)}" for code, amount in levels.items()]
            return format_list(each, locale=locale) if each else _("none")
        case Kind.CHOICE:
            return str(RuleVerdict(value).label)
        case Kind.YES_NO:
            return _("yes") if value else _("no")
        case Kind.HOUR:
            return format_time(_hour(value), "HH:mm", locale=locale)
        case Kind.CODES:
            called = [names.of(param).get(code, code) for code in value]
            return format_list(called, locale=locale) if called else _("none")
        case Kind.NUMBERS:
            return _numbers(param.name, value)
    if param.name.endswith("_bps"):
        return format_percent(Decimal(value) / BASIS_POINTS, "#,##0.##%", locale=locale)
    unit = TERM_UNITS.get(param.name, "%(count)s")
    written = format_decimal(value, locale=locale)
    return str(unit % {"count": value}).replace(str(value), written, 1)


def _hour(value: time) -> time:
    return value.replace(tzinfo=None)


def _numbers(name: str, value: tuple[int, ...]) -> str:
    if name == "business_days":
        days = dict(WEEKDAYS)
        return format_list([str(days[day]) for day in value], locale=reader_locale())
    return str(TERM_UNITS[name]) % {"list": format_list([str(number) for number in value], locale=reader_locale())}


def _amount(amount: Decimal) -> str:
    return written_amount(amount, settings.BASE_CURRENCY, whole=amount == amount.to_integral_value())


# Versions


def rulebooks_visible_to(actor: Actor) -> QuerySet[Rulebook]:
    """Every published version, also one that is only announced, for whoever may read the rules; drafts for the vendor's
    channel."""
    if not partner_rules.may(actor, "registration.view"):
        return Rulebook.objects.none()
    if actor.is_vendor and partner_rules.may(actor, "rulebook.draft"):
        return Rulebook.objects.all()
    return Rulebook.objects.filter(published_at__isnull=False)


def published_rulebooks(actor: Actor) -> QuerySet[Rulebook]:
    """Of the visible ones those that are published."""
    return rulebooks_visible_to(actor).filter(published_at__isnull=False)


def public_terms(rulebook: Rulebook) -> dict[str, Any]:
    """The terms that are published, as JSON values by name."""
    stored = terms_to_json(terms_from(rulebook.terms))
    return {name: stored[name] for _title, names in TERM_GROUPS for name in names}


def find_rulebook(actor: Actor, public_id: str) -> Rulebook:
    found = rulebooks_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("rulebook")
    return found


def find_draft(actor: Actor, public_id: str) -> Rulebook:
    """A version that is not published yet; `NotFound` for one that is."""
    found = find_rulebook(actor, public_id)
    if found.published_at is not None:
        raise NotFound("draft")
    return found


@dataclass(frozen=True, slots=True)
class Version:
    """A version in the history. `ends_on`: from this day another one holds, as far as is known."""

    rulebook: Rulebook
    state: RulebookState


def versions_for(actor: Actor, *, day: date) -> list[Version]:
    """Drafts, then published versions, each part newest first. Two statements."""
    rows = rulebooks_visible_to(actor).order_by(F("version").desc(nulls_first=True), "-pk")
    current = rulebook_on(day)
    return [Version(row, state_of(row, current, day)) for row in rows]


def state_of(rulebook: Rulebook, current: Rulebook | None, day: date) -> RulebookState:
    if rulebook.effective_from is None or rulebook.published_at is None:
        return RulebookState.DRAFT
    if rulebook == current:
        return RulebookState.IN_FORCE
    return RulebookState.ANNOUNCED if rulebook.effective_from > day else RulebookState.SUPERSEDED


@dataclass(frozen=True, slots=True)
class DifferenceInWords:
    kind: Revision
    about: str
    before: str
    after: str


def differences_in_words(before: Rulebook, after: Rulebook, names: Names) -> list[DifferenceInWords]:
    """What the second version says otherwise, in the order in which it says it."""
    return list(_differences(content_of(before), content_of(after), names))


def _differences(before: Content, after: Content, names: Names) -> Iterator[DifferenceInWords]:
    for found in revisions.differences(before, after):
        yield _difference(found, names)


def _difference(found: Difference, names: Names) -> DifferenceInWords:
    kind = Revision(found.kind)
    if not found.name:
        return DifferenceInWords(kind, names.rules[found.rule], _place(found.before), _place(found.after))
    params = params_of_rule(found.rule) if found.rule else TERM_PARAMS
    param = next(param for param in params if param.name == found.name)
    said = str(PARAM_LABELS[found.rule][found.name] if found.rule else TERM_LABELS[found.name])
    about = f"{names.rules[found.rule]}: {said}" if found.rule else said
    before, after = (value_in_words(param, value, names) for value in (found.before, found.after))
    return DifferenceInWords(kind, about, before, after)


def _place(number: int | None) -> str:
    return "" if number is None else _("number %(place)s") % {"place": number}


def content_of(rulebook: Rulebook) -> Content:
    return Content(rules_from(rulebook.rules), terms_from(rulebook.terms), rulebook.title)


def is_back_tested(draft: Rulebook) -> bool:
    """Whether a finished back-test judged by exactly the draft's rules as they are now."""
    return BackTest.objects.filter(rulebook=draft, status=RunStatus.DONE, rules=draft.rules).exists()


def next_version() -> int:
    """The number that the next published version gets, unless somebody publishes before."""
    return (Rulebook.objects.aggregate(newest=Max("version"))["newest"] or 0) + 1
