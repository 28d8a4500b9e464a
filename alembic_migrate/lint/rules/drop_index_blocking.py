"""ADB302: an index is dropped without CONCURRENTLY.

PostgreSQL, "DROP INDEX": an ACCESS EXCLUSIVE lock on the index's table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import autocommitted, code
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "drop index"):
        if not operation.concurrently:
            table = operation.qualified or f"the table of {operation.name}"
            yield Spot(
                operation.line,
                f"reads and writes of {table} wait while {operation.name} is dropped, and until "
                "the rest of the revision is done",
                _safe(operation),
                operation,
            )


def _safe(operation: Operation) -> str:
    options = {"table_name": operation.table, "schema": operation.schema}
    dropped = code("drop_index", operation.name, **options, postgresql_concurrently=True)
    return f"# in a revision of its own, which has no transaction:\n{autocommitted(dropped)}"


RULE = Rule(
    code="ADB302",
    name="drop-index-blocking",
    category="locking",
    summary="An index is dropped without CONCURRENTLY: reads and writes wait.",
    why=f"""
`DROP INDEX` takes an ACCESS EXCLUSIVE lock on the table. Dropping is quick; but the lock waits for
every query that runs, everything after waits for the lock, and it is kept to the end of the
revision's transaction. `CONCURRENTLY` lets queries go on; the index of a constraint cannot be
dropped so.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.drop_index("ix_orders_user_id", table_name="orders")',
    good="""
with op.get_context().autocommit_block():
    op.drop_index("ix_orders_user_id", table_name="orders", postgresql_concurrently=True)
""",
    dialects=frozenset({"postgresql"}),
)
