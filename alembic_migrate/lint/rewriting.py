"""Whether PostgreSQL writes a whole table anew to change a column's type.

It does not where the old values are the new ones bit for bit: PostgreSQL, "ALTER TABLE", Notes; the
casts WITHOUT FUNCTION of the catalog ``pg_cast``; and, since 9.2, lengths and precisions that only
grow. Each pair is observed on a server by the tests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alembic_migrate.lint.columntypes import ColumnType

Rewrite = Literal["none", "in UTC none", "whole"]

# What only grows is kept as it is; char and bit are padded, so they are not among these.
_GROWING = {
    "varchar",
    "varbit",
    "numeric",
    "timestamp",
    "timestamptz",
    "time",
    "timetz",
    "interval",
}
_UNLIMITED_BY_DEFAULT = {"varchar", "varbit", "numeric"}
_SAME_BITS = {
    ("varchar", "text"),
    ("text", "varchar"),
    ("cidr", "inet"),
    ("xml", "text"),
    ("xml", "varchar"),
    ("bit", "varbit"),
    ("integer", "oid"),
    ("oid", "integer"),
}
_MOMENTS = {"timestamp", "timestamptz"}
_MOST_DIGITS_OF_A_SECOND = 6


def rewrites(before: ColumnType, after: ColumnType) -> Rewrite:
    """Return what PostgreSQL 12 and later write to change one type into another."""
    if before.array or after.array:
        same = before.array and after.array and before.name == after.name
        return "none" if same and before.arguments == after.arguments else "whole"
    if before.name == after.name:
        return "none" if _grows(before, after) else "whole"
    if after.arguments:
        return "whole"
    if (before.name, after.name) in _SAME_BITS:
        return "none"
    return "in UTC none" if {before.name, after.name} == _MOMENTS else "whole"


def converts(using: str | None, column: str) -> bool:
    """Tell whether a USING expression does more than a cast of the column does by itself."""
    if using is None:
        return False
    name = rf'(?:"{re.escape(column)}"|{re.escape(column)})'
    plain = rf"\(?{name}\)?(?:::.+)?|CAST\s*\(\s*{name}\s+AS\s+.+\)"
    return re.fullmatch(plain, using.strip(), re.IGNORECASE | re.DOTALL) is None


def _grows(before: ColumnType, after: ColumnType) -> bool:
    if before.arguments == after.arguments:
        return True
    if before.name not in _GROWING:
        return False
    if before.name not in _UNLIMITED_BY_DEFAULT:
        return _digits(before) <= _digits(after)
    if not after.arguments:
        return True
    if before.length is None or after.length is None:
        return False
    return before.length <= after.length and before.scale == after.scale


def _digits(column: ColumnType) -> int:
    return _MOST_DIGITS_OF_A_SECOND if column.length is None else column.length
