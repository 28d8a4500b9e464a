"""ADB305: a CHECK is added without NOT VALID.

PostgreSQL, "ALTER TABLE", ADD table_constraint: an ACCESS EXCLUSIVE lock, and the table is scanned.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import execute, identifier, qualified, statement
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LATER, LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation

_UNNAMED = re.compile(r"\bADD (?=FOREIGN KEY|CHECK)", re.IGNORECASE)
_SHORT = {"foreign key": "fk", "check": "ck"}


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add constraint"):
        if operation.constraint == "check" and not operation.not_valid:
            table = qualified(operation, captured.dialect)
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait while every row is checked; one "
                "that does not comply stops the revision",
                not_valid(captured, operation, f"ALTER TABLE {table} ADD CHECK (...)"),
                operation,
            )


def not_valid(captured: Captured, operation: Operation, fallback: str) -> str:
    """Return the code that adds a constraint NOT VALID, and validates it later.

    Args:
        captured: the revision.
        operation: adds the constraint.
        fallback: the statement that adds it, for where its own was not written.
    """
    sql = statement(captured, operation) or fallback
    columns = "_".join(column.name for column in operation.columns)
    short = _SHORT[operation.constraint or "check"]
    made_up = "_".join(part for part in (short, operation.table, columns) if part)
    name = identifier(operation.name or made_up, captured.dialect)
    if operation.name is None or sql == fallback:
        sql = _UNNAMED.sub(f"ADD CONSTRAINT {name} ", sql, count=1)
    table = qualified(operation, captured.dialect)
    validated = execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    return "\n".join([execute(f"{sql} NOT VALID"), LATER, validated])


RULE = Rule(
    code="ADB305",
    name="check-validated",
    category="locking",
    summary="A CHECK is added without NOT VALID: reads and writes wait while every row is checked.",
    why=f"""
Adding a CHECK takes an ACCESS EXCLUSIVE lock and reads the whole table under it. With NOT VALID it
holds for new rows at once and reads none; VALIDATE CONSTRAINT, in a transaction of its own, checks
the old rows while queries go on.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.create_check_constraint("ck_orders_total", "orders", "total >= 0")',
    good="""
op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)
""",
    dialects=frozenset({"postgresql"}),
)
