"""House rules about how large a thing may grow. The ceilings are here and nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house.tree import Tree, Violation

FILE_LINES = 400
TEST_FILE_LINES = 500
FUNCTION_LINES = 50
PARAMETERS = 6
TEMPLATE_LINES = 120
README_LINES = 40


def long_files(tree: Tree) -> Iterator[Violation]:
    """Past the ceiling a file becomes a package, split by noun."""
    for source in tree.sources:
        if not source.is_migration:
            is_test = source.package == "tests"
            ceiling = TEST_FILE_LINES if is_test else FILE_LINES
            yield from _over(tree, source.path, ceiling, "long-test-file" if is_test else "long-file")
    for path in tree.front_end():
        yield from _over(tree, path, FILE_LINES, "long-file")


def long_templates(tree: Tree) -> Iterator[Violation]:
    for path in tree.templates():
        yield from _over(tree, path, TEMPLATE_LINES, "long-template")


def long_readmes(tree: Tree) -> Iterator[Violation]:
    for package in tree.packages:
        readme = tree.root / package / "README.md"
        if readme.exists():
            yield from _over(tree, readme, README_LINES, "long-readme")


def long_functions(tree: Tree) -> Iterator[Violation]:
    for source in tree.sources:
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not source.is_migration:
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    message = f"`{node.name}` has {lines} lines, ceiling {FUNCTION_LINES}"
                    yield source.violation(node.lineno, "long-function", message)


def many_parameters(tree: Tree) -> Iterator[Violation]:
    for source in tree.sources:
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not source.is_migration:
                count = _parameter_count(node.args)
                if count > PARAMETERS:
                    message = f"`{node.name}` takes {count} parameters, ceiling {PARAMETERS}"
                    yield source.violation(node.lineno, "many-parameters", message)


def _parameter_count(arguments: ast.arguments) -> int:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    receivers = sum(argument.arg in ("self", "cls") for argument in named[:1])
    return len(named) - receivers + bool(arguments.vararg) + bool(arguments.kwarg)


def _over(tree: Tree, path: Path, ceiling: int, rule: str) -> Iterator[Violation]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > ceiling:
        place = path.relative_to(tree.root).as_posix()
        yield Violation(place, lines, rule, f"{lines} lines, ceiling {ceiling}")
