"""ADB504: mapped classes of the application are used in a revision."""

from __future__ import annotations

import ast
import importlib.util
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.source import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured

# Functions and methods whose arguments are mapped classes, their columns or their instances.
_TAKING = frozenset(
    {"add", "add_all", "aliased", "bulk_insert_mappings", "bulk_save_objects", "delete", "get"}
    | {"insert", "merge", "query", "select", "update"}
)
_ATTRIBUTES = frozenset({"__table__", "__mapper__", "metadata", "query"})
_INSTALLED = ("site-packages", "dist-packages")


def _look(captured: Captured) -> Iterator[Spot]:
    source = read(captured.file)
    if source is None:
        return
    imported = _imported(source.tree)
    seen: set[str] = set()
    uses = (use for node in ast.walk(source.tree) for use in _uses(node))
    for name, line in sorted(uses, key=lambda use: use[1]):
        module = imported.get(name.split(".")[0])
        if module is None or name in seen:
            continue
        seen.add(name)
        short = name.split(".")[-1]
        yield Spot(
            line,
            f"{name} of {module} is the class of today: once a later revision changes its table, "
            "this one fails on every new database",
            f'{short.lower()} = sa.table("...", sa.column("id"))  # with the columns used here',
        )


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return the names that a file imports from its own project, with their modules."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if node.level or not _is_foreign(module.split(".")[0]):
                found |= {alias.asname or alias.name: module for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if not _is_foreign(alias.name.split(".")[0]):
                    found[alias.asname or alias.name.split(".")[0]] = alias.name
    return found


@lru_cache(maxsize=1024)
def _is_foreign(package: str) -> bool:
    """Tell whether a package is Python's own or an installed one."""
    if package in sys.stdlib_module_names:
        return True
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError, AttributeError):
        return False
    return spec is not None and any(part in (spec.origin or "") for part in _INSTALLED)


def _uses(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the names that are used as mapped classes here, with their lines."""
    if isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
        yield from _named(node.value)
    if isinstance(node, ast.Call) and _called(node.func) in _TAKING:
        for argument in node.args:
            yield from _classes(argument)


def _classes(argument: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(argument, ast.List | ast.Tuple):
        for each in argument.elts:
            yield from _classes(each)
        return
    yield from _named(argument.func if isinstance(argument, ast.Call) else argument)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _named(node: ast.expr) -> Iterator[tuple[str, int]]:
    """Yield the class in a name: of ``User``, of ``User.id``; ``models.User`` with its module."""
    parts: list[str] = []
    line = node.lineno
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
        path = parts[::-1]
        last = next((i for i, part in enumerate(path) if part[:1].isupper()), None)
        if last is not None:
            yield ".".join(path[: last + 1]), line


RULE = Rule(
    code="ADB504",
    name="application-model",
    category="craft",
    summary="A mapped class of the application is used in a revision.",
    why="""
A revision is about the schema of its day, the class about that of today. Once the class has a
column that a later revision adds, this one fails wherever the history runs from the start: in
tests, on a new machine, for a new tenant. Write the table and the columns that the revision needs
into it. Types of the application in `sa.Column` are another matter, and are not reported.
""",
    look=_look,
    bad="""
from app.models import User


def upgrade():
    op.execute(sa.update(User).values(active=True))


def downgrade():
    op.execute("UPDATE users SET active = NULL")
""",
    good="""
users = sa.table("users", sa.column("active", sa.Boolean))


def upgrade():
    op.execute(sa.update(users).values(active=True))


def downgrade():
    op.execute("UPDATE users SET active = NULL")
""",
)
