"""ADB304: a foreign key is added without NOT VALID.

PostgreSQL, "ALTER TABLE", ADD table_constraint: SHARE ROW EXCLUSIVE locks on both tables, and every
row is looked up; VALIDATE CONSTRAINT takes SHARE UPDATE EXCLUSIVE, and ROW SHARE on the other
table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import listed, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.rules.check_validated import not_valid
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add constraint"):
        if operation.constraint == "foreign key" and not operation.not_valid:
            table, other = operation.qualified, operation.references
            yield Spot(
                operation.line,
                f"writes to {table} and to {other} wait while every row of {table} is looked up in "
                f"{other}; one that is not there stops the revision",
                not_valid(captured, operation, _fallback(operation, captured.dialect)),
                operation,
            )


def _fallback(operation: Operation, dialect: str) -> str:
    columns = listed(operation, dialect)
    other = operation.references
    return (
        f"ALTER TABLE {qualified(operation, dialect)} ADD FOREIGN KEY({columns}) REFERENCES {other}"
    )


RULE = Rule(
    code="ADB304",
    name="foreign-key-validated",
    category="locking",
    summary="A foreign key is added without NOT VALID: writes to two tables wait.",
    why=f"""
Adding a foreign key takes SHARE ROW EXCLUSIVE locks on both tables: reads go on, writes to either
wait until every row has been looked up. With NOT VALID new rows are checked at once and old ones
not, so there is nothing to wait for; VALIDATE CONSTRAINT, in a transaction of its own, looks the
old rows up while writes go on. A row without its counterpart then fails that revision alone.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])',
    good="""
op.create_foreign_key(
    "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
)
""",
    dialects=frozenset({"postgresql"}),
)
