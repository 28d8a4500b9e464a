"""ADB101: a table is dropped with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import code
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "drop table"):
        table = operation.qualified
        yield Spot(
            operation.line,
            f"every row of {table} is lost, and a downgrade does not bring it back; application "
            "code that still runs fails as soon as it reads the table",
            _safe(operation),
            operation,
        )


def _safe(operation: Operation) -> str:
    aside = f"{operation.table}_unused"
    return "\n".join(
        [
            "# once no deployed code uses the table, keep its rows aside:",
            code("rename_table", operation.table, aside, schema=operation.schema),
            "# in a later revision, once nobody has missed them:",
            code("drop_table", aside, schema=operation.schema)
            + "  # alembic-db: ignore[ADB101] unused since ..., a backup is at ...",
        ]
    )


RULE = Rule(
    code="ADB101",
    name="drop-table",
    category="destructive",
    summary="A table is dropped with its rows.",
    why="""
The rows are gone; a downgrade makes an empty table. While the new code is being deployed the old
one still runs, and fails at its next query. Deploy code that does not use the table first; then
drop it, with a reason on the line that tells how you know.
""",
    look=_look,
    bad='op.drop_table("invoices")',
    good='op.rename_table("invoices", "invoices_unused")',
)
