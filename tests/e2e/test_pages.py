"""Every page for every reader: accessible, within the security policy, in both themes, on a phone and on a desktop."""

import pytest

from tests.e2e.inspection import Inspector
from tests.e2e.pages import PLAIN, sights
from tests.e2e.world import World, busy_world, empty_world

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WINDOWS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def problems_of(reader: str, world: World, open_context, live_server, windows, folder: str = "") -> list[str]:
    found = []
    for width, theme in windows:
        context = open_context(world.users.get(reader), width=width, theme=theme)
        inspector = Inspector(context, live_server.url)
        for sight in sights(reader, world):
            inspector.inspect(sight, f"{reader}/{folder}{width}-{theme}")
        found += [f"{width} {theme} {problem}" for problem in inspector.problems]
    return found


@pytest.mark.parametrize("reader", PLAIN)
def test_pages_with_data(reader, open_context, live_server):
    assert problems_of(reader, busy_world(), open_context, live_server, WINDOWS) == []


@pytest.mark.parametrize("reader", [reader for reader in PLAIN if reader != "nobody"])
def test_pages_without_data(reader, open_context, live_server):
    assert problems_of(reader, empty_world(), open_context, live_server, [(390, "light")], "empty-") == []


def test_faults_are_found(open_context, live_server):
    """The control: a page with a picture without words, an inline style, an outside address and no width limit."""
    context = open_context()
    inspector = Inspector(context, live_server.url)
    fault = "<html lang='en'><title>x</title><main><h1>x</h1><img src='https://outside.invalid/x.png'>"
    policy = {"Content-Security-Policy": "default-src 'self'", "Content-Type": "text/html"}
    body = f"{fault}<p style='width:3000px'>x</p><script>1</script><div>{'x' * 4000}</div></main></html>"
    context.route("**/fault/", lambda route: route.fulfill(status=200, body=body, headers=policy))
    inspector.inspect(type("Fault", (), {"name": "fault", "address": "/fault/"})())
    found = "\n".join(inspector.problems)
    for expected in ("axe image-alt", "policy: style-src", "policy: script-src", "policy: img-src", "is wider"):
        assert expected in found
