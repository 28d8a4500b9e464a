"""What a database says of itself: its version table and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import column, inspect, select, table

from alembic_migrate.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def read_heads(connection: Connection, version_table: str, schema: str | None) -> tuple[str, ...]:
    """Return the ids in the version table; nothing where there is no such table.

    Raises:
        DatabaseError: the table is there but has no column ``version_num``.
    """
    inspector = inspect(connection)
    if not inspector.has_table(version_table, schema=schema):
        return ()
    names = [c["name"] for c in inspector.get_columns(version_table, schema=schema)]
    if "version_num" not in names:
        shown = f"{schema}.{version_table}" if schema else version_table
        raise DatabaseError(
            f"the table {shown} has no column version_num: it is no version table of Alembic's "
            f"(its columns: {', '.join(names) or 'none'})",
            hint='name another table: version_table = "alembic_version_app"',
            data={"table": shown},
        )
    versions = table(version_table, column("version_num"), schema=schema)
    return tuple(row[0] for row in connection.execute(select(versions.c.version_num)))


def schema_names(connection: Connection) -> set[str]:
    """Return the names of the schemas of a database."""
    return set(inspect(connection).get_schema_names())


def table_names(connection: Connection, schema: str | None = None) -> set[str]:
    """Return the names of the tables in a schema (the default one where none is named)."""
    return set(inspect(connection).get_table_names(schema=schema))
