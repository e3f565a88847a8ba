"""For the browser: a draft that differs, its back-test, a version to come, and lists with entries in every state."""

from datetime import date, datetime, timedelta

from common.actor import SYSTEM
from crm.models import Customer
from deals.actions.backtests import do_waiting, start_back_test
from deals.actions.policies import add_entry
from deals.actions.rulebooks import change_draft, draft_rulebook, publish_rulebook
from deals.choices.policies import PolicyKind
from deals.queries.rulebooks import content_of
from deals.rules.policies import (
    AuthorisationEntry,
    BlockedCustomerEntry,
    ExclusiveGrantEntry,
    HolidayEntry,
    NamedAccountEntry,
)
from deals.rules.revisions import Content, fingerprint
from deals.rules.rulebook import DEFAULT_RULES, Rule
from deals.rules.terms import Terms
from tests.factories.crm import CustomerFactory
from tests.factories.deals import Channel

Sights = dict[str, tuple[str, list[str]]]


def list_sights() -> Sights:
    """Every list and how it is filled, also while there is nothing in it."""
    lists: Sights = {f"list-{kind}": ("deals:policy-list", [kind]) for kind in PolicyKind.values}
    return lists | {
        "list-import": ("deals:policy-import", ["exclusive-grants"]),
        "list-add-customer": ("deals:policy-new", ["blocked-customers"]),
        "list-add-grant": ("deals:policy-new", ["exclusive-grants"]),
    }


def policy_sights(channel: Channel, at: datetime) -> Sights:
    """What the channel chief looks at; the rest are lists that everybody's pages show."""
    today = at.date()
    entry = _entries(channel, today, at)
    publish_rulebook(
        DEFAULT_RULES, effective_from=today + timedelta(days=20), by=SYSTEM, at=at, terms=Terms(review_days=2)
    )
    draft = draft_rulebook(by=SYSTEM, at=at)
    rules = tuple(_stricter(rule) for rule in content_of(draft).rules if rule.code != "tender")
    content = Content((*rules[1:], rules[0]), Terms(review_days=2, pencil_hours=48), "Nothing small any more")
    change_draft(draft.pk, content, seen=fingerprint(content_of(draft)), by=SYSTEM, at=at)
    period = {"starts_on": today - timedelta(days=365), "ends_on": today + timedelta(days=1)}
    done = start_back_test(draft.pk, **period, by=SYSTEM, at=at)
    do_waiting(now=lambda: at)
    other = draft_rulebook(by=SYSTEM, at=at)
    running = start_back_test(other.pk, **period, by=SYSTEM, at=at)
    return {
        "draft": ("deals:rulebook", [draft.public_id]),
        "draft-edit": ("deals:rulebook-edit", [draft.public_id]),
        "draft-publish": ("deals:rulebook-publish", [draft.public_id]),
        "draft-publish-untested": ("deals:rulebook-publish", [other.public_id]),
        "draft-delete": ("deals:rulebook-delete", [draft.public_id]),
        "back-test": ("deals:back-test", [done.public_id]),
        "back-test-running": ("deals:back-test", [running.public_id]),
        "back-test-new": ("deals:back-test-new", [draft.public_id]),
        "list-entry": ("deals:policy", ["named-accounts", entry]),
        **list_sights(),
    }


def _stricter(rule: Rule) -> Rule:
    amounts = {"minimum_amount": "6000", "auto_approve_up_to": {"gold": "20000"}}
    return Rule("size", amounts) if rule.code == "size" else rule


def _entries(channel: Channel, today: date, at: datetime) -> str:
    """The public id of one of the named accounts."""
    customers: list[Customer] = [
        CustomerFactory(legal_name=name, country=country)
        for name, country in (("Allianz Energie AG", "DE"), ("Bundesanstalt für Beispiele", "DE"), ("OTP Minta", "HU"))
    ]
    month, family = timedelta(days=30), channel.product.family_id
    spans = ((today - 9 * month, today - month), (today - month, None), (today + month, today + 4 * month))
    named = [
        NamedAccountEntry(customer_id=customer.pk, starts_on=starts_on, ends_on=ends_on, note="Strategic account")
        for customer, (starts_on, ends_on) in zip(customers, spans, strict=True)
    ]
    entries = (
        *named,
        BlockedCustomerEntry(customer_id=customers[0].pk, starts_on=today - month, reason="sanctioned"),
        ExclusiveGrantEntry(
            partner_id=channel.partner.pk, starts_on=today - month, countries=("DE", "AT", "CH"), family_id=family
        ),
        ExclusiveGrantEntry(
            partner_id=channel.rival.pk, starts_on=today + month, countries=("HU",), segment="Public sector"
        ),
        AuthorisationEntry(
            partner_id=channel.partner.pk, starts_on=today - month, family_id=family, certificate="Certified 2026"
        ),
        HolidayEntry(on=date(today.year, 12, 25), name="Christmas Day"),
        HolidayEntry(on=date(today.year + 1, 1, 1), name="New Year's Day"),
    )
    rows = [add_entry(entry, by=SYSTEM, at=at) for entry in entries]
    return str(rows[2].public_id)
