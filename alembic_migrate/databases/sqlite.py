"""SQLite while it is migrated: real transactions, and no row lost to a cascade.

Inside a transaction ``PRAGMA foreign_keys = OFF`` does nothing, and a batch operation's DROP TABLE
then deletes the rows of every child table that cascades. It is so switched off on connect, and
what the revisions leave is checked before each commit instead.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.statements import is_autocommit, without_comments
from alembic_migrate.databases.violations import Violations, below, on_driver, references
from alembic_migrate.errors import MigrationError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection

_DROP = pattern(
    r"""DROP\s+TABLE\s+(IF\s+EXISTS\s+)?(\w+\.)?(?P<name>"([^"]|"")+"|`[^`]+`|\[[^]]+\]|\w+)""",
    re.IGNORECASE,
)


class SqliteCare:
    """Sees to SQLite connections while they are migrated.

    Args:
        rehearsing: nobody but us ends a transaction.
    """

    def __init__(self, *, rehearsing: bool = False) -> None:
        self._rehearsing = rehearsing
        self._violations: dict[int, Violations] = {}
        self._unwatched: dict[int, Connection] = {}
        self._waiting: set[int] = set()
        self._watched: list[Any] = []
        self._enforced: list[Any] = []
        self._taken_over: list[tuple[Any, Any]] = []

    def connected(self, connection: Connection) -> None:
        """Switch foreign keys off: after the project's own listeners, which may do the opposite."""
        if connection.dialect.name == "sqlite":
            raw = _raw(connection)
            self._violations.pop(id(raw), None)
            self._unwatched.pop(id(raw), None)
            self._waiting.discard(id(raw))
            self._take_over(raw)
            self._switch_off(raw)

    def _switch_off(self, raw: Any) -> None:
        if _enforces(raw):
            _run(raw, "PRAGMA foreign_keys = OFF")
            self._enforced.append(raw)

    def _take_over(self, raw: Any) -> None:
        """Let transactions begin and end as we say: Python 3.12 has two more ways of its own.

        With ``autocommit=False`` one is always open, where foreign keys stay on; with ``True``
        ``commit()`` does nothing, and our BEGIN would never be committed.
        """
        usual = getattr(sqlite3, "LEGACY_TRANSACTION_CONTROL", None)

        def take_over(driver: Any) -> Any:
            found = getattr(driver, "autocommit", usual)
            if found != usual:
                driver.autocommit = True  # ends the transaction that is open
                driver.autocommit = usual
            return found

        found = on_driver(raw, take_over)
        if found != usual:
            self._taken_over.append((raw, found))

    def restore(self) -> None:
        """Switch foreign keys on again, where a pool of the project's own kept a connection."""
        for raw in self._watched:
            with contextlib.suppress(Exception):  # most are closed by now
                below(raw).set_authorizer(None)
        for raw in self._enforced:
            with contextlib.suppress(Exception):
                below(raw).execute("PRAGMA foreign_keys = ON")
        for raw, usual in self._taken_over:
            with contextlib.suppress(Exception):
                below(raw).autocommit = usual

    def begins(self, connection: Connection) -> None:
        """Note that a transaction begins; the database is told with the first statement in it."""
        if _is_transactional(connection):
            self._waiting.add(id(_raw(connection)))

    def executes(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        """Begin a transaction that takes the write lock now, and DDL with it.

        Not in ``begins``: a project's own listener may say BEGIN there, as SQLAlchemy's
        documentation advises, and it comes after this package's.
        """
        if connection.dialect.name != "sqlite":
            return
        raw = _raw(connection)
        if id(raw) in self._waiting:
            self._waiting.discard(id(raw))
            self._begin(connection, raw, statement)
        dropped = _DROP.match(without_comments(statement))
        if dropped and _enforces(raw) and _is_referred_to(connection, dropped["name"]):
            self._before_drop(connection, raw, statement)

    def _begin(self, connection: Connection, raw: Any, statement: str) -> None:
        if not _in_transaction(raw):
            self._switch_off(raw)  # an environment script may have switched them on since
        if not _in_transaction(raw) and statement.lstrip()[:5].upper() != "BEGIN":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        self._watch(connection, raw)

    def _watch(self, connection: Connection, raw: Any) -> None:
        if id(raw) not in self._violations:
            self._violations[id(raw)] = Violations(connection)
            self._watched.append(raw)
        self._violations[id(raw)].is_closed = self._rehearsing

    def _before_drop(self, connection: Connection, raw: Any, statement: str) -> None:
        """See to it that a DROP TABLE takes no rows of other tables with it.

        Where a connection commits each statement by itself, foreign keys may be on all the same.

        Raises:
            MigrationError: they are, inside a transaction of the script's own.
        """
        if _in_transaction(raw):
            raise MigrationError(
                f"foreign keys are enforced inside a transaction, where {statement.strip()} may "
                "delete the rows of other tables that refer to this one: switch them off before "
                "it begins",
            )
        self._watch(connection, raw)
        self._switch_off(raw)
        self._unwatched[id(raw)] = connection

    def rolls_back(self, connection: Connection) -> None:
        """Let a transaction be rolled back that SQLAlchemy knows of."""
        if connection.dialect.name == "sqlite" and not connection.invalidated:
            watched = self._violations.get(id(_raw(connection)))
            if watched is not None:
                watched.is_closed = False

    @property
    def refused(self) -> bool:
        """Whether a transaction was to be ended that is rehearsed."""
        return any(watched.refused for watched in self._violations.values())

    def check(self, connection: Connection) -> None:
        """Refuse rows that refer to rows that are gone; those that were there before may stay.

        Raises:
            MigrationError: there are some.
        """
        raw = _raw(connection)
        if _is_transactional(connection) and id(raw) not in self._waiting:
            self._refuse(connection, "nothing of this revision is kept; mend or delete these rows")

    def check_unwatched(self) -> None:
        """Refuse the same where no commit tells when: after each revision.

        Raises:
            MigrationError: there are some.
        """
        for connection in self._unwatched.values():
            if not connection.closed:
                self._refuse(connection, "mend or delete these rows")

    def _refuse(self, connection: Connection, what_to_do: str) -> None:
        watched = self._violations.get(id(_raw(connection)))
        new = watched.new(connection) if watched is not None else None
        if new:
            told = ", ".join(f"{count} in {a} to {b}" for (a, b), count in sorted(new.items()))
            raise MigrationError(
                f"rows would refer to rows that are not there any more: {told}",
                hint=f"{what_to_do} in the revision",
            )


@contextmanager
def migrating_sqlite(*, rehearsing: bool = False) -> Iterator[SqliteCare]:
    """See to every SQLite connection that is made meanwhile, by whatever engine.

    Args:
        rehearsing: no transaction is committed, by the driver's own ``commit()`` neither.

    A transaction begins with ``BEGIN IMMEDIATE``, so that DDL is part of it and is rolled back with
    it; a commit that would leave new violations of foreign keys is refused.
    """
    care = SqliteCare(rehearsing=rehearsing)
    listeners: dict[str, Callable[..., Any]] = {
        "engine_connect": care.connected,
        "begin": care.begins,
        "before_cursor_execute": care.executes,
        "commit": care.check,
        "rollback": care.rolls_back,
    }
    with listening(listeners):
        try:
            yield care
        finally:
            care.restore()


def opened_file(connection: Connection) -> Path | None:
    """Return the file that is open, whatever the URL says; None for a database in memory."""
    _, _, file = _run(_raw(connection), "PRAGMA database_list")
    return Path(file) if file else None


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _is_transactional(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and not is_autocommit(connection)


def _run(raw: Any, statement: str) -> Any:
    # Past SQLAlchemy, which would begin a transaction first.
    cursor = raw.cursor()
    try:
        cursor.execute(statement)
        return cursor.fetchone()
    finally:
        cursor.close()


def _enforces(raw: Any) -> bool:
    return bool(_run(raw, "PRAGMA foreign_keys")[0])


def _is_referred_to(connection: Connection, quoted: str) -> bool:
    name = quoted.strip('"`[]').replace('""', '"').casefold()
    return any(parent.casefold() == name for _, parent in references(connection))


def _in_transaction(raw: Any) -> bool:
    return on_driver(raw, lambda driver: bool(getattr(driver, "in_transaction", False)))
