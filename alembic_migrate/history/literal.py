"""Revisions that do the same on every database: calls of ``op`` with literal arguments alone.

They are read as text and never run. Whatever is not known here for certain is not literal.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# None of these asks the database, and none of them can be told by anything but its arguments.
OPERATIONS = frozenset(
    {
        "add_column",
        "alter_column",
        "create_check_constraint",
        "create_exclude_constraint",
        "create_foreign_key",
        "create_index",
        "create_primary_key",
        "create_table",
        "create_table_comment",
        "create_unique_constraint",
        "drop_column",
        "drop_constraint",
        "drop_index",
        "drop_table",
        "drop_table_comment",
        "execute",
        "rename_table",
    }
)
_SCHEMA = (
    "CheckConstraint Column Computed FetchedValue ForeignKey ForeignKeyConstraint Identity Index "
    "PrimaryKeyConstraint UniqueConstraint"
)
_TYPES = (
    "ARRAY BIGINT BINARY BLOB BOOLEAN CHAR CLOB DATE DATETIME DECIMAL DOUBLE DOUBLE_PRECISION "
    "FLOAT INT INTEGER JSON NCHAR NUMERIC NVARCHAR REAL SMALLINT TEXT TIME TIMESTAMP UUID "
    "VARBINARY VARCHAR BigInteger Boolean Date DateTime Double Float Integer Interval LargeBinary "
    "Numeric SmallInteger String Text Time Unicode UnicodeText Uuid"
)
_EXPRESSIONS = "column literal_column text"
_CONSTANTS = "false null true"
# Of SQLAlchemy's names: no Enum, whose own statements depend on what is there already.
_SQLALCHEMY = frozenset(f"{_SCHEMA} {_TYPES} {_EXPRESSIONS} {_CONSTANTS}".split())
_DIALECTS = frozenset({"mysql", "postgresql", "sqlite"})
_NOT_OF_DIALECTS = frozenset({"DOMAIN", "ENUM", "CreateEnumType", "DropEnumType"})
_IMPORTED = {("alembic", "op"), *(("sqlalchemy.dialects", name) for name in _DIALECTS)}


def is_literal_file(path: Path) -> bool:
    """Tell whether a file is a revision of which ``is_literal`` holds."""
    try:
        return path.suffix == ".py" and is_literal(path.read_bytes())
    except OSError:
        return False


def is_literal(source: str | bytes) -> bool:
    """Tell whether ``upgrade()`` of a revision is calls of ``op`` with literal arguments alone.

    Args:
        source: the text of its file.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    if not all(_is_plain(node) for node in tree.body):
        return False
    names = _imported_once(tree)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    upgrades = [node for node in functions if node.name == "upgrade"]
    if len(upgrades) != 1 or "op" not in names or _bindings(tree)["upgrade"] != 1:
        return False
    read = _Reader(names)
    return all(read.is_call(node) for node in upgrades[0].body)


def _is_plain(node: ast.stmt) -> bool:
    """Tell whether a statement of the module does nothing but to define or to import."""
    if isinstance(node, ast.FunctionDef):
        given = node.args
        some = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
        return not node.decorator_list and not any(some)
    if isinstance(node, ast.ImportFrom):
        return all(alias.name != "*" for alias in node.names)
    if isinstance(node, ast.Assign):
        names = all(isinstance(each, ast.Name) for each in node.targets)
        return names and _is_value(node.value)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and (node.value is None or _is_value(node.value))
    return isinstance(node, ast.Import) or (isinstance(node, ast.Expr) and _is_value(node.value))


def _is_value(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _imported_once(tree: ast.Module) -> set[str]:
    """Return those of the known names that the module imports, and that nothing else binds."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            plain = {(each.name, each.asname) for each in node.names}
            found |= {"sa"} if ("sqlalchemy", "sa") in plain else set()
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {
                each.name
                for each in node.names
                if each.asname is None and (node.module, each.name) in _IMPORTED
            }
    bound = _bindings(tree)
    return {name for name in found if bound[name] == 1}


def _bindings(tree: ast.Module) -> Counter[str]:
    """Return how often each name is bound, anywhere in a module; attributes of names, too."""
    return Counter(name for node in ast.walk(tree) for name in _bound_by(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        root: ast.AST = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            yield root.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name


class _Reader:
    """Reads what ``upgrade()`` does.

    Args:
        names: those of the known names that are imported.
    """

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def is_call(self, node: ast.stmt) -> bool:
        """Tell whether a statement is a literal call of ``op``, or nothing at all."""
        if isinstance(node, ast.Pass):
            return True
        if not isinstance(node, ast.Expr):
            return False
        call = node.value
        if isinstance(call, ast.Constant):
            return isinstance(call.value, str)  # a docstring
        return (
            isinstance(call, ast.Call)
            and self._attribute_of(call.func, {"op"}) in OPERATIONS
            and self._are_literal(call)
        )

    def _are_literal(self, call: ast.Call) -> bool:
        # **given; and what changes the connection, not the statement.
        named = all(each.arg not in {None, "execution_options"} for each in call.keywords)
        return named and self._all((*call.args, *(each.value for each in call.keywords)))

    def _all(self, nodes: Iterable[ast.expr | None]) -> bool:
        return all(node is not None and self._is_literal(node) for node in nodes)

    def _is_literal(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
        if isinstance(node, ast.Tuple | ast.List):
            return self._all(node.elts)
        if isinstance(node, ast.Dict):
            return self._all((*node.keys, *node.values))
        if isinstance(node, ast.Attribute):  # a type that is not called: sa.Integer
            return self._is_known(node)
        return isinstance(node, ast.Call) and self._makes(node.func) and self._are_literal(node)

    def _makes(self, function: ast.expr) -> bool:
        """Tell whether a function makes a type, a column, a constraint or an expression."""
        if self._attribute_of(function, {"op"}) == "f" or self._is_known(function):
            return True
        if not isinstance(function, ast.Attribute):
            return False
        if function.attr == "with_variant":
            return self._is_literal(function.value)
        return self._attribute_of(function.value, {"sa"}) == "func"  # sa.func.now

    def _is_known(self, node: ast.expr) -> bool:
        if self._attribute_of(node, {"sa"}) in _SQLALCHEMY:
            return True
        name = self._attribute_of(node, _DIALECTS)
        return name is not None and name[:1].isupper() and name not in _NOT_OF_DIALECTS

    def _attribute_of(self, node: ast.expr, names: Iterable[str]) -> str | None:
        """Return X of ``name.X``, where the name is one of these and is what it seems to be."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return None
        return node.attr if node.value.id in names and node.value.id in self._names else None
