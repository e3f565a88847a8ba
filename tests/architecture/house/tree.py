"""The source tree as the house rules see it: which files there are, what package and room each belongs to."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOMS = ("choices", "rules", "models", "queries", "actions")
DOORS = ("choices", "rules", "queries", "actions")
NOT_APPS = ("prm", "common")
BESIDE_PACKAGES = ("tests", "bench", "docker", "static")  # folders with Python in them that the program does not import


@dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One Python file. ``place`` is its path below the root: ``("deals", "actions", "reviews.py")``."""

    root: Path
    path: Path

    @property
    def place(self) -> tuple[str, ...]:
        return self.path.relative_to(self.root).parts

    @property
    def package(self) -> str:
        return self.place[0] if len(self.place) > 1 else ""

    @property
    def room(self) -> str:
        """``actions`` for both ``deals/actions.py`` and ``deals/actions/reviews.py``."""
        return self.place[1].removesuffix(".py") if len(self.place) > 1 else ""

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.place

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(ast.parse(self.text, filename=str(self.path))))

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Every imported dotted name with its line; ``from a import b`` is ``a.b``."""
        return tuple(imported_names(self.nodes))

    def violation(self, line: int, rule: str, message: str) -> Violation:
        return Violation("/".join(self.place), line, rule, message)


@dataclass(frozen=True)
class Tree:
    root: Path

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The root packages that the import contracts cover."""
        configuration = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        return tuple(configuration["tool"]["importlinter"]["root_packages"])

    @property
    def apps(self) -> tuple[str, ...]:
        return tuple(package for package in self.packages if package not in NOT_APPS)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        folders = (*self.packages, *BESIDE_PACKAGES)
        files = [*self.root.glob("*.py"), *(path for folder in folders for path in self._files(folder, "*.py"))]
        return tuple(Source(self.root, path) for path in sorted(files))

    @property
    def program(self) -> tuple[Source, ...]:
        """The sources of the program itself, without tests, benchmarks and scripts."""
        return tuple(source for source in self.sources if source.package in self.packages)

    @property
    def python_folders(self) -> tuple[str, ...]:
        folders = (path for path in self.root.iterdir() if path.is_dir() and not path.name.startswith("."))
        return tuple(sorted(path.name for path in folders if any(path.glob("*.py"))))

    def templates(self) -> Iterator[Path]:
        yield from self._files("templates", "*.*")

    def front_end(self) -> Iterator[Path]:
        """Scripts and styles of our own; `static/vendor` is made by `make static`."""
        for path in (*self._files("static", "*.js"), *self._files("static", "*.css")):
            if "vendor" not in path.relative_to(self.root).parts:
                yield path

    def _files(self, folder: str, pattern: str) -> Iterator[Path]:
        yield from sorted((self.root / folder).rglob(pattern))


def imported_names(nodes: tuple[ast.AST, ...]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module or ''}.{alias.name}", node.lineno) for alias in node.names)
