"""What revision files do, read as text and never run.

What is not written as a literal is left out here; who needs certainty asks Alembic.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_HEADER_NAMES = frozenset({"revision", "down_revision", "branch_labels", "depends_on"})
_CREATE_TABLE = pattern(
    r"\bCREATE\s+(?:GLOBAL\s+|LOCAL\s+|TEMP\w*\s+|UNLOGGED\s+|FOREIGN\s+|VIRTUAL\s+)*TABLE\s+"
    r"(IF\s+NOT\s+EXISTS\s+)?(?:[\"`\[]?(\w+)[\"`\]]?\s*\.\s*)?[\"`\[]?(\w+)",
    re.IGNORECASE,
)
_RENAME_TABLE = pattern(r"\bRENAME\s+TO\s+[\"`\[]?(\w+)", re.IGNORECASE)

ANY_SCHEMA = "*"


@dataclass(frozen=True, slots=True)
class Header:
    """What the top of one revision file says.

    Attributes:
        path: the file.
        revision: the id, or None where it is not a literal.
        down_revisions: the ids it follows.
        message: the first paragraph of its docstring.
    """

    path: Path
    revision: str | None
    down_revisions: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Made:
    """A table that a revision file makes.

    Attributes:
        name: the table, without its schema.
        guarded: it is made only where it does not exist yet.
        schema: its schema; None is the default one, ``ANY_SCHEMA`` one that is not a literal.
    """

    name: str
    guarded: bool
    schema: str | None = None

    def may_be(self, name: str, schema: str | None) -> bool:
        """Tell whether this is, or may be, the table of a name in a schema."""
        return self.name == name and self.schema in {schema, ANY_SCHEMA}


def revision_files(locations: Iterable[Path], *, recursive: bool = False) -> Iterator[Path]:
    """Yield the Python files of some versions folders, sorted within each folder."""
    for location in locations:
        pattern = "**/*.py" if recursive else "*.py"
        for path in sorted(location.glob(pattern)):
            if path.name != "__init__.py" and "__pycache__" not in path.parts:
                yield path


def read_header(path: Path) -> Header | None:
    """Return what one revision file says at its top; None where it cannot be read or parsed."""
    tree = _parse(path)
    return None if tree is None else _header(path, tree)


def made_tables(paths: Iterable[Path]) -> set[Made]:
    """Return the tables that these revision files make, in ``upgrade()`` or elsewhere in the file.

    ``op.create_table``, ``op.rename_table``, ``sa.Table`` and SQL in strings are understood. Where
    a name is computed, every string of that file that could be a table's name counts.
    """
    made: set[Made] = set()
    for path in paths:
        with suppress(OSError):
            state = path.stat()
            made |= _made_as_of(path, state.st_mtime_ns, state.st_size)
    return made


@cache
def _made_as_of(path: Path, *_state: int) -> frozenset[Made]:
    tree = _parse(path)
    return frozenset(_made_in(tree)) if tree is not None else frozenset()


def autocommit_line(path: Path) -> int | None:
    """Return the line where a revision file commits by itself (``autocommit_block``), or None."""
    tree = _parse(path)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and node.attr == "autocommit_block":
            return node.lineno
    return None


def _parse(path: Path) -> ast.Module | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return _parse_as_of(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _parse_as_of(path: Path, *_state: int) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError):
        return None


def _header(path: Path, tree: ast.Module) -> Header:
    values: dict[str, object] = {}
    for node in tree.body:
        target = _assigned_name(node)
        if target in _HEADER_NAMES and isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            try:
                values[target] = ast.literal_eval(node.value)
            except ValueError:
                continue
    revision = values.get("revision")
    doc = ast.get_docstring(tree, clean=False) or ""
    return Header(
        path=path,
        revision=revision if isinstance(revision, str) else None,
        down_revisions=_ids(values.get("down_revision")),
        message=doc.strip().split("\n\n", maxsplit=1)[0],
    )


def _assigned_name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target: ast.expr = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return ""
    return target.id if isinstance(target, ast.Name) else ""


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(item for item in value if isinstance(item, str))
    return ()


def _made_in(tree: ast.Module) -> set[Made]:
    made: set[Made] = set()
    computed = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name, literal = _made_by_call(node)
            computed |= not literal
            if name is not None:
                made.add(Made(name, _has_true(node, "if_not_exists"), _schema(node)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            made |= _made_by_sql(node.value)
    if computed:
        made |= {Made(text, guarded=True, schema=ANY_SCHEMA) for text in _plain_strings(tree)}
    return made


def _made_by_call(node: ast.Call) -> tuple[str | None, bool]:
    """Return the table a call makes, and False where its name is there but not a literal."""
    function = node.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    position, keyword = {
        "create_table": (0, "table_name"),
        "Table": (0, "name"),
        "rename_table": (1, "new_table_name"),
    }.get(called, (-1, ""))
    if position < 0:
        return None, True
    given = [k.value for k in node.keywords if k.arg == keyword]
    argument = node.args[position] if len(node.args) > position else next(iter(given), None)
    if argument is None:
        return None, True
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value, True
    return None, False


def _made_by_sql(text: str) -> set[Made]:
    made = {Made(m[3], guarded=bool(m[1]), schema=m[2]) for m in _CREATE_TABLE.finditer(text)}
    renamed = _RENAME_TABLE.finditer(text)
    return made | {Made(m[1], guarded=False, schema=ANY_SCHEMA) for m in renamed}


def _schema(node: ast.Call) -> str | None:
    for keyword in node.keywords:
        if keyword.arg == "schema":
            value = keyword.value
            literal = isinstance(value, ast.Constant) and isinstance(value.value, str | None)
            return value.value if literal else ANY_SCHEMA  # type: ignore[attr-defined]
    return None


def _has_true(node: ast.Call, keyword: str) -> bool:
    return any(
        k.arg == keyword and not (isinstance(k.value, ast.Constant) and not k.value.value)
        for k in node.keywords
    )


def _plain_strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value
