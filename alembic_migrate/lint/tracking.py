"""Which operations are about tables that were there before the revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def on_existing(captured: Captured) -> Iterator[Operation]:
    """Yield the operations of ``upgrade()``, without those on a table that it makes itself.

    A table that the revision makes is empty, and nobody reads it yet. It stays that table under
    another name, and is a stranger again once it is dropped.
    """
    made: set[str | None] = set()
    for operation in captured.upgrade:
        table = operation.qualified
        if operation.kind == "create table":
            made.add(table)
        elif table in made:
            _follow(operation, made)
            continue
        yield operation


def _follow(operation: Operation, made: set[str | None]) -> None:
    """Keep track of a table that was made here while it is renamed or dropped."""
    if operation.kind not in {"rename table", "drop table"}:
        return
    made.discard(operation.qualified)
    if operation.kind == "rename table":
        schema = operation.schema
        made.add(f"{schema}.{operation.new_name}" if schema else operation.new_name)
