"""Who may do what: one table of capabilities, for people of partners, vendor staff and API clients.

And whether a notice is told and a view of a list can be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode

from common.actor import Actor
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from partners.choices import EmailWhen, PartnerStatus, PartnerType

MAIL_PATIENCE = timedelta(hours=1)  # what could not be mailed at once for so long goes into the daily summary

VIEW_NAME_LENGTH = 80
VIEW_QUERY_LENGTH = 2000
VIEWS_PER_PAGE = 30
PLACES = frozenset({"after", "page"})  # where in a list somebody is; no part of a selection


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
    "distribution.manage": _held_by("admin"),
    "registration.view": _held_by(
        "admin seller finance viewer", "channel_manager channel_chief ceo admin", "deals.read"
    ),
    "registration.create": _held_by("admin seller", scopes="deals.write"),
    "registration.review": _held_by(vendor="channel_manager channel_chief", scopes="deals.review"),
    "registration.maintain": _held_by("admin seller", scopes="deals.write"),
    "registration.revoke": _held_by(vendor="channel_manager channel_chief", scopes="deals.write"),
    "registration.comment": _held_by("admin seller finance", "channel_manager channel_chief", "deals.write"),
    "registration.close": _held_by("admin seller", "channel_manager channel_chief", "deals.write"),
    "appeal.file": _held_by("admin seller", scopes="deals.write"),
    "appeal.judge": _held_by(vendor="channel_manager channel_chief"),
    "breach.view": _held_by(
        "admin seller finance viewer", "channel_manager channel_chief finance ceo admin", "deals.read"
    ),
    "breach.acknowledge": _held_by(vendor="channel_chief", scopes="deals.write"),
    "breach.settle": _held_by(vendor="channel_chief finance", scopes="deals.write"),
    "lead.view": _held_by(vendor="channel_manager channel_chief", scopes="deals.read"),
    "lead.manage": _held_by(vendor="channel_manager channel_chief", scopes="deals.write"),
    "lead.answer": _held_by("admin seller"),
    "participation.answer_direct": _held_by(vendor="direct_sales channel_manager channel_chief", scopes="deals.write"),
    "rulebook.publish": _held_by(vendor="channel_chief"),
    "rulebook.draft": _held_by(vendor="channel_manager channel_chief"),  # to read drafts and their back-tests
    "policy.view": _held_by(vendor="channel_manager channel_chief ceo admin", scopes="deals.read"),
    "policy.edit": _held_by(vendor="channel_chief", scopes="deals.write"),
    "tier.view": _held_by("admin seller finance viewer", _STAFF, "tiers.read"),
    "tier.board": _held_by(vendor="channel_manager channel_chief ceo admin finance", scopes="tiers.read"),
    "tier.override": _held_by(vendor="channel_manager channel_chief", scopes="tiers.write"),
    "tier.override_approve": _held_by(vendor="channel_chief ceo"),  # for the second person
    "programme.draft": _held_by(vendor="channel_manager channel_chief"),
    "programme.publish": _held_by(vendor="channel_chief"),
    "score.view": _held_by(vendor="channel_manager channel_chief finance ceo admin", scopes="tiers.read"),
    "score.credit": _held_by(vendor="channel_chief admin", scopes="tiers.write"),
    "statement.view": _held_by("admin finance", "finance channel_chief ceo admin", "statements.read"),
    "plan.publish": _held_by(vendor="finance channel_chief"),
    "payout.record": _held_by(vendor="finance"),
    "make_good.reverse": _held_by(vendor="finance"),
    "customer.merge": _held_by(vendor="channel_chief admin"),
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


@dataclass(frozen=True, slots=True)
class NoticeWish:
    """How somebody wants to hear of a kind of news."""

    in_portal: bool
    email: str  # of `choices.EmailWhen`

    @property
    def is_told(self) -> bool:
        return self.in_portal or self.email != EmailWhen.OFF


def kept_query(query: str) -> str:
    """What of a URL's query a saved view keeps: its order, without what is empty and without the place in the list."""
    pairs = parse_qsl(query, encoding="utf-8", errors="strict", max_num_fields=100)
    return urlencode([(name, value) for name, value in pairs if name not in PLACES])


def view_is_sound(*, name: str, query: str) -> Verdict:
    """A view's name is one line that can be read; its query can be typed into the address bar."""
    return objections(
        [
            None if name else Reason("view.name_missing", field="name"),
            None
            if len(name) <= VIEW_NAME_LENGTH and name.isprintable()
            else Reason("view.name_invalid", {"limit": VIEW_NAME_LENGTH}, "name"),
            None if _is_typed(query) else Reason("view.query_invalid", field="query"),
        ]
    )


def _is_typed(query: str) -> bool:
    try:
        kept = kept_query(query)
        readable = "".join(value for _name, value in parse_qsl(kept, errors="strict")).isprintable()
    except ValueError:  # too many fields, or bytes that are no text
        return False
    return readable and len(kept) <= VIEW_QUERY_LENGTH


def may_share_views(actor: Actor) -> Verdict:
    """The vendor's people share with each other, a partner's with their own company's."""
    return ALLOWED if actor.vendor_roles or actor.partner_ids else refusal("actor.not_permitted")


def may_distribute(types: Sequence[str], status: str) -> Verdict:
    """Whether a partner may ask others to let it register their deals."""
    is_distributor = PartnerType.DISTRIBUTOR in types and status == PartnerStatus.ACTIVE
    return ALLOWED if is_distributor else refusal("distribution.no_distributor")


def distribution_is_live(starts_on: date | None, ends_on: date | None, day: date) -> bool:
    """Half-open: on the day on which it ends it is no longer live. Without a first day it was never agreed to."""
    return starts_on is not None and starts_on <= day and (ends_on is None or day < ends_on)
