"""ADB308: a unique constraint builds its index under the strongest lock.

PostgreSQL, "ALTER TABLE", ADD table_constraint_using_index and its last example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import (
    autocommitted,
    code,
    execute,
    identifier,
    qualified,
)
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LATER, LOCK_TIMEOUT, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add constraint"):
        if operation.constraint == "unique" and not operation.using:
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait until the index of the constraint "
                f"on {columns_of(operation)} is built",
                using_index(operation, captured.dialect, "UNIQUE"),
                operation,
            )


def using_index(operation: Operation, dialect: str, kind: str) -> str:
    """Return the code that builds a constraint's index first, and gives it to the constraint.

    Args:
        operation: adds the constraint.
        dialect: SQLAlchemy's name.
        kind: UNIQUE or PRIMARY KEY.
    """
    columns = [column.name for column in operation.columns]
    short = "uq" if kind == "UNIQUE" else "pk"
    name = operation.name or "_".join([short, operation.table or "", *columns])
    made = code(
        "create_index",
        name,
        operation.table,
        columns,
        unique=True,
        schema=operation.schema,
        postgresql_concurrently=True,
    )
    table, constraint = qualified(operation, dialect), identifier(name, dialect)
    given = f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {kind} USING INDEX {constraint}"
    return "\n".join([autocommitted(made), LATER, execute(given)])


RULE = Rule(
    code="ADB308",
    name="unique-constraint-blocking",
    category="locking",
    summary="A unique constraint builds its index while nobody can read or write the table.",
    why=f"""
Adding the constraint takes an ACCESS EXCLUSIVE lock and builds an index under it. The index can be
built CONCURRENTLY before; giving it to the constraint takes the same lock for a moment only.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.create_unique_constraint("uq_users_email", "users", ["email"])',
    good="""
op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email")
""",
    dialects=frozenset({"postgresql"}),
)
