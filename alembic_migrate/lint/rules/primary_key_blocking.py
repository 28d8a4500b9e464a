"""ADB309: a primary key builds its index under the strongest lock.

PostgreSQL, "ALTER TABLE", ADD table_constraint_using_index: columns that are not marked NOT NULL
are made so, with a scan of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.rules.unique_constraint_blocking import using_index
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add constraint"):
        if operation.constraint == "primary key" and not operation.using:
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait until the index of the primary "
                f"key on {columns_of(operation)} is built, and every row is read for NULL",
                using_index(operation, captured.dialect, "PRIMARY KEY"),
                operation,
            )


RULE = Rule(
    code="ADB309",
    name="primary-key-blocking",
    category="locking",
    summary="A primary key builds its index while nobody can read or write the table.",
    why=f"""
Adding the key takes an ACCESS EXCLUSIVE lock, builds a unique index and looks for NULL in every row
under it. The index can be built CONCURRENTLY before. Columns that are not NOT NULL yet are made so
by the key, which reads the table: see ADB303 for how that is done before.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.create_primary_key("pk", "orders", ["id"])',
    good='op.execute("ALTER TABLE orders ADD CONSTRAINT pk PRIMARY KEY USING INDEX pk")',
    dialects=frozenset({"postgresql"}),
)
