"""SQLite while it is migrated: real transactions, and no row lost to a cascade.

Inside a transaction ``PRAGMA foreign_keys = OFF`` does nothing, and a batch operation's DROP TABLE
then deletes the rows of every child table that cascades. It is so switched off on connect, and
what the revisions leave is checked before each commit instead.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.watching import is_autocommit
from alembic_migrate.errors import MigrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection

# How many rows of a table refer to nothing in another. Row numbers may change when a batch
# operation makes a table anew, so rows are counted and not named.
_Violations = Counter[tuple[str, str]]


class SqliteCare:
    """Sees to SQLite connections while they are migrated."""

    def __init__(self) -> None:
        self._before: dict[int, _Violations] = {}
        self._waiting: set[int] = set()
        self._enforced: list[Any] = []
        self._taken_over: list[tuple[Any, Any]] = []

    def connected(self, connection: Connection) -> None:
        """Switch foreign keys off: after the project's own listeners, which may do the opposite."""
        if connection.dialect.name == "sqlite":
            raw = _raw(connection)
            self._before.pop(id(raw), None)
            self._waiting.discard(id(raw))
            self._take_over(raw)
            self._switch_off(raw)

    def _switch_off(self, raw: Any) -> None:
        # Past SQLAlchemy, which would begin a transaction first.
        cursor = raw.cursor()
        cursor.execute("PRAGMA foreign_keys")
        if cursor.fetchone()[0]:
            cursor.execute("PRAGMA foreign_keys = OFF")
            self._enforced.append(raw)
        cursor.close()

    def _take_over(self, raw: Any) -> None:
        """Let transactions begin and end as we say: Python 3.12 has two more ways of its own.

        With ``autocommit=False`` one is always open, where foreign keys stay on; with ``True``
        ``commit()`` does nothing, and our BEGIN would never be committed.
        """
        usual = getattr(sqlite3, "LEGACY_TRANSACTION_CONTROL", None)
        found = getattr(raw, "autocommit", usual)
        if found != usual:
            raw.autocommit = True  # ends the transaction that is open
            raw.autocommit = usual
            self._taken_over.append((raw, found))

    def restore(self) -> None:
        """Switch foreign keys on again, where a pool of the project's own kept a connection."""
        for raw in self._enforced:
            with contextlib.suppress(Exception):  # most are closed by now
                raw.execute("PRAGMA foreign_keys = ON")
        for raw, usual in self._taken_over:
            with contextlib.suppress(Exception):
                raw.autocommit = usual

    def begins(self, connection: Connection) -> None:
        """Note that a transaction begins; the database is told with the first statement in it."""
        if _is_transactional(connection):
            self._waiting.add(id(_raw(connection)))

    def executes(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        """Begin a transaction that takes the write lock now, and DDL with it.

        Not in ``begins``: a project's own listener may say BEGIN there, as SQLAlchemy's
        documentation advises, and it comes after this package's.
        """
        raw = _raw(connection)
        if id(raw) not in self._waiting:
            return
        self._waiting.discard(id(raw))
        if not getattr(raw, "in_transaction", False):
            self._switch_off(raw)  # an environment script may have switched them on since
        begun = getattr(raw, "in_transaction", False) or statement.lstrip()[:5].upper() == "BEGIN"
        if not begun:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if id(raw) not in self._before:
            self._before[id(raw)] = _violations(connection)

    def check(self, connection: Connection) -> None:
        """Refuse rows that refer to rows that are gone; those that were there before may stay.

        Raises:
            MigrationError: there are some.
        """
        if not _is_transactional(connection) or id(_raw(connection)) in self._waiting:
            return
        new = _violations(connection) - self._before.get(id(_raw(connection)), Counter())
        if new:
            told = ", ".join(f"{count} in {a} to {b}" for (a, b), count in sorted(new.items()))
            raise MigrationError(
                f"rows would refer to rows that are not there any more: {told}",
                hint="nothing of this revision is kept; mend or delete these rows in the revision",
            )


@contextmanager
def migrating_sqlite() -> Iterator[SqliteCare]:
    """See to every SQLite connection that is made meanwhile, by whatever engine.

    A transaction begins with ``BEGIN IMMEDIATE``, so that DDL is part of it and is rolled back with
    it; a commit that would leave new violations of foreign keys is refused.
    """
    care = SqliteCare()
    listeners: dict[str, Callable[..., Any]] = {
        "engine_connect": care.connected,
        "begin": care.begins,
        "before_cursor_execute": care.executes,
        "commit": care.check,
    }
    with listening(listeners):
        try:
            yield care
        finally:
            care.restore()


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _is_transactional(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and not is_autocommit(connection)


def _violations(connection: Connection) -> _Violations:
    try:
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    except DBAPIError:
        # A foreign key to columns that are not unique cannot be checked at all.
        return Counter()
    return Counter((str(row[0]), str(row[2])) for row in rows)
