"""A real Chromium in front of the program. Where none is installed, these tests are skipped with one line."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from partners.models import User

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
OpenContext = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install the package chromium to run the tests in a browser")
    if not (ROOT / "static/vendor/icons.svg").exists():
        pytest.fail("the front-end files are missing: run `make static`")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs a loop in this thread; the ORM is used beside it
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture
def open_context(browser: Browser, live_server: Any) -> Iterator[OpenContext]:
    """Opens a browser window of its own: ``open_context(user, width=390, theme="dark")``."""
    opened: list[BrowserContext] = []

    def open_one(user: User | None = None, *, width: int = 1440, theme: Any = "light") -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            locale="en-GB",
            reduced_motion="reduce",
        )
        opened.append(context)
        context.set_default_timeout(30_000)  # a machine that is busy with much else takes long, and is not wrong
        if user is not None:
            client = Client()
            client.force_login(user)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        return context

    yield open_one
    for context in opened:
        context.close()
