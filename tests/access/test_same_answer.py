"""Every address that names an object answers a rival, a visitor and a machine without the right as if it did not exist.

The routes come from the URL resolver: one that names an object this table does not know fails the test.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from partners.models import Membership, User
from tests.access.objects import OWNER_TEXT
from tests.factories.partners import MembershipFactory, UserFactory, VendorRoleFactory
from tests.journeys.world import api_client

pytestmark = pytest.mark.django_db

# What each route's parameters name: kinds of `tests.access.objects`. Routes of libraries name no object of ours.
NAMED = {
    "partners:detail": {"public_id": "partner"},
    "tiers:partner": {"public_id": "partner"},
    **{f"tiers:{name}": {"public_id": "partner"} for name in ("override-new", "freeze-new", "review-now")},
    **{
        f"tiers:programme-{name}": {"public_id": "programme draft"}
        for name in ("draft", "edit", "copy", "publish", "discard")
    },
    "tiers:simulation-new": {"public_id": "programme draft"},
    **{f"tiers:simulation{what}": {"public_id": "simulation"} for what in ("", "-cancel", "-export")},
    "tiers:metric": {"code": "metric"},
    "api:tiers:partner-standing": {"public_id": "partner"},
    "tiers:override": {"public_id": "override"},
    "tiers:freeze": {"public_id": "freeze"},
    "deals:detail": {"public_id": "deal"},
    "deals:edit": {"public_id": "deal"},
    "deals:receipt": {"public_id": "deal"},
    "deals:review": {"public_id": "deal"},
    "deals:review-next": {"public_id": "deal"},
    "deals:review-ask": {"public_id": "deal"},
    "deals:review-assign": {"public_id": "deal"},
    "deals:answer": {"public_id": "asked"},
    "deals:happen": {"public_id": "deal", "event": "event"},
    "deals:together": {"public_id": "deal"},
    "deals:co-sell": {"public_id": "deal"},
    "deals:participation": {"public_id": "participation"},
    "deals:release-hold": {"public_id": "hold"},
    "distribution:happen": {"public_id": "distribution", "event": "distribution event"},
    "deals:appeal-new": {"public_id": "deal"},
    "deals:appeal": {"public_id": "appeal"},
    "deals:appeal-assign": {"public_id": "appeal"},
    "deals:breach": {"public_id": "breach"},
    "deals:breach-answer": {"public_id": "breach", "event": "breach event"},
    **{f"deals:{name}": {"public_id": "lead"} for name in ("lead", "lead-offer", "lead-close")},
    "deals:offer": {"public_id": "offer"},
    "deals:extension-answer": {"public_id": "extension"},
    "deals:change-settle": {"public_id": "change"},
    "deals:change-assign": {"public_id": "change"},
    "deals:change-withdraw": {"public_id": "change"},
    "deals:extend": {"public_id": "life"},
    "deals:change": {"public_id": "life"},
    "deals:stage": {"public_id": "life"},
    "deals:release": {"public_id": "life"},
    "deals:revoke": {"public_id": "life"},
    "deals:merge": {"kept": "customer", "lost": "customer"},
    "deals:comment": {"public_id": "life"},
    "deals:files": {"public_id": "life"},
    "deals:file": {"public_id": "life", "file_id": "file"},
    **{
        f"deals:{name}": {"public_id": "rulebook"}
        for name in ("rulebook", "rulebook-edit", "rulebook-publish", "rulebook-delete", "back-test-new")
    },
    "deals:back-test": {"public_id": "back test"},
    "deals:back-test-export": {"public_id": "back test"},
    **{f"deals:policy-{name}": {"kind": "list"} for name in ("list", "new", "import", "export", "example")},
    "deals:policy": {"kind": "list", "public_id": "grant"},
    "deals:policy-take-back": {"kind": "list", "public_id": "grant"},
    "notices:follow": {"public_id": "notice"},
    "notices:read": {"public_id": "notice"},
    "views:delete": {"public_id": "view"},
    "incentives:statement": {"public_id": "statement"},
    "incentives:line": {"public_id": "statement", "line_public_id": "line"},
    "incentives:take-back": {"public_id": "statement", "line_public_id": "line"},
    "api:crm:customer-detail": {"public_id": "customer"},
    "api:crm:product-detail": {"public_id": "product"},
    "api:crm:opportunity-detail": {"public_id": "opportunity"},
    "api:crm:sale-detail": {"public_id": "sale"},
    "api:deals:registration-detail": {"public_id": "deal"},
    "api:deals:registration-submit": {"public_id": "deal"},
    "api:deals:decision-list": {"public_id": "deal"},
    **{f"api:deals:registration-{verb}": {"public_id": "deal"} for verb in ("approve", "reject", "ask", "assign")},
    "api:deals:registration-answer": {"public_id": "asked"},
    "api:deals:participant-list": {"public_id": "deal"},
    "api:deals:co-sell-answer": {"public_id": "deal"},
    "api:deals:participation-detail": {"public_id": "participation"},
    "api:deals:participation-answer": {"public_id": "participation"},
    "api:deals:pencil-hold-detail": {"public_id": "hold"},
    "api:deals:appeal-detail": {"public_id": "appeal"},
    "api:deals:appeal-assign": {"public_id": "appeal"},
    "api:deals:change-assign": {"public_id": "change"},
    **{f"api:deals:lead-{what}": {"public_id": "lead"} for what in ("detail", "offer", "close")},
    **{f"api:deals:lead-offer-{what}": {"public_id": "offer"} for what in ("detail", "accept", "decline")},
    "api:deals:breach-detail": {"public_id": "breach"},
    "api:deals:breach-acknowledge": {"public_id": "breach"},
    "api:deals:breach-settle": {"public_id": "breach"},
    "api:deals:breach-reject": {"public_id": "breach"},
    "api:deals:registration-extend": {"public_id": "life"},
    "api:deals:registration-release": {"public_id": "life"},
    "api:deals:registration-revoke": {"public_id": "life"},
    "api:deals:registration-stage": {"public_id": "life"},
    "api:deals:extension-list": {"public_id": "life"},
    "api:deals:change-list": {"public_id": "life"},
    "api:deals:comment-list": {"public_id": "life"},
    "api:deals:attachment-list": {"public_id": "life"},
    "api:deals:attachment-detail": {"public_id": "life", "file_id": "file"},
    "api:deals:rulebook-detail": {"public_id": "published"},
    **{
        f"api:deals:{kind}-{what}": {"public_id": kind}
        for kind in ("named-accounts", "blocked-customers", "exclusive-grants", "authorisations")
        for what in ("detail", "end")
    },
    "api:incentives:statement-detail": {"public_id": "statement"},
    "api:tiers:programme-detail": {"number": "programme version"},
    **{f"api:tiers:override-{what}": {"public_id": "override"} for what in ("detail", "end", "withdraw")},
    **{f"api:tiers:freeze-{what}": {"public_id": "freeze"} for what in ("detail", "end")},
}
OF_LIBRARIES = ("admin/", "account/", "identity/", ".well-known/", "api/<path:rest>")
"""Signing in, the stock admin (vendor's administrators only) and the API's answer for an unknown address."""
POSTED = (
    *("deals:extension-answer", "deals:change-withdraw", "deals:stage", "deals:comment"),
    *("api:deals:registration-extend", "api:deals:registration-release", "api:deals:registration-revoke"),
    *("api:deals:registration-stage", "api:deals:registration-submit"),
    *("deals:review-next", "deals:review-ask", "deals:review-assign"),
    *(f"api:deals:registration-{verb}" for verb in ("approve", "reject", "ask", "assign", "answer")),
)
"""What can be done, and has no page of its own."""
VENDORS = (
    *("deals:lead", "deals:review", "deals:revoke", "deals:change-settle"),
    *("tiers:override", "tiers:freeze", "tiers:override-new", "tiers:freeze-new", "tiers:review-now"),
)
"""Pages that a partner's people have no part in."""
CHIEFS = (
    "deals:rulebook",
    "deals:back-test",
    "deals:policy",
    "deals:merge",
    "tiers:programme",
    "tiers:simulation",
    "tiers:metric",
)
"""Pages on which the channel chief works."""
ONE_PERSONS = ("notices:", "views:")
"""What belongs to one person and is missing for their colleagues too."""


@dataclass(frozen=True)
class Route:
    name: str
    path: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.path)

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    def address(self, ids: dict[str, str]) -> str:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids[NAMED[self.name][found[1]]], self.path)


