"""House rules about which packages and rooms there are."""

from collections.abc import Iterator

from tests.architecture.house.tree import BESIDE_PACKAGES, ROOMS, Tree, Violation


def unlisted_packages(tree: Tree) -> Iterator[Violation]:
    """A package that the import contracts do not list could import whatever it likes."""
    for folder in tree.python_folders:
        if folder not in (*tree.packages, *BESIDE_PACKAGES):
            yield Violation(folder, 1, "unlisted-package", "list it in the import contracts of pyproject.toml")


def missing_readmes(tree: Tree) -> Iterator[Violation]:
    for package in tree.packages:
        if not (tree.root / package / "README.md").exists():
            yield Violation(package, 1, "missing-readme", "say what it owns, promises and must not do")


def missing_rooms(tree: Tree) -> Iterator[Violation]:
    """An app that remembers has every room; one that only reads has queries."""
    for app in tree.apps:
        wanted = ROOMS if _has_room(tree, app, "models") else ("queries",)
        for room in wanted:
            if not _has_room(tree, app, room):
                yield Violation(app, 1, "missing-room", f"no {room}.py and no {room}/")


def rooms_without_init(tree: Tree) -> Iterator[Violation]:
    """Without ``__init__.py`` a folder is invisible to the import contracts."""
    for folder in sorted({source.path.parent for source in tree.program}):
        if not (folder / "__init__.py").exists():
            place = folder.relative_to(tree.root).as_posix()
            yield Violation(place, 1, "missing-init", "the import contracts do not see it")


def re_exports(tree: Tree) -> Iterator[Violation]:
    """A room that became a package is entered by its nouns: its ``__init__.py`` imports nothing."""
    for source in tree.program:
        if source.place[-1] == "__init__.py" and source.room in ROOMS and source.room != "models":
            for name, line in source.imports:
                yield source.violation(line, "re-export", f"`{name}`: import it from where it is")


def _has_room(tree: Tree, app: str, room: str) -> bool:
    return (tree.root / app / f"{room}.py").exists() or (tree.root / app / room / "__init__.py").exists()
