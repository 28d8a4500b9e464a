"""ADB201: a NOT NULL column without a default is added to a table that may have rows.

PostgreSQL, "ALTER TABLE", and SQLite, "ALTER TABLE": refused where there are rows. MySQL, "Data
Type Default Values": the rows get the implicit default of the type, 0 or the empty string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import add_column, execute, identifier, qualified, require
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LATER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation

_SERIAL = re.compile(r"\b(?:(?:small|big)?serial\d?|auto_increment)\b", re.IGNORECASE)


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add column"):
        column = operation.columns[0]
        if column.nullable is not False or column.default is not None or _has_values(operation):
            continue
        name = f"{operation.qualified}.{column.name}"
        if captured.dialect in {"mysql", "mariadb"}:
            happens = "every row gets 0 or an empty value, which nobody chose"
        else:
            happens = f"the revision fails as soon as {operation.qualified} has a row"
        yield Spot(
            operation.line,
            f"{name} is NOT NULL and has no default: {happens}; application code that still runs "
            "does not fill it",
            _safe(operation, captured.dialect),
            operation,
        )


def _has_values(operation: Operation) -> bool:
    column = operation.columns[0]
    sql = " ".join((*operation.sql, column.type or ""))
    return column.generated or _SERIAL.search(sql) is not None


def _safe(operation: Operation, dialect: str) -> str:
    table, name = qualified(operation, dialect), operation.columns[0].name
    column = identifier(name, dialect)
    return "\n".join(
        [
            add_column(operation, name, dialect),
            "# deploy code that fills it, and give the rows that are there a value:",
            execute(f"UPDATE {table} SET {column} = ... WHERE {column} IS NULL"),
            LATER,
            require(operation, dialect),
        ]
    )


RULE = Rule(
    code="ADB201",
    name="add-required-column",
    category="data-dependent",
    summary="A NOT NULL column without a default is added to a table that may have rows.",
    why="""
It works on the developer's empty table and fails on the one with rows: PostgreSQL and SQLite refuse
it, MySQL and MariaDB invent a value (0, the empty string). Even where the table is empty, the old
code that still runs during a deployment does not fill the column. A `server_default` serves both;
else add the column without NOT NULL, fill it, and require it in a later revision.
""",
    look=_look,
    bad='op.add_column("users", sa.Column("email", sa.String(50), nullable=False))',
    good='op.add_column("users", sa.Column("email", sa.String(50), nullable=True))',
)
