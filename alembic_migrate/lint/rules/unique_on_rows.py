"""ADB203: what is unique from now on may not be so in the rows that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import listed, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import added, before, on_existing
from alembic_migrate.lint.wording import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "create index", "add constraint"):
        unique = operation.unique or operation.constraint in {"unique", "primary key"}
        if not unique or operation.using or _cannot_repeat(captured, operation):
            continue
        table, columns = qualified(operation, captured.dialect), listed(operation, captured.dialect)
        yield Spot(
            operation.line,
            f"the revision fails as soon as two rows of {operation.qualified} have the same "
            f"{columns_of(operation)}",
            "# what has to be mended first, in a revision of its own:\n"
            f"# SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1",
            operation,
        )


def _cannot_repeat(captured: Captured, operation: Operation) -> bool:
    """Tell whether the rows were mended here before, or a new column has nothing but NULL."""
    if any(before(captured, operation, "update", "delete", "empty")):
        return True
    new = [added(captured, operation, column.name) for column in operation.columns]
    empty = any(column is not None and column.default is None for column in new)
    return empty and operation.constraint != "primary key"


RULE = Rule(
    code="ADB203",
    name="unique-on-rows",
    category="data-dependent",
    summary="A unique constraint or index is put on rows that are there.",
    why="""
Whether it works depends on the rows of each database. Look for what repeats, decide what becomes of
it, and mend it in a revision before, or in this one: rows that were updated or deleted here before
the constraint count as mended. A new column that holds nothing but NULL has nothing that repeats.
""",
    look=_look,
    bad='op.create_unique_constraint("uq_users_email", "users", ["email"])',
    good="""
op.execute("DELETE FROM users WHERE id NOT IN (SELECT min(id) FROM users GROUP BY email)")
op.create_unique_constraint("uq_users_email", "users", ["email"])
""",
)
