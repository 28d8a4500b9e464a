"""What a database says of itself: its version table and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

from alembic_migrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

# As SQLAlchemy tells tables from what else there is, but by the catalogue's index.
_AMONG = text(
    "SELECT c.relname FROM pg_catalog.pg_class c "
    "WHERE c.relname = ANY (CAST(:names AS name[])) AND c.relkind IN ('r', 'p') "
    "AND c.relpersistence <> 't' AND c.relnamespace = ANY (ARRAY("
    "SELECT n.oid FROM pg_catalog.pg_namespace n "
    "WHERE n.nspname = ANY (CASE WHEN CAST(:schema AS name) IS NULL "
    "THEN current_schemas(false) ELSE ARRAY[CAST(:schema AS name)] END)))"
)


def read_heads(connection: Connection, version_table: str, schema: str | None) -> tuple[str, ...]:
    """Return the ids in the version table; nothing where there is no such table.

    Raises:
        DatabaseError: the table is there but has no column ``version_num``.
    """
    if not inspect(connection).has_table(version_table, schema=schema):
        return ()
    versions = table(version_table, column("version_num"), schema=schema)
    try:
        return tuple(row[0] for row in connection.execute(select(versions.c.version_num)))
    except DBAPIError as error:
        if not connection.invalidated:
            connection.rollback()
            _refuse_other_columns(connection, version_table, schema, error)
        raise


def _refuse_other_columns(
    connection: Connection, version_table: str, schema: str | None, error: DBAPIError
) -> None:
    """Say so where a version table could not be read because it is none."""
    names = [c["name"] for c in inspect(connection).get_columns(version_table, schema=schema)]
    if "version_num" not in names:
        shown = f"{schema}.{version_table}" if schema else version_table
        raise DatabaseError(
            f"the table {shown} has no column version_num: it is no version table of Alembic's "
            f"(its columns: {', '.join(names) or 'none'})",
            hint='name another table: version_table = "alembic_version_app"',
            data={"table": shown},
        ) from error


def schema_names(connection: Connection) -> set[str]:
    """Return the names of the schemas of a database."""
    return set(inspect(connection).get_schema_names())


def table_names(connection: Connection, schema: str | None = None) -> set[str]:
    """Return the names of the tables in a schema (the default one where none is named)."""
    return set(inspect(connection).get_table_names(schema=schema))


def tables_among(
    connection: Connection, names: Collection[str], schema: str | None = None
) -> set[str]:
    """Return those of some tables that are there.

    Args:
        connection: to the database. One of PostgreSQL's is asked for these alone: beside them may
            be the tables of thousands of tenants.
        names: the tables.
        schema: where; None is the default one, or those on the search path.
    """
    if connection.dialect.name != "postgresql":
        return table_names(connection, schema) & set(names)
    given = {"names": list(names), "schema": schema}
    return set(connection.execute(_AMONG, given).scalars())
