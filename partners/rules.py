"""Who may do what: one table of capabilities, for people of partners, vendor staff and API clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common.actor import Actor
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal


@dataclass(frozen=True, slots=True)
class Capability:
    """Who holds it: roles within the partner concerned, roles of the vendor's staff, scopes of its API clients."""

    partner_roles: frozenset[str] = frozenset()
    vendor_roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()


def _held_by(partner: str = "", vendor: str = "", scopes: str = "") -> Capability:
    return Capability(frozenset(partner.split()), frozenset(vendor.split()), frozenset(scopes.split()))


_STAFF = "channel_manager channel_chief finance direct_sales ceo admin"

CAPABILITIES: dict[str, Capability] = {
    "partner.view_all": _held_by(vendor=_STAFF),
    "partner.edit": _held_by(vendor="channel_chief admin"),
    "registration.view": _held_by(
        "admin seller finance viewer", "channel_manager channel_chief ceo admin", "deals.read"
    ),
    "registration.create": _held_by("admin seller", scopes="deals.write"),
    "registration.review": _held_by(vendor="channel_manager channel_chief"),
    "registration.close": _held_by("admin seller", "channel_manager channel_chief", "deals.write"),
    "rulebook.publish": _held_by(vendor="channel_chief"),
    "tier.view": _held_by("admin seller finance viewer", _STAFF),
    "statement.view": _held_by("admin finance", "finance channel_chief ceo admin", "statements.read"),
    "plan.publish": _held_by(vendor="finance channel_chief"),
    "payout.record": _held_by(vendor="finance"),
    "crm.write": _held_by(vendor="admin", scopes="crm.write"),
    "insights.view": _held_by(vendor="ceo channel_chief"),
}


def may(actor: Actor, capability: str, partner_id: int | None = None) -> Verdict:
    """Whether the actor holds the capability; for a partner's people only within that partner.

    `partner_id` None asks whether the actor holds it anywhere (to show a menu entry). The program itself may do
    everything. Refuses with ``actor.not_permitted``.
    """
    held = CAPABILITIES[capability]
    roles = actor.partner_roles
    here = set(roles.values()) if partner_id is None else {roles.get(partner_id, "")}
    holds = here & held.partner_roles or actor.vendor_roles & held.vendor_roles or actor.scopes & held.scopes
    return ALLOWED if holds or actor.kind == "system" else refusal("actor.not_permitted")


@dataclass(frozen=True, slots=True)
class StandingFacts:
    """Whether a partner may take part on a day: its status, its agreement, its credit."""

    status: str
    agreement_current: bool
    credit_hold: bool


def agreement_is_current(ends_on: date | None, day: date) -> bool:
    """Half-open: on the day it ends it is no longer current. None: no agreement signed."""
    return ends_on is not None and day < ends_on


def partner_is_complete(*, name: str, types: Sequence[str]) -> Verdict:
    return objections(
        [
            None if name.strip() else Reason("partner.name_missing", field="name"),
            None if types else Reason("partner.types_missing", field="types"),
        ]
    )
