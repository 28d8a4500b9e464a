"""Whose environment script a folder has: told from its text, without running it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

EnvironmentKind = Literal["builtin", "own", "ancestor", "flask"]


def kind_of(env_file: Path) -> EnvironmentKind:
    """Tell whose environment script a file is, without running it.

    ``builtin`` is the thin one that ``init`` writes, as long as it does nothing else.
    """
    try:
        tree = ast.parse(env_file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return "own"
    imported = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    if ("flask", "current_app") in imported:
        return "flask"
    if ("alembic_migrate.cli", "get_base") in imported:
        return "ancestor"
    return "builtin" if _is_thin(tree) else "own"


def _is_thin(tree: ast.Module) -> bool:
    body = [node for node in tree.body if not _is_docstring(node)]
    if len(body) != 2:  # noqa: PLR2004 - one import, one call
        return False
    imports, call = body
    return (
        isinstance(imports, ast.ImportFrom)
        and imports.module == "alembic_migrate.environment"
        and isinstance(call, ast.Expr)
        and ast.unparse(call) == "run_migrations()"
    )


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
