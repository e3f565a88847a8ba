"""A draft of the rules with its back-test, and an entry of each list that the rules look at."""

from datetime import timedelta

from django.utils import timezone

from common.actor import SYSTEM
from deals.actions.backtests import start_back_test
from deals.actions.policies import add_entry
from deals.actions.rulebooks import draft_rulebook
from deals.models import Rulebook
from deals.rules.policies import (
    AuthorisationEntry,
    BlockedCustomerEntry,
    ExclusiveGrantEntry,
    NamedAccountEntry,
)
from tests.factories.crm import CustomerFactory
from tests.journeys.world import World


def policy_objects(world: World, text: str) -> dict[str, str]:
    """Public ids by kind. The named account is published, so it says nothing of the owner."""
    day, at = timezone.localdate(), timezone.now()
    draft = draft_rulebook(by=SYSTEM, at=at)
    Rulebook.objects.filter(pk=draft.pk).update(title=text)
    days = {"starts_on": day, "ends_on": day + timedelta(days=1)}
    test = start_back_test(draft.pk, **days, by=SYSTEM, at=at)
    of_owner = {"partner_id": world.partner.pk, "starts_on": day + timedelta(days=9), "segment": text}
    published, secret = CustomerFactory(legal_name="Published AG"), CustomerFactory(legal_name=f"{text} blocked AG")
    entries = (
        NamedAccountEntry(customer_id=published.pk, starts_on=day, note=text),
        BlockedCustomerEntry(customer_id=secret.pk, starts_on=day, reason="barred"),
        ExclusiveGrantEntry(**of_owner),
        AuthorisationEntry(**of_owner),
    )
    ids = {entry.kind.value: add_entry(entry, by=SYSTEM, at=at).public_id for entry in entries}
    return {
        "rulebook": draft.public_id,
        "published": Rulebook.objects.get(version=1).public_id,
        "back test": test.public_id,
        "list": "exclusive-grants",
        "grant": ids["exclusive-grants"],
        **ids,
    }
