"""ADB501: one revision changes the schema and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import NO_DDL, WRITES, on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    changes = [each for each in captured.upgrade if each.kind not in NO_DDL]
    writes = list(on_existing(captured, *WRITES))
    if changes and writes:
        first = writes[0]
        yield Spot(
            first.line,
            f"rows of {first.qualified} are written in the revision that changes the schema (line "
            f"{changes[0].line}): {_happens(captured)}",
            "# the schema here, the rows in a revision of their own:\n"
            '# alembic-db revision -m "..."',
            first,
        )


def _happens(captured: Captured) -> str:
    if not captured.transactional:
        return "where that fails, the schema stays changed"
    if captured.dialect == "sqlite":
        return "neither can be run or repeated without the other"
    return "the locks that the schema's change takes are kept until all rows are written"


RULE = Rule(
    code="ADB501",
    name="data-and-ddl",
    category="craft",
    summary="One revision changes the schema and rows.",
    why="""
On PostgreSQL the locks of the DDL are kept while the rows are written, and a constraint that is
checked at the end of the transaction forbids DDL after it; on MySQL a failure leaves the schema
changed. Rows that take long want batches, and to be resumed; a change of the schema wants to be
short. Filling a table that the revision itself makes is no such thing.
""",
    look=_look,
    bad="""
op.add_column("users", sa.Column("active", sa.Boolean()))
op.execute("UPDATE users SET active = true WHERE last_seen > '2020-01-01'")
""",
    good="""
op.execute("UPDATE users SET active = true WHERE last_seen > '2020-01-01'")
""",
)
