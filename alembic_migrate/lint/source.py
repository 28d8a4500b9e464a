"""A revision's file as text: its statements and its comments, by line."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a Python file.

    Attributes:
        line: where it stands, counted from 1.
        text: it, from its ``#`` on.
        alone: nothing stands in front of it.
    """

    line: int
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file.

    Attributes:
        tree: its syntax tree.
        comments: its comments in order.
    """

    tree: ast.Module
    comments: tuple[Comment, ...]

    def function(self, name: str) -> ast.FunctionDef | None:
        """Return the function of a name at the top of the file, or None."""
        found = (node for node in self.tree.body if isinstance(node, ast.FunctionDef))
        return next((node for node in found if node.name == name), None)

    def binds(self, name: str) -> bool:
        """Tell whether a name is given to anything at the top of the file."""
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                if any((alias.asname or alias.name) in {name, "*"} for alias in node.names):
                    return True
            elif any(isinstance(n, ast.Name) and n.id == name for n in _targets(node)):
                return True
        return self.function(name) is not None

    def is_inside(self, line: int) -> bool:
        """Tell whether a line is a later one of a statement that has no body."""
        return any(
            isinstance(node, ast.stmt)
            and not ({"body", "cases"} & set(node._fields))
            and node.lineno < line <= (node.end_lineno or node.lineno)
            for node in ast.walk(self.tree)
        )

    def lines_of(self, line: int) -> range:
        """Return the lines of the statement that a line is part of: of one with a body its head."""
        around = [range(line, line + 1)]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.stmt):
                lines = range(node.lineno, _end(node) + 1)
                if line in lines:
                    around.append(lines)
        return min(around[1:] or around, key=len)


def _end(node: ast.stmt) -> int:
    body: list[ast.stmt] = getattr(node, "body", [])
    end = node.end_lineno or node.lineno
    return max(node.lineno, body[0].lineno - 1) if body else end


def _targets(node: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign):
        yield from node.targets
    elif isinstance(node, ast.AnnAssign):
        yield node.target


def read(path: Path) -> Source | None:
    """Return a file's source; None where it cannot be read: compiled, or gone."""
    try:
        state = path.stat()
        return _read_as_of(path, state.st_mtime_ns, state.st_size)
    except (OSError, SyntaxError, ValueError):
        return None


@lru_cache(maxsize=8)
def _read_as_of(path: Path, *_state: int) -> Source:
    data = path.read_bytes()
    try:
        found = list(tokenize.tokenize(io.BytesIO(data).readline))
    except tokenize.TokenError as broken:
        raise SyntaxError(str(broken)) from broken
    comments = tuple(
        Comment(token.start[0], token.string, alone=not token.line[: token.start[1]].strip())
        for token in found
        if token.type == tokenize.COMMENT
    )
    return Source(ast.parse(data, str(path)), comments)
