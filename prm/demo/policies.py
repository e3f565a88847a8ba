"""What the rules of engagement look at: a few entries of each list, and a draft that was judged against the past."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from common.actor import SYSTEM, Actor
from crm import queries as crm_queries
from deals.actions.backtests import do_waiting, start_back_test
from deals.actions.policies import add_entry
from deals.actions.rulebooks import change_draft, draft_rulebook
from deals.queries.rulebooks import content_of
from deals.rules.policies import (
    AnyEntry,
    AuthorisationEntry,
    BlockedCustomerEntry,
    ExclusiveGrantEntry,
    HolidayEntry,
    NamedAccountEntry,
)
from deals.rules.revisions import fingerprint
from deals.rules.rulebook import Rule
from prm.demo.people import DemoPartner

NAMED, BLOCKED = 8, 2
ALONE_IN = "MT"  # the largest partner, with analytics
FEASTS = {(1, 1): "New Year's Day", (5, 1): "Labour Day", (12, 25): "Christmas Day", (12, 26): "St Stephen's Day"}
TESTED = timedelta(days=90)


def keep_lists(external_ids: Sequence[str], partners: Sequence[DemoPartner], starts_on: date, *, at: datetime) -> None:
    """Named and blocked customers, holidays, a grant in force and one to come, and some authorisations."""
    known = crm_queries.customers_visible_to(SYSTEM).filter(external_id__in=external_ids[: NAMED + BLOCKED])
    customer_ids = list(known.order_by("external_id").values_list("pk", flat=True))
    family_ids = {family.code: family.pk for family in crm_queries.families()}
    alone = partners[0].pk
    entries: tuple[AnyEntry, ...] = (
        *(
            NamedAccountEntry(customer_id=pk, starts_on=starts_on, note="Strategic account")
            for pk in customer_ids[:NAMED]
        ),
        *(
            BlockedCustomerEntry(customer_id=pk, starts_on=starts_on, reason="sanctioned")
            for pk in customer_ids[NAMED:]
        ),
        *(
            HolidayEntry(on=date(year, *month_and_day), name=name)
            for year in range(starts_on.year, starts_on.year + 4)
            for month_and_day, name in FEASTS.items()
            if date(year, *month_and_day) > starts_on
        ),
        ExclusiveGrantEntry(
            partner_id=alone, starts_on=starts_on, countries=(ALONE_IN,), family_id=family_ids["analytics"]
        ),
        ExclusiveGrantEntry(
            partner_id=alone, starts_on=date(starts_on.year + 3, 1, 1), countries=("LU",), note="Agreed for two years"
        ),
        *(
            AuthorisationEntry(
                partner_id=partner.pk,
                starts_on=starts_on,
                family_id=family_ids["security"],
                certificate="Certified security specialist",
            )
            for partner in partners[:12]
        ),
    )
    for entry in entries:
        add_entry(entry, by=SYSTEM, at=at)


def draft_rules(chief: Actor, *, today: date, at: datetime) -> None:
    """What the chief thinks about: more is approved at once, and a back-test says what that would have meant."""
    draft = draft_rulebook(by=chief, at=at)
    content = content_of(draft)
    rules = tuple(_generous(rule) for rule in content.rules)
    changed = replace(content, rules=rules, title="Silver and Gold are trusted with larger deals")
    change_draft(draft.pk, changed, seen=fingerprint(content), by=chief, at=at)
    start_back_test(draft.pk, starts_on=today - TESTED, ends_on=today, by=chief, at=at)
    do_waiting(now=lambda: at)


def _generous(rule: Rule) -> Rule:
    if rule.code != "size":
        return rule
    limits = rule.params["auto_approve_up_to"]
    return Rule(rule.code, {**rule.params, "auto_approve_up_to": {**limits, "silver": "40000", "gold": "80000"}})
