"""Databases and schemas of tenants, made where they are not there yet."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from alembic_migrate.databases.connecting import guarded
from alembic_migrate.databases.faults import explain, is_database_fault
from alembic_migrate.databases.holding import held
from alembic_migrate.databases.servers import like, names
from alembic_migrate.databases.tenancy import quoted

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.databases.timeouts import ConnectTimeout

_PATIENCE = 600.0  # seconds: a template may be large
_ITSELF = {"postgresql": "postgres"}  # a database that every server has


def make_schema(
    url: URL, schema: str, *, factory: EngineFactory | None, timeout: ConnectTimeout
) -> bool:
    """Make a schema of a database and return whether it was not there before.

    Args:
        url: the database.
        schema: its name.
        factory: makes the engine in place of ``create_engine``.
        timeout: how long connecting may take.

    Raises:
        DatabaseError: the database is unreachable, or the role may not.
    """
    make = functools.partial(_make_schema, schema=schema)
    return _on(url, make, factory, timeout)


def make_database(
    url: URL, *, server: URL | None, template: str | None, timeout: ConnectTimeout
) -> bool:
    """Make a database and return whether it was not there before.

    Args:
        url: the database, on PostgreSQL, MySQL or MariaDB.
        server: a database that is there on the same server, where one is known: what is made gets
            its encoding.
        template: the database that PostgreSQL copies; nobody may be connected to it meanwhile.
        timeout: how long connecting may take.

    Raises:
        DatabaseError: the server is unreachable, or the role may not.
    """
    near = server or url._replace(database=_ITSELF.get(url.get_backend_name()))
    make = functools.partial(_make_database, name=str(url.database), template=template)
    return _on(near, make, None, timeout)


def _on(
    url: URL,
    make: functools.partial[bool],
    factory: EngineFactory | None,
    timeout: ConnectTimeout,
) -> bool:
    try:
        with guarded(timeout=timeout, reading=False), held(url, factory, timeout) as server:
            return server.call(make, _PATIENCE)
    except Exception as error:
        if is_database_fault(error):
            raise explain(error, url) from error
        raise


def _make_schema(connection: Connection, schema: str) -> bool:
    if schema in inspect(connection).get_schema_names():
        return False
    name = quoted(schema, connection.dialect.name)
    connection.execute(text(_plain(f"CREATE SCHEMA IF NOT EXISTS {name}")))
    return True


def _make_database(connection: Connection, name: str, template: str | None) -> bool:
    if name in names(connection):
        return False
    backend = connection.dialect.name
    how = like(connection) if template is None else f"TEMPLATE {quoted(template, backend)}"
    try:
        connection.execute(text(_plain(f"CREATE DATABASE {quoted(name, backend)} {how}")))
    except DBAPIError:
        if name in names(connection):  # another process was faster
            return False
        raise
    return True


def _plain(sql: str) -> str:
    """Return SQL in which a colon is no parameter."""
    return sql.replace(":", "\\:")
