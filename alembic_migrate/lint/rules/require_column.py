"""ADB202: a column that may hold NULL becomes NOT NULL.

PostgreSQL, "ALTER TABLE", SET NOT NULL; MySQL, "ALTER TABLE", and "Server SQL Modes": in strict
mode a row with NULL stops it, else it becomes the implicit default of its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import execute, identifier, qualified, require
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import filled, on_existing, proven
from alembic_migrate.lint.wording import LATER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "alter column"):
        name = operation.columns[0].name
        if not requires(operation) or filled(captured, operation, name):
            continue
        if not proven(captured, operation, name):
            yield Spot(
                operation.line,
                f"{operation.qualified}.{name} becomes NOT NULL: the revision fails as soon as one "
                "row has NULL there",
                _safe(operation, captured.dialect),
                operation,
            )


def requires(operation: Operation) -> bool:
    """Tell whether a column becomes NOT NULL that may not have been so.

    MySQL's MODIFY has to repeat NOT NULL: in raw SQL it does not tell that this is new.
    """
    if operation.columns[0].nullable is not False:
        return False
    if operation.before is not None and operation.before.nullable is not None:
        return operation.before.nullable
    return operation.call != "execute" or operation.columns[0].type is None


def _safe(operation: Operation, dialect: str) -> str:
    name = operation.columns[0].name
    table, column = qualified(operation, dialect), identifier(name, dialect)
    return "\n".join(
        [
            "# deploy code that always fills it, then:",
            execute(f"UPDATE {table} SET {column} = ... WHERE {column} IS NULL"),
            LATER,
            require(operation, dialect),
        ]
    )


RULE = Rule(
    code="ADB202",
    name="require-column",
    category="data-dependent",
    summary="A column that may hold NULL becomes NOT NULL.",
    why="""
Whether it works depends on the rows of each database; outside of its strict mode MySQL even turns
NULL into 0 or an empty value. It does not matter where the revision fills the column with an UPDATE
before, or where a validated CHECK proves that there is no NULL.
""",
    look=_look,
    bad='op.alter_column("users", "email", existing_type=sa.String(50), nullable=False)',
    good="""
op.execute("UPDATE users SET email = 'unknown' WHERE email IS NULL")
op.alter_column("users", "email", existing_type=sa.String(50), nullable=False)
""",
)
