"""SQLite while it is migrated: real transactions, and no row lost to a cascade.

Inside a transaction ``PRAGMA foreign_keys = OFF`` does nothing, and a batch operation's DROP TABLE
then deletes the rows of every child table that cascades. It is so switched off on connect, and
what the revisions leave is checked before each commit instead.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from alembic_migrate.errors import MigrationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

# How many rows of a table refer to nothing in another. Row numbers may change when a batch
# operation makes a table anew, so rows are counted and not named.
_Violations = Counter[tuple[str, str]]


@contextmanager
def migrating_sqlite() -> Iterator[None]:
    """See to every SQLite connection that is made meanwhile, by whatever engine.

    A transaction begins with ``BEGIN IMMEDIATE``, so that DDL is part of it and is rolled back with
    it; a commit that would leave new violations of foreign keys is refused.
    """
    before: dict[int, _Violations] = {}

    def connected(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            raw = _raw(connection)
            before.pop(id(raw), None)
            # After the project's own listeners, which may have switched them on; past SQLAlchemy,
            # which would begin a transaction first.
            cursor = raw.cursor()
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.close()

    def begins(connection: Connection) -> None:
        if not _is_transactional(connection):
            return
        raw = _raw(connection)
        if not getattr(raw, "in_transaction", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if id(raw) not in before:
            before[id(raw)] = _violations(connection)

    def commits(connection: Connection) -> None:
        if not _is_transactional(connection):
            return
        new = _violations(connection) - before.get(id(_raw(connection)), Counter())
        if new:
            told = ", ".join(f"{count} in {a} to {b}" for (a, b), count in sorted(new.items()))
            raise MigrationError(
                f"rows would refer to rows that are not there any more: {told}",
                hint="nothing of this revision is kept; mend or delete these rows in the revision",
            )

    event.listen(Engine, "engine_connect", connected)
    event.listen(Engine, "begin", begins)
    event.listen(Engine, "commit", commits)
    try:
        yield
    finally:
        event.remove(Engine, "commit", commits)
        event.remove(Engine, "begin", begins)
        event.remove(Engine, "engine_connect", connected)


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _is_transactional(connection: Connection) -> bool:
    level = connection.get_execution_options().get("isolation_level")
    return connection.dialect.name == "sqlite" and level != "AUTOCOMMIT"


def _violations(connection: Connection) -> _Violations:
    try:
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    except DBAPIError:
        # A foreign key to columns that are not unique cannot be checked at all.
        return Counter()
    return Counter((str(row[0]), str(row[2])) for row in rows)
