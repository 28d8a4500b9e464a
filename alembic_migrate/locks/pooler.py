"""A pooler in transaction mode gives every transaction another server session: no lock holds there.

Through one, two clients both "get" a session's lock, and it stays behind when they leave. So does a
search path, and what a tenant was meant to get goes into whichever schema comes next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.databases.poolers import no_session, told_number
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
    told = told_number(connection.connection.dbapi_connection)
    actual = number_of(connection)
    if told is None:
        return _CANNOT_TELL.format(driver=connection.dialect.driver)
    if told != actual:
        raise no_session(kept)
    return None
