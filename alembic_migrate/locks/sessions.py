"""Locks that belong to a database session, one class a server.

None of them waits in the server: a session that blocks inside ``pg_advisory_lock()`` deadlocks the
holder's ``CREATE INDEX CONCURRENTLY``. Whoever wants to wait tries again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import text

from alembic_migrate.locks.holder import Holder

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

APPLICATION = "alembic-migrate"


# How pg_locks shows a lock of one 64-bit key, in this database.
_GRANTED = (
    "locktype = 'advisory' AND objsubid = 1 AND granted "
    "AND classid::bigint = :high AND objid::bigint = :low "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_IS_MINE = text(
    f"SELECT count(*) FROM pg_locks WHERE {_GRANTED} AND pid = pg_backend_pid()"  # noqa: S608
)
_ANY = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
_HOLDER = text(
    "SELECT a.pid, a.application_name, coalesce(host(a.client_addr), 'a local socket'), "  # noqa: S608
    "to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') "
    f"FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE {_GRANTED} LIMIT 1"
)


class SessionLock(Protocol):
    """A lock that lives and dies with a session."""

    def try_acquire(self, connection: Connection) -> bool:
        """Take the lock if nobody has it."""

    def is_held(self, connection: Connection) -> bool:
        """Tell whether this session still has it."""

    def releasing(self, connection: Connection) -> str:
        """Return the statement that gives it back; known once the lock was tried for."""

    def holder(self, connection: Connection) -> Holder | None:
        """Return who has it, where the server tells."""


class PostgresLock:
    """An advisory lock of PostgreSQL, at session level: transactions come and go below it.

    Args:
        purpose: tells our own locks on one database apart.
        schema: the version table's schema; None is the session's own.
        table: the version table.
    """

    def __init__(self, purpose: str, schema: str | None, table: str) -> None:
        self.purpose = purpose
        self.schema = schema
        self.table = table
        self._key: int | None = None

    def _number(self, connection: Connection) -> int:
        if self._key is None:
            # What the server says, not the URL: two names of one database share the lock, and
            # schemas of tenants do not wait for each other.
            database, schema = connection.execute(
                text("SELECT current_database(), current_schema()")
            ).one()
            said = f"{APPLICATION}:{self.purpose}:{database}:{self.schema or schema}:{self.table}"
            digest = hashlib.sha256(said.encode()).digest()
            self._key = int.from_bytes(digest[:8], "big", signed=True)
        return self._key

    def try_acquire(self, connection: Connection) -> bool:
        """Take the lock if nobody has it."""
        key = self._number(connection)
        return bool(
            connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar()
        )

    def is_held(self, connection: Connection) -> bool:
        """Tell whether this session still has it."""
        return bool(connection.execute(_IS_MINE, self._halves(connection)).scalar())

    def releasing(self, connection: Connection) -> str:
        """Return the statement that gives it back."""
        return f"SELECT pg_advisory_unlock({self._number(connection)})"

    def holder(self, connection: Connection) -> Holder | None:
        """Return who has it."""
        row = connection.execute(_HOLDER, self._halves(connection)).first()
        if row is None:
            return None
        pid, application, address, since = row
        called = f" ({application})" if application else ""
        return Holder(
            f"process {pid}{called} from {address}, connected since {since}",
            f"SELECT pg_terminate_backend({pid});",
            int(pid),
        )

    def _halves(self, connection: Connection) -> dict[str, int]:
        unsigned = self._number(connection) & 0xFFFFFFFFFFFFFFFF
        return {"high": unsigned >> 32, "low": unsigned & 0xFFFFFFFF}


class MySqlLock:
    """A named lock of MySQL or MariaDB. Names are server-wide and at most 64 characters long.

    Args:
        purpose: tells our own locks on one database apart.
        schema: the version table's schema; None is the session's database.
        table: the version table.
    """

    def __init__(self, purpose: str, schema: str | None, table: str) -> None:
        self.purpose = purpose
        self.schema = schema
        self.table = table
        self._known: str | None = None

    def _name(self, connection: Connection) -> str:
        if self._known is None:
            database = self.schema or connection.execute(text("SELECT DATABASE()")).scalar()
            said = f"{self.purpose}:{database}:{self.table}"
            self._known = f"{APPLICATION}:{hashlib.sha256(said.encode()).hexdigest()[:40]}"
        return self._known

    def try_acquire(self, connection: Connection) -> bool:
        """Take the lock if nobody has it; 0 is busy and NULL an error, only 1 is the lock."""
        name = self._name(connection)
        return connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": name}).scalar() == 1

    def is_held(self, connection: Connection) -> bool:
        """Tell whether this session still has it."""
        name = self._name(connection)
        mine = text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()")
        return bool(connection.execute(mine, {"name": name}).scalar())

    def releasing(self, connection: Connection) -> str:
        """Return the statement that gives it back."""
        return f"SELECT RELEASE_LOCK('{self._name(connection)}')"

    def holder(self, connection: Connection) -> Holder | None:
        """Return who has it."""
        name = self._name(connection)
        number = connection.execute(text("SELECT IS_USED_LOCK(:name)"), {"name": name}).scalar()
        if number is None:
            return None
        row = connection.execute(
            text("SELECT user, host, time FROM information_schema.processlist WHERE id = :id"),
            {"id": number},
        ).first()
        told = f", {row[0]} from {row[1]}, for {row[2]} s in its present state" if row else ""
        return Holder(f"connection {number}{told}", f"KILL {number};", int(number))


def may_be_locked(connection: Connection) -> bool:
    """Tell whether anybody may hold a lock of this module in the database; False is sure."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(_ANY).scalar())


def lock_for(dialect: str, purpose: str, schema: str | None, table: str) -> SessionLock | None:
    """Return the lock of a kind of server, by SQLAlchemy's name of it; None where none is known."""
    if dialect == "postgresql":
        return PostgresLock(purpose, schema, table)
    if dialect in {"mysql", "mariadb"}:
        return MySqlLock(purpose, schema, table)
    return None
