"""What a draft rulebook would have decided otherwise: how far the judging is, what differs, for whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from common.actor import Actor
from common.errors import NotFound
from deals.choices.engagement import RULE_LABELS
from deals.models import BackTest, BackTestChange, Rulebook
from partners import rules as partner_rules


def back_tests_visible_to(actor: Actor) -> QuerySet[BackTest]:
    """For the vendor's channel: what a draft would change tells of all partners."""
    rows = BackTest.objects.select_related("rulebook")
    return rows if actor.is_vendor and partner_rules.may(actor, "rulebook.draft") else rows.none()


def back_tests_of(actor: Actor, rulebook: Rulebook) -> QuerySet[BackTest]:
    """Newest first."""
    return back_tests_visible_to(actor).filter(rulebook=rulebook).order_by("-pk")


def find_back_test(actor: Actor, public_id: str) -> BackTest:
    found = back_tests_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("back-test")
    return found


def speaks_of(back_test: BackTest) -> bool:
    """Whether the rulebook still says what was tested."""
    return bool(back_test.rules == back_test.rulebook.rules)


@dataclass(frozen=True, slots=True)
class Shift:
    """How many decisions go from one verdict to another, and by which rule; worth in the base currency."""

    verdict_before: str
    verdict_after: str
    rule: str
    rule_label: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Touched:
    """A partner and what would have gone otherwise for it."""

    public_id: str
    name: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OlderThan:
    """A rule, and how many decisions were made before it existed."""

    rule_label: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    shifts: list[Shift]
    partners: list[Touched]
    older: list[OlderThan]
    amount: Decimal


def summary_of(back_test: BackTest) -> Summary:
    """Totals of all that would change, the largest first. Two statements."""
    changes = BackTestChange.objects.filter(back_test=back_test)
    shifts = changes.values_list("verdict_before", "verdict_after", "rule_before", "rule_after")
    by_shift = [
        Shift(before, after, after_rule or before_rule, rule_label(after_rule or before_rule), count, amount)
        for before, after, before_rule, after_rule, count, amount in shifts.annotate(
            count=Count("pk"), total=Sum("amount")
        ).order_by("-count", "verdict_before", "verdict_after", "rule_after", "rule_before")
    ]
    partner = "decision__registration__partner"
    by_partner = changes.values_list(f"{partner}__public_id", f"{partner}__name").annotate(
        count=Count("pk"), total=Sum("amount")
    )
    older = sorted(back_test.older.items(), key=lambda pair: -pair[1])
    return Summary(
        shifts=by_shift,
        partners=[Touched(*row) for row in by_partner.order_by("-count", f"{partner}__name")],
        older=[OlderThan(rule_label(rule), count) for rule, count in older],
        amount=sum((shift.amount for shift in by_shift), Decimal(0)),
    )


def rule_label(code: str) -> str:
    """A rule that is no longer known is called by its code; none: no rule decided."""
    return str(RULE_LABELS.get(code, code))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which changes are wanted; empty means any. `partner` is a public id."""

    before: str = ""
    after: str = ""
    rule: str = ""
    partner: str = ""


def changes_of(back_test: BackTest, narrowing: Narrowing) -> QuerySet[BackTestChange]:
    """The decisions that would differ, newest first, with their registrations and partners."""
    wanted = {
        "verdict_before": narrowing.before,
        "verdict_after": narrowing.after,
        "rule_after": narrowing.rule,
        "decision__registration__partner__public_id": narrowing.partner,
    }
    changes = BackTestChange.objects.filter(
        back_test=back_test, **{column: value for column, value in wanted.items() if value}
    )
    return changes.select_related("decision__registration__partner").order_by("-decision_id")


CHANGE_COLUMNS = (
    *("registration", "partner", "partner_name", "customer_name", "decided_at"),
    *("verdict_before", "rule_before", "verdict_after", "rule_after", "amount", "currency"),
)


def change_cells(changes: QuerySet[BackTestChange], currency: str) -> Iterator[list[Any]]:
    """The cells of `CHANGE_COLUMNS`, row by row, without holding them all in memory."""
    for change in changes.iterator(chunk_size=1000):
        deal = change.decision.registration
        yield [
            *(deal.public_id, deal.partner.public_id, deal.partner.name, deal.customer_name),
            *(change.decision.at.isoformat(), change.verdict_before, change.rule_before),
            *(change.verdict_after, change.rule_after, str(change.amount), currency),
        ]
