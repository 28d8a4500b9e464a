"""ADB301: an index is made without CONCURRENTLY.

PostgreSQL, "CREATE INDEX", Building Indexes Concurrently: a SHARE lock, which writes wait for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import autocommitted, code, execute, statement
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation

_INDEX = re.compile(r"(CREATE (?:UNIQUE )?INDEX) (?!CONCURRENTLY)", re.IGNORECASE)

_PLAIN = re.compile(
    r"CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?\S+ ON \S+ \(([^()]*)\)", re.IGNORECASE
)


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "create index"):
        if not operation.concurrently:
            name = operation.name or "it"
            yield Spot(
                operation.line,
                f"writes to {operation.qualified} wait until the index {name} is built: every row "
                "is read for it",
                "# in a revision of its own, which has no transaction:\n"
                + autocommitted(concurrent(captured, operation)),
                operation,
            )


def concurrent(captured: Captured, operation: Operation) -> str:
    """Return the code that makes an operation's index concurrently."""
    sql = statement(captured, operation)
    names = [column.name for column in operation.columns]
    if sql and _has_options(sql, names):
        return execute(_INDEX.sub(r"\1 CONCURRENTLY ", sql, count=1))
    return code(
        "create_index",
        operation.name,
        operation.table,
        names,
        unique=operation.unique or None,
        schema=operation.schema,
        postgresql_concurrently=True,
    )


def _has_options(sql: str, names: list[str]) -> bool:
    """Tell whether a statement says more than a name, a table and names of columns."""
    plain = _PLAIN.fullmatch(sql)
    if plain is None:
        return True
    return [part.strip().strip('"') for part in plain[1].split(",")] != names


RULE = Rule(
    code="ADB301",
    name="create-index-blocking",
    category="locking",
    summary="An index is made without CONCURRENTLY: writes wait until it is built.",
    why=f"""
`CREATE INDEX` takes a SHARE lock: reads go on, every INSERT, UPDATE and DELETE of the table waits
until the index is built and the revision's transaction has ended. `CONCURRENTLY` lets them go on.
It cannot run in a transaction, so it needs an `autocommit_block` and a revision of its own. Where
it fails it leaves an invalid index behind: drop that before the next attempt; IF NOT EXISTS would
take it for a good one.
{LOCK_TIMEOUT}""",
    look=_look,
    bad='op.create_index("ix_orders_user_id", "orders", ["user_id"])',
    good="""
with op.get_context().autocommit_block():
    op.create_index("ix_orders_user_id", "orders", ["user_id"], postgresql_concurrently=True)
""",
    dialects=frozenset({"postgresql"}),
)
