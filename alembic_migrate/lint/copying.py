"""Whether MySQL and MariaDB copy a table for an ALTER, while writes to it wait.

Sources: MySQL 8.0, "Online DDL Operations"; MariaDB, "InnoDB Online DDL Operations with the INPLACE
Alter Algorithm" and its siblings. What can be seen on a MariaDB server is observed by the tests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.columntypes import parse

if TYPE_CHECKING:
    from alembic_migrate.lint.columntypes import ColumnType
    from alembic_migrate.lint.operations import Operation

# With one of these the server refuses to copy instead of copying.
_REFUSING = re.compile(
    r"\b(?:ALGORITHM\s*=?\s*(?:INPLACE|INSTANT|NOCOPY)|LOCK\s*=?\s*NONE)\b", re.IGNORECASE
)
_CONVERTED = re.compile(r"\bCONVERT\s+TO\s+CHARACTER\s+SET\b", re.IGNORECASE)
_NEW_KEY = re.compile(r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?PRIMARY\s+KEY\b", re.IGNORECASE)
_STORED = re.compile(r"\b(?:STORED|PERSISTENT)\b", re.IGNORECASE)
_CHARACTER_SET = re.compile(r"(?:character\s+set|charset)\s+(\w+)")

_BYTES_OF_A_CHARACTER = {"latin1": 1, "ascii": 1, "binary": 1, "utf8": 3, "utf8mb3": 3}
_MOST_BYTES_OF_A_CHARACTER = 4
# From here on a varchar has two bytes for its length.
_LONG = 256
# What is no longer than that MariaDB widens at once to any length.
_SHORT = 127


def copies(operation: Operation, dialect: str) -> str | None:
    """Return why the table is copied, or None where it is not.

    Args:
        operation: an ALTER of a table.
        dialect: ``mysql`` or ``mariadb``.
    """
    sql = " ".join(operation.sql)
    if _REFUSING.search(sql):
        return None
    if operation.kind == "alter column":
        return _retyped(operation, dialect)
    if operation.kind == "add constraint":
        kinds = {"foreign key": "a foreign key is added", "check": "a CHECK is added"}
        return kinds.get(operation.constraint or "")
    if operation.kind == "drop constraint" and operation.constraint == "primary key":
        return None if _NEW_KEY.search(sql) else "its primary key is dropped"
    if operation.kind == "add column" and operation.columns[0].generated and _STORED.search(sql):
        return f"{operation.columns[0].name} is generated, and stored, for every row"
    return "its texts get another character set" if _CONVERTED.search(sql) else None


def _retyped(operation: Operation, dialect: str) -> str | None:
    column = operation.columns[0]
    if column.type is None:
        return None
    becomes = f"{column.name} becomes {column.type}"
    before = parse(operation.before.type, dialect) if operation.before else None
    after = parse(column.type, dialect)
    if before is None or after is None:
        return f"{becomes}, unless that is what it was"
    return None if _stays(before, after, dialect) else f"{becomes} where it was {_said(operation)}"


def _said(operation: Operation) -> str:
    return (operation.before.type if operation.before else None) or ""


def _stays(before: ColumnType, after: ColumnType, dialect: str) -> bool:
    """Tell whether the old values serve as the new ones."""
    same = before.name, before.unsigned, _character_set(before)
    if same != (after.name, after.unsigned, _character_set(after)):
        return False
    if before.arguments == after.arguments:
        return True
    if before.name in {"enum", "set"}:
        return after.arguments[: len(before.arguments)] == before.arguments
    if before.name != "varchar" or before.length is None or after.length is None:
        return False
    return after.length >= before.length and _same_header(before.length, after, dialect)


def _same_header(length: int, after: ColumnType, dialect: str) -> bool:
    """Tell whether a longer varchar keeps the number of bytes that hold its length."""
    width = _BYTES_OF_A_CHARACTER.get(_character_set(after), _MOST_BYTES_OF_A_CHARACTER)
    old, new = length * width, (after.length or 0) * width
    return old >= _LONG or new < _LONG or (old <= _SHORT and dialect == "mariadb")


def _character_set(column: ColumnType) -> str:
    found = _CHARACTER_SET.search(column.collation)
    return found[1] if found else ""
