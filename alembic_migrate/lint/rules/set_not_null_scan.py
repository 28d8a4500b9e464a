"""ADB303: SET NOT NULL reads every row under the strongest lock.

PostgreSQL, "ALTER TABLE", SET NOT NULL: the table is scanned, unless a valid CHECK constraint
proves that no NULL can exist (since 12). VALIDATE CONSTRAINT takes a SHARE UPDATE EXCLUSIVE lock
only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import (
    autocommitted,
    code,
    execute,
    identifier,
    qualified,
    require,
)
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.rules.require_column import requires
from alembic_migrate.lint.tracking import on_existing, proven
from alembic_migrate.lint.wording import LATER, LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "alter column"):
        name = operation.columns[0].name
        if requires(operation) and not proven(captured, operation, name):
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait while every row is read to see "
                f"that {name} is nowhere NULL",
                _safe(operation, captured.dialect),
                operation,
            )


def _safe(operation: Operation, dialect: str) -> str:
    name, table = operation.columns[0].name, qualified(operation, dialect)
    check = f"ck_{operation.table}_{name}_not_null"
    condition = f"{identifier(name, dialect)} IS NOT NULL"
    constraint = identifier(check, dialect)
    return "\n".join(
        [
            execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID"
            ),
            LATER,
            autocommitted(execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")),
            require(operation, dialect),
            code("drop_constraint", check, operation.table, schema=operation.schema),
        ]
    )


RULE = Rule(
    code="ADB303",
    name="set-not-null-scan",
    category="locking",
    summary="SET NOT NULL reads every row while nobody else can read or write the table.",
    why=f"""
`SET NOT NULL` takes an ACCESS EXCLUSIVE lock and reads the whole table under it. A CHECK that is
added NOT VALID holds for new rows at once and reads none; VALIDATE reads them while queries go on;
with the valid CHECK as a proof SET NOT NULL reads nothing, and the CHECK has done its work. A
constraint that is validated before in the same revision is such a proof where the column's name is
in its own, or where it is dropped afterwards.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.alter_column("users", "email", nullable=False)',
    good="""
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_email_not_null")
op.alter_column("users", "email", nullable=False)
op.drop_constraint("ck_users_email_not_null", "users")
""",
    dialects=frozenset({"postgresql"}),
)
