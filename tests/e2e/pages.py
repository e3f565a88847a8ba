"""The pages that a real browser looks at, by who reads them. A new page is one line here."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from tests.e2e.world import World


@dataclass(frozen=True)
class Sight:
    """One page as one reader sees it. `name` is also the name of its picture."""

    name: str
    address: str


def sights(reader: str, world: World) -> Iterator[Sight]:
    """Everything this reader may open. Worlds without data have no objects to open: their lists are empty."""
    for name, address in PLAIN[reader].items():
        yield Sight(name, reverse(address))
    for name, (address, ids) in world.objects.get(reader, {}).items():
        yield Sight(name, reverse(address, args=ids))


_NEWS = {"notices": "notices:list", "told": "notices:preferences"}
_ACCOUNT = {
    "password": "account_change_password",
    "two-factor": "mfa_index",
    "devices": "usersessions_list",
    "e-mail": "account_email",
}

PLAIN: dict[str, dict[str, str]] = {
    "nobody": {"sign-in": "account_login", "password-reset": "account_reset_password"},
    "partner-admin": {
        "home": "home",
        "deals": "deals:list",
        "new-deal": "deals:new",
        "new-deals-from-a-file": "deals:import",
        "leads": "deals:offers",
        "sold-together": "deals:participations",
        "distribution": "distribution:list",
        "appeals": "deals:appeals",
        "breaches": "deals:breaches",
        "precedents": "deals:precedents",
        "rules": "deals:rules",
        "tier": "tiers:standing",
        "programme": "tiers:programme",
        "statements": "incentives:statements",
        **_NEWS,
        **_ACCOUNT,
    },
    "channel-manager": {
        "home": "home",
        "queue": "deals:queue",
        "load": "deals:queue-load",
        "requests": "deals:requests",
        "deals": "deals:list",
        "leads": "deals:leads",
        "new-lead": "deals:lead-new",
        "appeals": "deals:appeals",
        "breaches": "deals:breaches",
        "rules": "deals:rules",
        "tier-board": "tiers:board",
        "overrides": "tiers:overrides",
        "tiers-over-time": "tiers:board-over-time",
        "demotion-notices": "tiers:board-notices",
        "partners": "partners:list",
        "components": "design",
        **_NEWS,
    },
    "channel-chief": {
        "rules": "deals:rules",
        "versions": "deals:rulebooks",
        "lists": "deals:policies",
        "duplicates": "deals:duplicates",
        "score-book": "tiers:scores",
        "credits-from-a-file": "tiers:score-import",
        "metrics": "tiers:metrics",
        "new-metric": "tiers:metric-new",
        "programme": "tiers:programme",
        "programme-new": "tiers:programme-new",
    },
    "finance": {"home": "home", "statements": "incentives:statements", "partners": "partners:list"},
    "ceo": {"dashboard": "insights:dashboard", "sales": "insights:sales", "answers": "insights:answers"},
}
