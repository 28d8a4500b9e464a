"""Databases of a server: listed, made like the one that is connected to, dropped."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_migrate.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_POSTGRES_DENIED = "42501"
_MYSQL_DENIED = frozenset({(1044,), (1045,), (1227,)})
_FORCE_SINCE = (13,)
_MYSQL_WAIT = 10  # seconds for the sessions that were ended to be gone


def names(connection: Connection) -> list[str]:
    """Return the names of the server's databases that this role sees."""
    if connection.dialect.name == "postgresql":
        return list(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    return list(connection.execute(text("SHOW DATABASES")).scalars())


def create(connection: Connection, name: str) -> None:
    """Make an empty database with the encoding and collation of the one connected to.

    Args:
        connection: in AUTOCOMMIT.
        name: letters, digits and underscores.

    Raises:
        DatabaseError: the role may not.
    """
    try:
        connection.exec_driver_sql(f"CREATE DATABASE {name} {like(connection)}")
    except DBAPIError as error:
        if not _is_denied(error):
            raise
        raise _denied(connection, postgres=connection.dialect.name == "postgresql") from error


def drop(connection: Connection, name: str) -> None:
    """Drop a database where it is there; sessions that are still in it are ended.

    Args:
        connection: in AUTOCOMMIT.
        name: letters, digits and underscores.
    """
    if connection.dialect.name == "postgresql":
        force = ""
        if (connection.dialect.server_version_info or ()) >= _FORCE_SINCE:
            force = " WITH (FORCE)"
        else:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(end), {"name": name})
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")
        return
    # A transaction in it that was left open would be waited for, by default for a day.
    sessions = "SELECT id FROM information_schema.processlist WHERE db = :name"
    for number in connection.execute(text(sessions), {"name": name}).scalars().all():
        with contextlib.suppress(DBAPIError):
            connection.exec_driver_sql(f"KILL {int(number)}")
    connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_MYSQL_WAIT}")
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


def like(connection: Connection) -> str:
    """Return the words of CREATE DATABASE for one like that which is connected to, but empty."""
    if connection.dialect.name == "postgresql":
        return _like_postgres(connection)
    return _like_mysql(connection)


def _like_postgres(connection: Connection) -> str:
    # Which columns there are depends on the server's version, and JSON has them all.
    told = connection.exec_driver_sql(
        "SELECT CAST(to_jsonb(d) || jsonb_build_object('encoding', pg_encoding_to_char(encoding)) "
        "AS text) FROM pg_database d WHERE datname = current_database()"
    )
    row = json.loads(str(told.scalar_one()))
    words = {"ENCODING": row["encoding"]}
    words |= {"LC_COLLATE": row["datcollate"], "LC_CTYPE": row["datctype"]}
    provider = row.get("datlocprovider")
    locale = row.get("datlocale") or row.get("daticulocale")
    if provider == "i":
        words |= {"LOCALE_PROVIDER": "icu", "ICU_LOCALE": locale}
    elif provider == "b":
        words |= {"LOCALE_PROVIDER": "builtin", "BUILTIN_LOCALE": locale}
    given = (f"{key} {_quoted(value)}" for key, value in words.items() if value)
    return f"TEMPLATE template0 {' '.join(given)}"


def _like_mysql(connection: Connection) -> str:
    asked = "SELECT @@character_set_database, @@collation_database"
    charset, collation = connection.exec_driver_sql(asked).one()
    return f"CHARACTER SET {charset} COLLATE {collation}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _is_denied(error: DBAPIError) -> bool:
    original: Any = error.orig
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return state == _POSTGRES_DENIED or original.args[:1] in _MYSQL_DENIED


def _denied(connection: Connection, *, postgres: bool) -> DatabaseError:
    asked = "quote_ident(current_user)" if postgres else "CURRENT_USER()"
    role = str(connection.exec_driver_sql(f"SELECT {asked}").scalar_one())
    server = "postgresql+psycopg://postgres@localhost/postgres"
    grant = f"ALTER ROLE {role} CREATEDB;"
    if not postgres:
        server = "mysql+pymysql://admin@localhost/mysql"
        user, _, host = role.rpartition("@")
        role = f"'{user}'@'{host}'"
        grant = rf"GRANT ALL ON `alembic\_scratch\_%`.* TO {role};"
    return DatabaseError(
        f"the role {role} may not create databases, and a scratch database is needed",
        hint=f"let it: {grant}\nor name a server where scratch databases are made: "
        f'scratch_url = "{server}"',
        data={"role": role},
    )
