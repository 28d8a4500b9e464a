"""Sentences that several rules need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic_migrate.lint.operations import Operation

# What this tool does about locks on PostgreSQL, and what it cannot do.
LOCK_TIMEOUT = """
alembic-db waits at most 5 seconds for a lock on PostgreSQL (`lock_timeout`), then rolls the
revision back and tries again: nobody queues behind a migration that itself waits. How long a lock
is kept once it is there is another matter: until the revision's transaction ends.
"""

LATER = "# in the next revision, once this one is deployed:"


def columns_of(operation: Operation) -> str:
    """Return the columns of an index or a constraint: ``email``, ``(a, b)``."""
    names = [each.name for each in operation.columns]
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def new_type(operation: Operation) -> str:
    """Return what a column becomes, and what it was where that is said."""
    after = operation.columns[0].type
    was = operation.before.type if operation.before else None
    return f"{after} where it was {was}" if was else f"{after}"
