"""The top of a revision file, read as text.

A header is *literal* where each of its names is bound once, by a plain assignment of a literal at
the top level, and nothing in the file could bind one of them in another way. What a file with any
other header says is only known once it is imported.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings
from typing import TYPE_CHECKING, NamedTuple

from alembic_migrate.history.inert import is_inert
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = frozenset({"revision", "down_revision", "branch_labels", "depends_on"})

# Words without which nothing inside a function can reach a module's names.
_REACHING = pattern(
    rb"\b(?:global|globals|locals|vars|exec|eval|setattr|modules|_alembic_source_encoding|__\w+__)\b"
    rb"|:="
)
_REACHES = frozenset({"globals", "locals", "vars", "exec", "eval", "setattr", "modules"})
_OTHER_NAMES = frozenset({"__doc__", "__getattr__", "__builtins__", "_alembic_source_encoding"})
_OTHER_ATTRIBUTES = frozenset({"__dict__", "__setattr__", "__delattr__", "modules"})
_ID_IN_NAME = pattern(r"([a-f0-9]+)\.py$")  # what Alembic takes where a file says no revision
_NOT_IN_IDS = frozenset("@-+:")
_BODY = pattern(rb"^(?:def|async|class|@)", re.MULTILINE)


class Header(NamedTuple):
    """What the top of one revision file says.

    Attributes:
        path: the file, its real path.
        revision: its id.
        down: the ids it follows.
        labels: its own branch labels.
        depends_on: ids or labels that it depends on besides.
        doc: the file's docstring, without blanks around it.
        inert: importing the file does nothing that anybody could tell.
    """

    path: str
    revision: str
    down: tuple[str, ...]
    labels: tuple[str, ...]
    depends_on: tuple[str, ...]
    doc: str
    inert: bool = False


class Broken(NamedTuple):
    """A revision file that cannot be loaded.

    Attributes:
        path: the file, its real path.
        message: what is wrong with it, the file named.
        line: where, or None.
        header: what its top says all the same, or None.
    """

    path: str
    message: str
    line: int | None = None
    header: Header | None = None


class Unclear(Exception):
    """What a history says is only told by Alembic: it is unusual, or it is none."""


def read(path: str) -> Header | Broken | None:
    """Return what a revision file says; None where it must be imported to know."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path a file is slow
            source = file.readall()
        tree = _parsed(source, path)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _broken(path, error)
    header = _literal(path, source, tree)
    return header._replace(inert=is_inert(tree)) if header is not None else None


def plain(
    path: str, values: dict[str, object], docstring: str | None, name: str = ""
) -> Header | None:
    """Return a header of the values of its names; None where they are not what they usually are.

    Args:
        path: the file, its real path.
        values: what is bound to each of the names that are bound.
        docstring: the file's docstring.
        name: the file's name, where the id may be taken from it.
    """
    revision = values.get("revision")
    if "revision" not in values and (match := _ID_IN_NAME.match(name)):
        revision = match[1]
    down = _ids(values.get("down_revision"))
    labels = _ids(values.get("branch_labels"))
    depends_on = _ids(values.get("depends_on"))
    if not isinstance(revision, str) or not revision or not _NOT_IN_IDS.isdisjoint(revision):
        return None
    if "down_revision" not in values or down is None or labels is None or depends_on is None:
        return None
    return Header(path, revision, down, labels, depends_on, (docstring or "").strip())


def message_of(path: str, said: str) -> str:
    """Return the sentence about a file that cannot be loaded."""
    return f"the revision file {path} cannot be loaded: {said}"


def _ids(value: object) -> tuple[str, ...] | None:
    """Return what one of the names holds as a tuple; None where it is nothing of the kind."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, list | tuple) and all(item and isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _parsed(source: bytes, path: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice about the file is for those who run it
        return ast.parse(source, path)


def _broken(path: str, error: Exception) -> Broken:
    from alembic_migrate.discovery.modules import describe  # noqa: PLC0415 - for faults alone

    line = error.lineno if isinstance(error, SyntaxError) else None
    return Broken(path, message_of(path, describe(error)), line, _above_the_body(path))


def _above_the_body(path: str) -> Header | None:
    """Return what stands above the first function of a file that is no Python as a whole."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            source = file.read()
        body = _BODY.search(source)
        above = source[: body.start()] if body else b""
        return _literal(path, source, _parsed(above, path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _literal(path: str, source: bytes, tree: ast.Module) -> Header | None:
    values: dict[str, object] = {}
    for node in tree.body:
        target, value = _assigned(node)
        if target is None or value is None:
            if not _leaves_alone(node):
                return None
        elif target in values:
            return None
        else:
            try:
                values[target] = _value(value)
            except ValueError:
                return None
    if _REACHING.search(source) and any(map(_reaches, ast.walk(tree))):
        return None
    return plain(path, values, _docstring(tree), os.path.basename(path))  # noqa: PTH119


def _assigned(node: ast.stmt) -> tuple[str | None, ast.expr | None]:
    """Return name and value where a statement binds one of the names to a value and no more."""
    if isinstance(node, ast.Assign):
        target = node.targets[0] if len(node.targets) == 1 else None
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return None, None
    if isinstance(target, ast.Name) and target.id in NAMES:
        return target.id, node.value
    return None, None


def _value(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else ast.literal_eval(node)


def _leaves_alone(node: ast.stmt) -> bool:
    """Tell whether a statement of the top level binds none of the names."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name not in NAMES  # what is bound inside is its own
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return True  # a type alone binds nothing
    return NAMES.isdisjoint(name for each in ast.walk(node) for name in _bound(each))


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield what one node binds or deletes; any of the names for ``import *``."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.alias):
        yield "revision" if node.name == "*" else node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.MatchMapping):
        yield node.rest or ""
    else:
        yield getattr(node, "name", None) or ""


def _reaches(node: ast.AST) -> bool:
    """Tell whether a node, wherever it stands, may bind names of the module, or its docstring."""
    match node:
        case ast.Global(names=names):
            return not (NAMES | _OTHER_NAMES).isdisjoint(names)
        case ast.NamedExpr(target=target):
            return target.id in NAMES
        case ast.Attribute(attr=name):
            return name in _OTHER_ATTRIBUTES
        case ast.FunctionDef(name="__getattr__"):
            return True
        case ast.Name(id=name, ctx=context):
            return name in _REACHES or (name in _OTHER_NAMES and not isinstance(context, ast.Load))
    return False


def _docstring(tree: ast.Module) -> str | None:
    first = tree.body[0] if tree.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return None
    text = first.value.value
    if not isinstance(text, str):
        return None
    if "\n" not in text or sys.version_info < (3, 13):
        return text
    # Python 3.13 takes the indentation out of what a module has as its docstring.
    code = compile(ast.Module(body=[first], type_ignores=[]), "docstring", "exec")
    return next((each for each in code.co_consts if isinstance(each, str)), text)
