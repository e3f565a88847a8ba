"""What a rulebook would have said of a past decision, judged from the facts that were stored with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from common.verdict import Reason, Verdict, objections
from deals.rules.engagement import judge
from deals.rules.facts import Facts, facts_from
from deals.rules.rulebook import Rule

_FACTS = frozenset(field.name for field in fields(Facts))


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What the rules said by themselves, and all that they said it from. `rules_asked`: those of its rulebook."""

    verdict: str
    decisive_rule: str
    rules_asked: frozenset[str]
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rejudged:
    """The verdict now. `older_than`: rules that look at facts which nobody gathered for this decision; they count as
    nothing found."""

    verdict: str
    decisive_rule: str
    amount: Decimal
    older_than: tuple[str, ...]


def judge_again(past: PastDecision, rules: Sequence[Rule]) -> Rejudged:
    facts = facts_from(past.inputs)
    judgement = judge(facts, rules)
    is_older = not past.inputs.keys() >= _FACTS
    older_than = tuple(rule.code for rule in rules if is_older and rule.code not in past.rules_asked)
    return Rejudged(judgement.verdict, judgement.decisive_rule, facts.amount, older_than)


def may_test(starts_on: date, ends_on: date, *, is_running: bool, today: date) -> Verdict:
    """A half-open period that ends with today at the latest, of a rulebook that is not being tested at the moment."""
    is_past = starts_on < ends_on <= today + timedelta(days=1)
    return objections(
        [
            None if is_past else Reason("back_test.period", field="ends_on"),
            Reason("back_test.running") if is_running else None,
        ]
    )


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts by rule, of several slices together."""
    total: dict[str, int] = {}
    for each in counts:
        for rule, count in each.items():
            total[rule] = total.get(rule, 0) + count
    return total
