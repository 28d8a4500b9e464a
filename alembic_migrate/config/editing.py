"""A pyproject.toml that is given a table; every other byte of it stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit

from alembic_migrate.config.files import parse, read_bytes
from alembic_migrate.config.keys import BY_NAME, TABLE
from alembic_migrate.config.problems import dotted
from alembic_migrate.errors import ConfigError
from alembic_migrate.replacing import replace_file

if TYPE_CHECKING:
    from pathlib import Path

_FIRST = "What stands here is true of every base; alembic-db config show tells every key."
_LAST = "More databases? Give each a table: [tool.alembic-migrate.bases.NAME]"
_REMARKS = {
    "module": 'has get_base(); or write metadata = "package.module:Base"',
    "url": "goes before what get_base() returns",
    "directory": "the migrations folder",
}
_DEFAULTS = {"module": "model.base", "directory": "migrations"}


def add_table(
    pyproject: Path, *, module: str = "model.base", directory: str = "migrations"
) -> bool:
    """Add a commented ``[tool.alembic-migrate]`` table to the end of a pyproject.toml.

    Keys that differ from their defaults are set, the others stand there as comments. The file is
    replaced as a whole or not at all, and keeps its mode.

    Args:
        pyproject: the file; where it does not exist nothing happens.
        module: the base's module.
        directory: the migrations folder, relative to the file's.

    Returns:
        Whether the table was added: it is not where there is one already.

    Raises:
        ConfigError: the file cannot be read or written, or is not TOML that takes another table.
    """
    if not pyproject.exists():
        return False
    content = read_bytes(pyproject)
    if parse(pyproject, content).table is not None:
        return False
    newline = "\r\n" if b"\r\n" in content else "\n"
    table = table_text({"module": module, "directory": directory})
    changed = content + (_gap(content, newline) + table.replace("\n", newline)).encode()
    try:
        parse(pyproject, changed)
    except ConfigError:
        raise ConfigError(
            f"{pyproject} cannot be given a table at its end: tool is no table that takes one",
            hint=f"write tool as a table of its own:\n{table}",
        ) from None
    _replace(pyproject, changed)
    return True


def table_text(values: dict[str, str]) -> str:
    """Return the table as TOML, with a comment for every key that has its default."""
    table = tomlkit.table()
    table.add(tomlkit.comment(_FIRST))
    for key, remark in _REMARKS.items():
        if key in values and values[key] != _DEFAULTS[key]:
            table.add(key, tomlkit.string(values[key]).comment(remark))
        else:
            table.add(tomlkit.comment(f"{key} = {BY_NAME[key].example}  # {remark}"))
    table.add(tomlkit.comment(_LAST))
    outer = tomlkit.table(is_super_table=True)
    outer.add(TABLE[1], table)
    document = tomlkit.document()
    document.add(TABLE[0], outer)
    return tomlkit.dumps(document)


def _gap(content: bytes, newline: str) -> str:
    if not content.strip():
        return ""
    return newline if content.endswith(b"\n") else newline * 2


def _replace(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}",
            hint=f"add it yourself:\n[{dotted(TABLE)}]",
        ) from error
