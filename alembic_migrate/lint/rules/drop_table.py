"""ADB101: a table is dropped with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured):
        if operation.kind == "drop table":
            table = operation.qualified
            yield Spot(
                operation.line,
                f"every row of {table} is lost, and a downgrade does not bring them back; old "
                "application code that still reads it fails",
                operation=operation,
            )


RULE = Rule(
    code="ADB101",
    name="drop-table",
    category="destructive",
    summary="A table is dropped with its rows.",
    why="",
    look=_look,
    bad='op.drop_table("invoices")',
    good='op.rename_table("invoices", "invoices_unused")',
)
