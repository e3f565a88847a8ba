"""The rules of engagement as everybody may read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from common.period import Period
from deals.choices import RULE_LABELS, RULE_QUESTIONS
from deals.models import NamedAccount, Rulebook
from deals.queries.facts import rulebook_on
from deals.rules.rulebook import params_by_code, rules_from


@dataclass(frozen=True, slots=True)
class PublishedRule:
    code: str
    label: str
    question: str
    params: Mapping[str, Any]


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
    rules = rules_from(rulebook.rules)
    params = params_by_code(rules)
    return PublishedRulebook(
        version=rulebook.version,
        effective_from=rulebook.effective_from,
        published_at=rulebook.published_at,
        rules=tuple(
            PublishedRule(
                rule.code,
                str(RULE_LABELS[rule.code]),
                str(RULE_QUESTIONS[rule.code]) % params[rule.code],
                params[rule.code],
            )
            for rule in rules
        ),
    )


def named_customers(day: date) -> list[NamedCustomer]:
    """The published direct-only list of the day, by name."""
    current = NamedAccount.objects.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)
    rows = current.order_by("customer__legal_name", "pk").values_list(
        "customer__legal_name", "customer__country", "starts_on", "ends_on"
    )
    return [NamedCustomer(name, country, Period(starts_on, ends_on)) for name, country, starts_on, ends_on in rows]
