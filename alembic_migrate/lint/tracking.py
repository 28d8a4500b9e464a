"""What a revision did before: the tables that it made itself, the columns that it filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Column, Kind, Operation

WRITES: frozenset[Kind] = frozenset({"bulk insert", "insert", "update", "delete", "empty"})
NO_DDL: frozenset[Kind] = WRITES | {"execute", "other"}


def on_existing(captured: Captured, *kinds: Kind) -> Iterator[Operation]:
    """Yield the operations of ``upgrade()``, without those on a table that it makes itself.

    A table that the revision makes is empty, and nobody reads it yet. It stays that table under
    another name, and is a stranger again once it is dropped.

    Args:
        captured: the revision.
        kinds: of these kinds alone; none are all.
    """
    made: set[str | None] = set()
    indexes: set[str | None] = set()
    for operation in captured.upgrade:
        new = operation.qualified in made
        if operation.kind == "create table":
            made.add(operation.qualified)
        elif new:
            _follow(operation, made)
        if operation.kind == "create index":
            indexes.add(operation.name)
        if operation.kind == "drop index" and operation.name in indexes:
            continue
        if not new and (not kinds or operation.kind in kinds):
            yield operation


def _follow(operation: Operation, made: set[str | None]) -> None:
    """Keep track of a table that was made here while it is renamed or dropped."""
    if operation.kind not in {"rename table", "drop table"}:
        return
    made.discard(operation.qualified)
    if operation.kind == "rename table":
        made.add(new_name(operation))


def new_name(operation: Operation) -> str:
    """Return what a renamed table is called from then on, with its schema."""
    name = operation.new_name or ""
    stays = operation.schema is not None and "." not in name
    return f"{operation.schema}.{name}" if stays else name


def before(captured: Captured, operation: Operation, *kinds: Kind) -> Iterator[Operation]:
    """Yield the earlier operations of some kinds on an operation's table."""
    for each in captured.upgrade:
        if each is operation:
            return
        if each.kind in kinds and each.qualified == operation.qualified:
            yield each


def added(captured: Captured, operation: Operation, name: str) -> Column | None:
    """Return the column of a name that the revision added to an operation's table before, or None.

    Such a column holds the same value in all rows: its default, or NULL.
    """
    columns = (each.columns[0] for each in before(captured, operation, "add column"))
    return next((column for column in columns if column.name == name), None)


def filled(captured: Captured, operation: Operation, name: str) -> bool:
    """Tell whether the revision gave every row of an operation's table a value in a column.

    By an UPDATE before, whatever its condition, or because the column came with a default.
    """
    new = added(captured, operation, name)
    if new is not None and new.default is not None:
        return True
    updates = before(captured, operation, "update")
    return any(name in {column.name for column in each.columns} for each in updates)


def proven(captured: Captured, operation: Operation, name: str) -> bool:
    """Tell whether a validated CHECK of the table proves that a column has no NULL.

    What a constraint checks stands in another revision; it counts where its name has the column's
    in it, or where it is dropped here afterwards, having done its work.
    """
    later = captured.upgrade[captured.upgrade.index(operation) :]
    dropped = {each.name for each in later if each.kind == "drop constraint"}
    validated = (each.name for each in before(captured, operation, "validate constraint"))
    return any(check in dropped or name in (check or "") for check in validated)