def routes(patterns: list, prefix: str = "", space: str = "") -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if path.startswith(OF_LIBRARIES):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, path, inner)
        elif isinstance(pattern, URLPattern):
            yield Route(f"{space}{pattern.name}", path)


ROUTES = list(routes(get_resolver().url_patterns))
OBJECT_ROUTES = [route for route in ROUTES if route.parameters]


def browser_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def without_chance(body: bytes, ids: dict[str, str]) -> str:
    """The page without what differs by chance or repeats the address that was asked for."""
    text = body.decode()
    for pattern in (r'nonce="[^"]*"', r'csrfmiddlewaretoken" value="[^"]*"', r'(?i)csrf[^"]*":\s*"[^"]*"'):
        text = re.sub(pattern, "", text)
    for value in sorted(ids.values(), key=len, reverse=True):  # a short one may be part of a random one by chance
        text = text.replace(value, "…")
    return text


def answers(client: Client, route: Route, ids: dict[str, str]) -> list[tuple[int, str, str]]:
    found = []
    for method in ("get", "post", "put", "patch", "delete"):
        response = getattr(client, method)(route.address(ids))
        location = response.headers.get("Location", "")
        found.append(
            (response.status_code, without_chance(location.encode(), ids), without_chance(response.content, ids))
        )
    return found


