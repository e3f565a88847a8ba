"""What a check before a registration says, who may ask how much, and who may hold a place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from common.texts import is_readable
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from crm.rules.faults import COUNTRIES
from crm.rules.matching import CustomerIdentity, IdentityKeys
from crm.rules.names import normalised_name
from deals.choices.checks import Light
from deals.choices.engagement import RuleVerdict
from deals.choices.registrations import DealSource
from deals.rules.facts import Judgement
from deals.rules.redaction import outcome_for_partner
from deals.rules.rulebook import Rule
from deals.rules.terms import Terms

HOUR = timedelta(hours=1)
WATCHED_SHARE = 10  # whoever is watched may ask a tenth
_SIZE = "size"


@dataclass(frozen=True, slots=True)
class PreflightQuestion:
    """Who the customer is and what is to be sold. `amount` is in the base currency; None: not known yet."""

    identity: CustomerIdentity
    family_ids: tuple[int, ...]
    site: str = ""
    amount: Decimal | None = None
    source: str = DealSource.OWN.value


@dataclass(frozen=True, slots=True)
class PreflightAnswer:
    """A light and the sentence for it. Where others are the reason the sentence is one and the same, whoever it is."""

    light: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


def question_is_complete(question: PreflightQuestion) -> Verdict:
    """Whether it names a company and something to sell, in characters that can be read."""
    identity = question.identity
    unreadable = [
        Reason("registration.text_characters", field=field)
        for field, text in (("customer_name", identity.legal_name), ("site", question.site))
        if not is_readable(text, several_lines=False)
    ]
    families = None if question.family_ids else Reason("registration.lines_missing", field="products")
    country = (
        None if identity.country in COUNTRIES else Reason("registration.country_invalid", field="customer_country")
    )
    named = normalised_name(identity.legal_name, identity.country)
    name = None if named else Reason("registration.customer_name_invalid", field="customer_name")
    return objections([name, country, families, *unreadable])


def rules_asked(rules: Sequence[Rule], amount: Decimal | None) -> tuple[Rule, ...]:
    """The rules of the book; without an amount nothing can be said of the size."""
    return tuple(rule for rule in rules if rule.code != _SIZE or amount is not None)


def answer_of(judgement: Judgement) -> PreflightAnswer:
    """Green: free (at most its size brings it to a person). Amber: a person will look. Red: it would be rejected."""
    verdict, rule = judgement.verdict, judgement.decisive_rule
    if verdict == RuleVerdict.APPROVE or (verdict == RuleVerdict.REVIEW and rule in ("", _SIZE)):
        return PreflightAnswer(Light.GREEN.value, "check.free")
    if verdict != RuleVerdict.REJECT:
        return PreflightAnswer(Light.AMBER.value, "check.person_looks")
    shown = outcome_for_partner(judgement.decisive)
    return PreflightAnswer(Light.RED.value, shown.reason_code, dict(shown.inputs))


def question_text(keys: IdentityKeys) -> str:
    """What makes two questions one: the company as it is recognised, however it was spelt."""
    return "\n".join((keys.country, keys.name, keys.domain, keys.tax))


def is_watched(lights: Sequence[str], terms: Terms) -> bool:
    """Whether at some moment of the day too many of the answers so far were red: it stays so until the day ends."""
    red = 0
    for count, light in enumerate(lights, start=1):
        red += light == Light.RED
        if count >= terms.watched_check_count and 100 * red > terms.watched_refusal_percent * count:
            return True
    return False


def may_check(recent: Sequence[datetime], *, watched: bool, terms: Terms, at: datetime) -> Verdict:
    """Whether one more company may be asked for. `recent`: when those of the last hour were first asked, ascending.

    Refuses with the minutes until the next one is possible, rounded up.
    """
    limit = max(1, terms.checks_per_hour // WATCHED_SHARE) if watched else terms.checks_per_hour
    if len(recent) < limit:
        return ALLOWED
    free_at = recent[len(recent) - limit] + HOUR
    minutes = max(1, -(-int((free_at - at).total_seconds()) // 60))
    return refusal("check.too_many", count=limit, minutes=minutes)


def may_hold(live_count: int, last_ended_at: datetime | None, *, terms: Terms, at: datetime) -> Verdict:
    """Whether a partner may hold one more place: not more than `pencil_count` at once, and the same one not again
    until it was free for as long as a hold lasts."""
    if live_count >= terms.pencil_count:
        return refusal("pencil.too_many", count=terms.pencil_count)
    if last_ended_at is not None and at < last_ended_at + timedelta(hours=terms.pencil_hours):
        return refusal("pencil.held_lately", hours=terms.pencil_hours)
    return ALLOWED
