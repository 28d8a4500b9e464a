"""A pooler in transaction mode gives every transaction another server session: no lock holds there.

Through one, two clients both "get" a session's lock, and it stays behind when they leave. So does a
search path, and what a tenant was meant to get goes into whichever schema comes next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import ConfigError
from alembic_migrate.locks.ending import number_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


_CANNOT_TELL = (
    "whether a connection pooler stands between this machine and PostgreSQL is not known, since "
    "the driver {driver} does not tell its server process: through one in transaction mode no lock "
    'holds; pooler = "session" says that there is none of that kind'
)


def refuse_pooler(
    connection: Connection, pooler: str | None, kept: str = "a migration lock"
) -> str | None:
    """Refuse a connection whose server process is not the one that the driver was told of.

    Args:
        connection: to PostgreSQL, in AUTOCOMMIT.
        pooler: ``session`` says that there is one and that it keeps sessions apart.
        kept: what has to last as long as the session.

    Returns:
        A warning where that cannot be told; else None.

    Raises:
        ConfigError: there is a pooler in between.
    """
    if pooler == "session":
        return None
    told = _told(connection.connection.dbapi_connection)
    actual = number_of(connection)
    if told is None:
        return _CANNOT_TELL.format(driver=connection.dialect.driver)
    if told != actual:
        raise ConfigError(
            "a connection pooler stands between this machine and PostgreSQL, and a pooler in "
            f"transaction mode cannot hold {kept}",
            hint="give a URL that leads to the server itself:\n"
            'migrate_url = "postgresql+psycopg://user:${PASSWORD}@server:5432/name"\n'
            'or, where the pooler is in session mode: pooler = "session"',
        )
    return None


def _told(raw: Any) -> int | None:
    """Return the number of the server process as the driver got it at login."""
    raw = getattr(raw, "_connection", raw)  # SQLAlchemy's wrapping of asynchronous drivers
    if hasattr(raw, "get_server_pid"):  # asyncpg
        return int(raw.get_server_pid())
    if hasattr(raw, "get_backend_pid"):  # psycopg2
        return int(raw.get_backend_pid())
    if key := getattr(raw, "_backend_key_data", None):  # pg8000: the number, and a secret
        return int.from_bytes(key[:4], "big")
    info = getattr(raw, "info", None)  # psycopg
    number = getattr(info, "backend_pid", None)
    return int(number) if number is not None else None
