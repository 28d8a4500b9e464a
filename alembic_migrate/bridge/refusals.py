"""What is refused before anything runs: what cannot be meant, or would meet what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.databases.state import schema_names, tables_among
from alembic_migrate.errors import DatabaseError, RevisionNotFound, UsageError
from alembic_migrate.history.contents import made_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.targets import Target


def refuse_empty(target: Target, asked: str) -> None:
    """Refuse a revision that is an empty word.

    Raises:
        RevisionNotFound: it is one.
    """
    if not asked.strip():
        raise RevisionNotFound(
            f"{target.prefix}the revision is empty",
            hint="for example: head, base, +1, -1, or the beginning of an id",
        )


def refuse_ambiguous(target: Target, asked: str, heads: Sequence[str]) -> None:
    """Refuse ``-1`` from several heads: Alembic takes the one that the database lists first.

    Raises:
        UsageError: the database is at several revisions.
    """
    ids = sorted(set(heads))
    if len(ids) < 2 or not re.fullmatch(r"-\d+", asked):  # noqa: PLR2004 - several begin with two
        return
    raise UsageError(
        f"{target.prefix}{asked} may be one of several revisions: the database is at "
        f"{', '.join(ids)}",
        hint=f"name the branch: alembic-db downgrade{target.flag} {ids[0]}@{asked}",
    )


def refuse_unmanaged(target: Target, connection: Connection | None, steps: Sequence[Any]) -> None:
    """Refuse to make tables that are there already, in a database without a version.

    Raises:
        DatabaseError: there are some.
    """
    if connection is None:
        return
    files = [Path(step.revision.path) for step in steps if hasattr(step, "revision")]
    will_make = {table for table in made_tables(files) if not table.guarded}
    schemas = {table.schema for table in will_make}
    if schemas - {None}:
        schemas &= {None, *schema_names(connection)}
    names = {table.name for table in will_make}
    there = sorted(
        name
        for schema in schemas
        for name in tables_among(connection, names, schema)
        if any(table.may_be(name, schema) for table in will_make)
    )
    if there:
        raise DatabaseError(
            f"{target.prefix}the database has no version yet, and holds tables that "
            f"these revisions make: {', '.join(there)}",
            hint="if it was made by other means and is complete, say so: "
            f"alembic-db stamp{target.flag} head; or name the revision it corresponds to",
            data={"tables": there},
        )
