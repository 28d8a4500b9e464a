"""ADB104: all rows of a table are deleted, the table stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import execute, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "empty"):
        table = qualified(operation, captured.dialect)
        yield Spot(
            operation.line,
            f"every row of {operation.qualified} is deleted, and a downgrade does not bring it "
            "back",
            execute(f"DELETE FROM {table} WHERE ..."),
            operation,
        )


RULE = Rule(
    code="ADB104",
    name="delete-all-rows",
    category="destructive",
    summary="TRUNCATE, or a DELETE without WHERE, empties a table.",
    why="""
A revision runs on every database that has the history, also on the one whose rows somebody wants to
keep. A `DELETE` says with its `WHERE` which rows are meant; a table that the revision itself made
may be emptied.
""",
    look=_look,
    bad='op.execute("DELETE FROM sessions")',
    good="op.execute(\"DELETE FROM sessions WHERE expires < '2020-01-01'\")",
)
