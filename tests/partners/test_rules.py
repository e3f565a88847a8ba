from datetime import date

import pytest

from common.actor import ANONYMOUS, SYSTEM, Actor
from partners import rules
from partners.choices import PartnerRole, VendorRoleName


def person(*, vendor=(), partner=()):
    return Actor("person", "user:1", "A", 1, frozenset(vendor), dict(partner))


def client(*scopes):
    return Actor("client", "client:1", "CRM", scopes=frozenset(scopes))


@pytest.mark.parametrize(
    ("actor", "capability", "partner_id", "allowed"),
    [
        (person(partner={7: "seller"}), "registration.create", 7, True),
        (person(partner={7: "seller"}), "registration.create", 8, False),
        (person(partner={7: "seller"}), "registration.create", None, True),
        (person(partner={7: "viewer", 8: "seller"}), "registration.create", 7, False),
        (person(partner={7: "viewer"}), "registration.create", None, False),
        (person(partner={7: "admin"}), "registration.review", 7, False),
        (person(partner={7: "seller"}), "statement.view", 7, False),
        (person(partner={7: "finance"}), "statement.view", 7, True),
        (person(vendor=["channel_manager"]), "registration.review", 7, True),
        (person(vendor=["direct_sales"]), "registration.review", None, False),
        (person(vendor=["ceo"]), "insights.view", None, True),
        (person(vendor=["channel_manager"]), "insights.view", None, False),
        (client("crm.write"), "crm.write", None, True),
        (client("crm.read"), "crm.write", None, False),
        (client("deals.write"), "registration.create", 7, True),
        (person(), "partner.view_all", None, False),
        (ANONYMOUS, "registration.view", 7, False),
        (SYSTEM, "payout.record", None, True),
    ],
)
def test_capabilities_are_held_by_role(actor, capability, partner_id, allowed):
    verdict = rules.may(actor, capability, partner_id)
    assert verdict.allowed is allowed
    assert allowed or verdict.codes == ("actor.not_permitted",)


def test_the_table_names_only_roles_that_exist():
    for capability in rules.CAPABILITIES.values():
        assert capability.partner_roles <= set(PartnerRole.values)
        assert capability.vendor_roles <= set(VendorRoleName.values)


@pytest.mark.parametrize(
    ("ends_on", "current"),
    [(None, False), (date(2026, 10, 13), False), (date(2026, 10, 14), False), (date(2026, 10, 15), True)],
)
def test_an_agreement_is_not_current_on_the_day_it_ends(ends_on, current):
    assert rules.agreement_is_current(ends_on, date(2026, 10, 14)) is current


def test_every_problem_of_a_partner_is_named_at_once():
    verdict = rules.partner_is_complete(name=" ", types=())
    assert {reason.field for reason in verdict.reasons} == {"name", "types"}
