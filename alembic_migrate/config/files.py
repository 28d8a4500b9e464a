"""The TOML file: finding it, reading it, and telling on which line a key stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli

from alembic_migrate.config.keys import TABLE
from alembic_migrate.errors import ConfigError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE_NAME = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file that was read.

    Attributes:
        path: the file, absolute.
        text: its text.
        data: its tables.
    """

    path: Path
    text: str = field(repr=False)
    data: dict[str, Any] = field(repr=False)

    @property
    def table(self) -> Any:
        """Whatever stands at ``tool.alembic-migrate``; None where nothing does."""
        tool = self.data.get(TABLE[0])
        return tool.get(TABLE[1]) if isinstance(tool, dict) else None


def find(start: Path) -> Document | None:
    """Return the nearest pyproject.toml at or above a folder that has our table.

    A faulty file is an error where it is the nearest one of all or mentions this tool; others
    above are somebody else's.

    Raises:
        ConfigError: a file is a folder, unreadable, not UTF-8 or not TOML.
    """
    nearest = True
    for folder in (start, *start.parents):
        path = folder / FILE_NAME
        if not _exists(path) or (path.is_dir() and not nearest):
            continue
        content = read_bytes(path)
        if nearest or TABLE[1].encode() in content:
            document = parse(path, content)
            if document.table is not None:
                return document
        nearest = False
    return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder above that may not be looked into
        return False


def read(path: Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigError: it is missing, a folder, unreadable, not UTF-8 or not TOML.
    """
    return parse(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ConfigError: it is missing, a folder or unreadable.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a file", hint="name a TOML file")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file",
            hint=f"name a TOML file that has a [{'.'.join(TABLE)}] table",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", hint=f"chmod u+r {path}"
        ) from error


def parse(path: Path, content: bytes) -> Document:
    """Parse the bytes of a TOML file.

    Raises:
        ConfigError: they are not UTF-8 or not TOML; the message has path, line and column.
    """
    text = decode(path, content).removeprefix("\ufeff")
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        # A secret is in nobody's message: tomli's own quotes single characters and key names only.
        raise ConfigError(
            f"{path}:{error.lineno}:{error.colno}: this is not TOML: {error.msg}",
            hint=_not_toml_hint(path),
        ) from None
    return Document(path, text, data)


def _not_toml_hint(path: Path) -> str:
    if path.suffix == ".ini":
        return (
            f"an alembic.ini is found by itself; --config names a TOML file: --config {FILE_NAME}"
        )
    return 'a TOML line looks like this: base = "app"'


def decode(path: Path, content: bytes) -> str:
    """Return bytes as text.

    Raises:
        ConfigError: they are not UTF-8; the message has path, line and column.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise ConfigError(
            f"{path}:{line}:{column}: this is not UTF-8: byte 0x{content[error.start]:02x}",
            hint="save the file with the encoding UTF-8",
        ) from None


# --- lines -----------------------------------------------------------------------------------

_TOKEN = pattern(
    r'"""(?:\\.|(?!""").)*"{3,5}'
    r"|'''(?:(?!''').)*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|(?P<open>[\[{])"
    r"|(?P<close>[\]}])"
    r"|(?P<newline>\n)",
    re.DOTALL,
)
_PART = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_PATH = rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*"
_HEAD = pattern(rf"[ \t]*\[\[?{_PATH}\]")
_ENTRY = pattern(rf"{_PATH}=")


def _logical_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield number and offset of each line that starts outside of strings and arrays."""
    yield 1, 0
    number, depth = 1, 0
    for token in _TOKEN.finditer(text):
        depth += 1 if token["open"] else -1 if token["close"] else 0
        number += token[0].count("\n")
        if token["newline"] and depth <= 0:
            depth = 0
            yield number, token.end()


def _parts(path: str) -> tuple[str, ...]:
    parts = re.findall(_PART, path)
    return tuple(
        str(tomli.loads(f"v = {part}")["v"]) if part[0] in "\"'" else part for part in parts
    )


def line_of(text: str, table: Sequence[str], key: str | None = None) -> int | None:
    """Return the line (from 1) on which a key of a table stands.

    Args:
        text: a TOML file's text.
        table: the table's name in its parts.
        key: the key; None for the head of the table.

    Returns:
        The line; for a key of an inline table the line where that begins; None where it cannot be
        told.
    """
    wanted = tuple(table) if key is None else (*table, key)
    current: tuple[str, ...] = ()
    best: tuple[int, int | None] = (0, None)
    for number, offset in _logical_lines(text):
        if head := _HEAD.match(text, offset):
            current = here = _parts(head[1])
            exact_only = True
        elif entry := _ENTRY.match(text, offset):
            here, exact_only = (*current, *_parts(entry[1])), False
        else:
            continue
        if here == wanted:
            return number
        if not exact_only and wanted[: len(here)] == here and len(here) > best[0]:
            best = (len(here), number)
    return best[1]
