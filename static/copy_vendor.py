"""Copies the front-end files that pages use from ``node_modules`` into the git-ignored ``static/vendor``.

Needs nothing but Python. The icons named in ``static/icons.txt`` become one SVG sprite: a page says
``<c-icon name="clock" />`` and the browser loads the sprite once.
"""

import re
import shutil
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parent
MODULES = STATIC.parent / "node_modules"
VENDOR = STATIC / "vendor"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "chart.js/dist/chart.umd.min.js": "chart.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
}
SOURCE_MAP = re.compile(
    r"^\s*(/\*|//)# sourceMappingURL=.*$", re.MULTILINE
)  # the map is not copied: hashing would miss it
SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
NO_SHAPE = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def copy_files() -> None:
    for source, target in FILES.items():
        path = MODULES / source
        if path.suffix in {".css", ".js"}:
            (VENDOR / target).write_text(SOURCE_MAP.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(path, VENDOR / target)


def sprite(names: list[str]) -> str:
    """One ``<symbol>`` for each icon name; a name that does not exist stops with FileNotFoundError."""
    symbols = []
    for name in names:
        icon = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text(encoding="utf-8")
        found = SHAPES.search(icon)
        if found is None:
            raise ValueError(f"no shapes in the icon {name}")
        shapes = " ".join(NO_SHAPE.sub("", found.group(1)).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> int:
    if not MODULES.is_dir():
        print("node_modules is missing: run `make static`, or `npm ci --ignore-scripts` first", file=sys.stderr)
        return 1
    VENDOR.mkdir(exist_ok=True)
    copy_files()
    names = (STATIC / "icons.txt").read_text(encoding="utf-8").split()
    (VENDOR / "icons.svg").write_text(sprite(names), encoding="utf-8")
    print(f"{len(FILES)} files and {len(names)} icons are in {VENDOR.relative_to(STATIC.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
