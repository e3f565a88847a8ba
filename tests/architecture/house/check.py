"""All house rules over one tree. Also a command: ``python -m tests.architecture.house.check``."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.architecture.house import rooms, sizes, sources
from tests.architecture.house.tree import Tree, Violation

RULES: tuple[Callable[[Tree], Iterator[Violation]], ...] = (
    rooms.missing_readmes,
    rooms.missing_rooms,
    rooms.re_exports,
    rooms.rooms_without_init,
    rooms.unlisted_packages,
    sizes.long_files,
    sizes.long_functions,
    sizes.long_readmes,
    sizes.long_templates,
    sizes.many_parameters,
    sources.doors,
    sources.engine_wheels,
    sources.float_money,
    sources.forbidden_names,
    sources.guarded_columns,
    sources.inner_imports,
    sources.own_signals,
    sources.private_models,
    sources.star_imports,
    sources.writers,
)


def violations(root: Path) -> list[Violation]:
    tree = Tree(root)
    return sorted(violation for rule in RULES for violation in rule(tree))


if __name__ == "__main__":
    found = violations(Path(__file__).resolve().parents[3])
    sys.stdout.writelines(f"{violation}\n" for violation in found)
    sys.exit(bool(found))
