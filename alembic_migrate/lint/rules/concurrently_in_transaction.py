"""ADB311: CONCURRENTLY inside of a transaction is refused.

PostgreSQL, "CREATE INDEX", "DROP INDEX", "REINDEX", "ALTER TABLE" (DETACH PARTITION), "VACUUM":
these cannot run inside a transaction block. "REFRESH MATERIALIZED VIEW" can.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import autocommitted, code, execute, statement
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.rules.create_index_blocking import concurrent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation

_REFUSED = re.compile(
    r"\s*(?:REINDEX\b.*\bCONCURRENTLY\b|VACUUM\b|ALTER\s+TABLE\b.*\bDETACH\b.*\bCONCURRENTLY\b)",
    re.IGNORECASE | re.DOTALL,
)


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in captured.upgrade if captured.transactional else ():
        if operation.autocommit or not _is_refused(operation):
            continue
        what = _what(operation)
        yield Spot(
            operation.line,
            f"PostgreSQL refuses {what} inside of a transaction, and the revision runs in one",
            autocommitted(_safe(captured, operation)),
            operation,
        )


def _is_refused(operation: Operation) -> bool:
    return operation.concurrently or any(_REFUSED.match(sql) for sql in operation.sql)


def _what(operation: Operation) -> str:
    if operation.concurrently:
        verb = "make" if operation.kind == "create index" else "drop"
        return f"to {verb} the index {operation.name} concurrently"
    return f"this {operation.sql[0].split()[0].upper()}"


def _safe(captured: Captured, operation: Operation) -> str:
    if operation.call == "execute" or operation.kind not in {"create index", "drop index"}:
        return execute(statement(captured, operation) or " ".join(operation.sql[:1]))
    if operation.kind == "create index":
        return concurrent(captured, operation)
    options = {"table_name": operation.table, "schema": operation.schema}
    return code("drop_index", operation.name, **options, postgresql_concurrently=True)


RULE = Rule(
    code="ADB311",
    name="concurrently-in-transaction",
    category="locking",
    summary="CONCURRENTLY, or VACUUM, inside of the revision's transaction fails.",
    why="""
Each revision runs in a transaction. `CREATE INDEX CONCURRENTLY` and what is like it work in several
transactions of their own, so PostgreSQL refuses them there. An `autocommit_block` ends the
revision's transaction before, and begins another one after: keep such a statement in a revision of
its own.
""",
    look=_look,
    bad="""
op.create_index("ix_orders_user_id", "orders", ["user_id"], postgresql_concurrently=True)
""",
    good="""
with op.get_context().autocommit_block():
    op.create_index("ix_orders_user_id", "orders", ["user_id"], postgresql_concurrently=True)
""",
    dialects=frozenset({"postgresql"}),
)