def strangers(world) -> dict[str, Client]:
    gone = MembershipFactory(partner=world.partner, role="admin")
    Membership.objects.filter(pk=gone.pk).update(is_active=False)
    seen = {role: browser_of(MembershipFactory(partner=world.rival, role=role).user) for role in ("admin", "seller")}
    return seen | {"visitor": Client(), "nobody's user": browser_of(UserFactory()), "leaver": browser_of(gone.user)}


def missing(ids: dict[str, str]) -> dict[str, str]:
    return {kind: value[:-3] + "zzz" if "_" in value else value for kind, value in ids.items()}


def test_every_route_that_names_an_object_is_known():
    assert {route.name: set(route.parameters) for route in OBJECT_ROUTES} == {
        name: set(parameters) for name, parameters in NAMED.items()
    }


@pytest.mark.parametrize("route", OBJECT_ROUTES, ids=lambda route: route.name)
def test_a_foreign_object_is_a_missing_one(route, world, ids):
    for who, client in strangers(world).items():
        foreign, none = answers(client, route, ids), answers(client, route, missing(ids))
        assert foreign == none, who
        assert not any(OWNER_TEXT in body for _, _, body in foreign), who
        assert all(status in {302, 401, 404, 405} for status, _, _ in foreign), (who, foreign[0])


@pytest.mark.parametrize(
    "route", [route for route in OBJECT_ROUTES if route.name.startswith("api:")], ids=lambda r: r.name
)
def test_a_machine_without_the_scope_learns_nothing(route, ids):
    client = api_client("crm.read" if "crm" not in route.name else "deals.read")
    assert answers(client, route, ids) == answers(client, route, missing(ids))


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.parameters], ids=lambda route: route.name)
def test_pages_without_an_object_show_a_rival_nothing_of_the_owner(route, world, ids):
    for who, client in strangers(world).items():
        response = client.get("/" + route.path.replace("^", "").replace("$", ""))
        assert response.status_code in {200, 302, 401, 404, 405, 503}, (who, response.status_code)
        assert OWNER_TEXT not in response.content.decode(), who


def test_control_the_owner_sees_what_the_others_must_not(world, ids):
    """Were the objects not visible to anybody, the tests above would prove nothing."""
    owner = browser_of(MembershipFactory(partner=world.partner, role="admin").user)
    manager = browser_of(VendorRoleFactory(role="channel_manager").user)
    chief = browser_of(VendorRoleFactory(role="channel_chief").user)
    for route in OBJECT_ROUTES:
        if route.is_api or route.name in ("deals:happen", "deals:edit") or route.name.startswith(ONE_PERSONS):
            continue
        if route.name in POSTED:
            continue
        client = chief if route.name.startswith(CHIEFS) else manager if route.name in VENDORS else owner
        response = client.get(route.address(ids))
        assert response.status_code in (200, 405), route.name  # 405: it is only posted to
    assert OWNER_TEXT in owner.get(f"/deals/{ids['deal']}/").content.decode()
    machine = api_client("crm.read", "deals.read", "statements.read", "tiers.read")
    for route in OBJECT_ROUTES:
        if route.is_api and route.name not in POSTED:
            assert machine.get(route.address(ids)).status_code in (200, 405), route.name


def test_control_what_is_one_persons_is_there_for_that_person(world, ids):
    seller = browser_of(User.objects.get(email=world.emails["seller"]))
    for route in OBJECT_ROUTES:
        if route.name.startswith(ONE_PERSONS):
            assert seller.post(route.address(ids)).status_code == (405 if route.name == "notices:follow" else 302)
    assert seller.get(f"/notices/{ids['notice']}/").status_code == 302
    assert OWNER_TEXT in seller.get("/notices/").content.decode()


def test_control_a_page_that_forgets_the_scope_is_found(world, ids):
    """A deliberately open page: the comparison must tell a foreign object from a missing one."""
    manager = browser_of(VendorRoleFactory(role="channel_manager").user)
    (detail,) = [route for route in OBJECT_ROUTES if route.name == "deals:detail"]
    assert answers(manager, detail, ids) != answers(manager, detail, missing(ids))
