"""What is wrong with a page, in lines that can be read."""

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page

from tests.e2e.pages import Sight

PICTURES = Path(__file__).resolve().parents[2] / "var" / "screenshots"
WATCH = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI);
});
"""
FRAME = "new Promise(requestAnimationFrame)"
PAINTED = f"document.fonts.ready.then(() => {FRAME}).then(() => {FRAME})"  # what watches sizes has acted, too
VIOLATIONS = "axe.run({resultTypes: ['violations']}).then((found) => found.violations)"


def take_picture(page: Page, name: str) -> None:
    """For people, where ``PRM_PICTURES`` asks for them: no check needs one."""
    if os.environ.get("PRM_PICTURES"):
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


class Inspector:
    """Opens pages of one window and collects everything a reader or their browser would complain about."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.problems: list[str] = []
        self._base_url = base_url
        self._sight = ""
        self.page: Page = context.new_page()
        self.page.add_init_script(WATCH)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._note(f"script failed: {error}"))
        self.page.on("request", self._on_request)

    def inspect(self, sight: Sight, picture: str = "") -> None:
        self._sight = sight.name
        response = self.page.goto(sight.address)
        self.page.evaluate(PAINTED)
        if response is None or response.status != 200:
            self._note(f"answered {response and response.status}")
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            self._note("is wider than the window")
        if picture:
            take_picture(self.page, f"{picture}/{sight.name}")
        self.check_accessibility()

    def check_accessibility(self) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        for violation in self.page.evaluate(VIOLATIONS):
            places = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            self._note(f"axe {violation['id']} ({violation['impact']}): {places}")

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self._sight}: {problem}")

    def _on_console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console: {message.text}")

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith((self._base_url, "data:")):
            self._note(f"asks an outside host: {request.url}")
