"""The rules of engagement as everybody may read them."""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from django.db.models import Q

from common.period import Period
from deals.choices.engagement import RULE_LABELS, RULE_QUESTIONS
from deals.models import NamedAccount, Rulebook
from deals.queries.facts import rulebook_on
from deals.rules.rulebook import Rule, RuleParams, params_of, rules_from


@dataclass(frozen=True, slots=True)
class PublishedRule:
    code: str
    label: str
    question: str
    params: RuleParams


@dataclass(frozen=True, slots=True)
class PublishedRulebook:
    """A version with its rules in the order in which they are asked."""

    version: int
    effective_from: date
    published_at: datetime | None
    rules: tuple[PublishedRule, ...]


@dataclass(frozen=True, slots=True)
class NamedCustomer:
    legal_name: str
    country: str
    period: Period


def published_rulebook(day: date) -> PublishedRulebook | None:
    """The rulebook in force on the day, in words."""
    rulebook = rulebook_on(day)
    return None if rulebook is None else _in_words(rulebook)


def _in_words(rulebook: Rulebook) -> PublishedRulebook:
    return PublishedRulebook(
        version=rulebook.version,
        effective_from=rulebook.effective_from,
        published_at=rulebook.published_at,
        rules=tuple(_rule_in_words(rule) for rule in rules_from(rulebook.rules)),
    )


def _rule_in_words(rule: Rule) -> PublishedRule:
    params = params_of(rule)
    question = str(RULE_QUESTIONS[rule.code]) % msgspec.structs.asdict(params)
    return PublishedRule(rule.code, str(RULE_LABELS[rule.code]), question, params)


def named_customers(day: date) -> list[NamedCustomer]:
    """The published direct-only list of the day, by name."""
    current = NamedAccount.objects.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)
    rows = current.order_by("customer__legal_name", "pk").values_list(
        "customer__legal_name", "customer__country", "starts_on", "ends_on"
    )
    return [NamedCustomer(name, country, Period(starts_on, ends_on)) for name, country, starts_on, ends_on in rows]
