"""What every page's frame shows: the menu entries that the actor may open, unread news, the instant of the request."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from common.actor import ANONYMOUS, Actor
from partners import queries as partner_queries
from partners import rules
from partners.choices import VendorRoleName


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the menu: who may open it is one capability; some are for one side only."""

    label: Any
    icon: str
    route: str
    capability: str = ""
    side: str = "both"  # "partner", "vendor" or "both"


MENU: tuple[tuple[Any, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place(_("Home"), "home", "home"),
            Place(_("Dashboard"), "layout-dashboard", "insights:dashboard", "insights.view"),
        ),
    ),
    (
        _("Sell"),
        (
            Place(_("Review queue"), "inbox", "deals:queue", "registration.review", "vendor"),
            Place(_("Requests"), "hourglass", "deals:requests", "registration.review", "vendor"),
            Place(_("Deals"), "briefcase", "deals:list", "registration.view"),
            Place(_("Leads"), "send", "deals:leads", "lead.view", "vendor"),
            Place(_("Leads"), "send", "deals:offers", "lead.answer", "partner"),
            Place(_("Appeals"), "gavel", "deals:appeals", "registration.view"),
            Place(_("Breaches"), "shield-x", "deals:breaches", "breach.view"),
            Place(_("Sold together"), "heart-handshake", "deals:participations", "registration.view", "partner"),
            Place(_("Rules of engagement"), "scale", "deals:rules", "registration.view"),
            Place(_("Lists"), "list-check", "deals:policies", "policy.view", "vendor"),
            Place(_("Duplicates"), "users", "deals:duplicates", "customer.merge", "vendor"),
        ),
    ),
    (
        _("Grow and earn"),
        (
            Place(_("Your tier"), "medal", "tiers:standing", "tier.view", "partner"),
            Place(_("Programme"), "list-check", "tiers:programme", "tier.view"),
            Place(_("Tier board"), "trophy", "tiers:board", "tier.board", "vendor"),
            Place(_("Overrides"), "lock", "tiers:overrides", "tier.board", "vendor"),
            Place(_("Score book"), "columns", "tiers:scores", "score.view", "vendor"),
            Place(_("Statements"), "receipt-2", "incentives:statements", "statement.view"),
        ),
    ),
    (
        _("Channel"),
        (
            Place(_("Partners"), "building-community", "partners:list", "partner.view_all", "vendor"),
            Place(_("Your company"), "building", "partners:own", "tier.view", "partner"),
            Place(_("Distribution"), "users-group", "distribution:list", "distribution.manage", "partner"),
        ),
    ),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """``actor``, ``now``, ``menu``, ``affiliation`` and ``unread``; the last three are read only by pages that show the
    frame."""
    actor = getattr(request, "actor", ANONYMOUS)
    return {
        "actor": actor,
        "now": timezone.now(),
        "menu": SimpleLazyObject(lambda: menu_for(actor, request.path)),
        "affiliation": SimpleLazyObject(lambda: affiliation_of(actor)),
        "unread": SimpleLazyObject(lambda: unread_of(actor)),
    }


def menu_for(actor: Actor, path: str) -> list[dict[str, Any]]:
    """The groups that have an entry for this actor; the longest address that starts `path` is current."""
    if actor.kind == "anonymous":
        return []
    groups = [(label, [(place, _address(place)) for place in places if _shows(place, actor)]) for label, places in MENU]
    addresses = [url for _label, entries in groups for _place, url in entries if url and path.startswith(url)]
    current = max(addresses, key=len, default="")
    if current == "/" and path != "/":
        current = ""
    return [
        {
            "label": label,
            "entries": [
                {"label": place.label, "icon": place.icon, "url": url, "current": url == current}
                for place, url in entries
                if url
            ],
        }
        for label, entries in groups
        if any(url for _place, url in entries)
    ]


def affiliation_of(actor: Actor) -> str:
    """What stands below a person's name: the partner, or the role at the vendor."""
    if actor.vendor_roles:
        return ", ".join(str(VendorRoleName(role).label) for role in sorted(actor.vendor_roles))
    partner = partner_queries.home_partner_of(actor)
    return partner.name if partner else ""


def unread_of(actor: Actor) -> str:
    """The number on the bell; empty if there is nothing new."""
    count = partner_queries.unread_count(actor)
    return f"{partner_queries.MANY - 1}+" if count == partner_queries.MANY else str(count or "")


def _shows(place: Place, actor: Actor) -> bool:
    if place.side != "both" and (place.side == "vendor") != actor.is_vendor:
        return False
    if place.route == "home" and actor.vendor_roles == {"ceo"}:
        return False  # it leads to the dashboard
    return not place.capability or bool(rules.may(actor, place.capability))


def _address(place: Place) -> str:
    try:
        return reverse(place.route)
    except NoReverseMatch:
        return ""
