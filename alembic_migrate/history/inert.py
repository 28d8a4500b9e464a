"""Revision files that do nothing when they are imported but give names to functions and values.

Whether such a file is imported makes no difference to anybody but who calls its functions.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a revision imports that is there anyway, or does nothing either.
_NAMES = (
    "__future__ alembic collections datetime decimal enum json logging os re sqlalchemy textwrap "
    "typing uuid"
)
_KNOWN = frozenset(_NAMES.split())


def is_inert(tree: ast.Module) -> bool:
    """Tell whether importing a file calls nothing, and imports nothing of the project's own."""
    return all(map(_is_inert, tree.body))


def _is_inert(node: ast.stmt) -> bool:
    match node:
        case ast.Import(names=names):
            return all(_is_known(each.name) for each in names)
        case ast.ImportFrom(module=str(module), level=0):
            return _is_known(module)
        case ast.FunctionDef(decorator_list=[]) | ast.Assign() | ast.AnnAssign() | ast.Expr():
            return not any(_acts(each) for part in _evaluated(node) for each in ast.walk(part))
    return isinstance(node, ast.Pass)


def _is_known(module: str) -> bool:
    return module.partition(".")[0] in _KNOWN


def _evaluated(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield what of a statement is evaluated at once: of a function all but its body."""
    if isinstance(node, ast.FunctionDef):
        yield node.args
        if node.returns is not None:
            yield node.returns
    else:
        yield node


def _acts(node: ast.AST) -> bool:
    """Tell whether a node may do more than to make a value, or binds what is no plain name."""
    if isinstance(node, ast.Attribute | ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Call | ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom)
