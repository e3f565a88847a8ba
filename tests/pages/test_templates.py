"""Rules that every template keeps, read from the files themselves."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "static"
COMPONENTS = {path.stem.replace("_", "-") for path in (ROOT / "templates/cotton").glob("*.html")}
ICONS = set((STATIC / "icons.txt").read_text().split())

FORBIDDEN = {
    "inline style": re.compile(r"<[^>{%]*\sstyle\s*=|<style\b", re.IGNORECASE),
    "inline handler": re.compile(r"\s(on[a-z]+|hx-on[:a-z-]*)\s*=\s*[\"']", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\b(src=|type=\"application/json\"))", re.IGNORECASE),
    "outside address": re.compile(r"\b(src|href|action)=[\"'](https?:)?//", re.IGNORECASE),
    "script that is not loaded": re.compile(r"data-bs-(?!theme)"),
    "badge of low contrast": re.compile(r"class=[\"'][^\"']*\b(badge|[a-z]+-lt)\b"),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


def violations(text: str) -> list[str]:
    return [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_nothing_that_the_security_policy_blocks(path):
    assert violations(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<p style="color:red">', "inline style"),
        ("<style>p {}</style>", "inline style"),
        ('<a onclick="go()">', "inline handler"),
        ('<a hx-on:click="go()">', "inline handler"),
        ("<script>go()</script>", "inline script"),
        ('<script src="https://cdn.example/x.js">', "outside address"),
        ('<button data-bs-toggle="dropdown">', "script that is not loaded"),
        ('<span class="badge bg-green-lt">', "badge of low contrast"),
    ],
)
def test_each_rule_catches_its_fault(text, name):
    assert name in violations(text)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_components_and_icons_exist(path):
    text = path.read_text()
    used = set(re.findall(r"<c-([a-z-]+)", text)) - {"slot", "vars"}
    assert used <= COMPONENTS
    assert set(re.findall(r"<c-icon name=\"([a-z0-9-]+)\"", text)) <= ICONS
    assert set(re.findall(r"\bicon=\"([a-z0-9-]+)\"", text)) <= ICONS


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_static_files_exist(path):
    for name in re.findall(r"{%\s*static\s+['\"]([^'\"]+)['\"]", path.read_text()):
        assert name.startswith("vendor/") or (STATIC / name).exists(), name


def test_every_component_is_described():
    described = (ROOT / "docs/how-to/add-a-page.md").read_text()
    assert sorted(name for name in COMPONENTS if f"`c-{name}`" not in described) == []


def test_every_component_is_on_the_living_page():
    shown = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html") if "home/design" in str(path))
    inside = {"field", "errors", "icon"}  # parts of other components
    assert sorted(name for name in COMPONENTS - inside if f"<c-{name}" not in shown) == []
