"""Transactions that end without SQLAlchemy's knowledge: by the driver's own ``commit()``, say.

A cursor of the driver's, SQLite's ``executescript()`` and a procedure of MySQL's do the same. What
went before is committed then, and neither rolled back nor to be run again.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from alembic_migrate.databases.faults import code_of
from alembic_migrate.databases.statements import is_autocommit
from alembic_migrate.databases.violations import on_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.executed import Statements

# What opens a transaction and does no more, so that it is seen when it ends. PostgreSQL's takes no
# snapshot: SET TRANSACTION may still follow.
_OPENS = {"postgresql": "SHOW transaction_isolation", "sqlite": "SELECT 1"}
_IDLE, _UNKNOWN = 0, 4  # libpq's PQTRANS_IDLE and PQTRANS_UNKNOWN

_MARK = "alembic_migrate"
_NO_SAVEPOINT, _DEADLOCK, _LOCK_TIMEOUT = 1305, 1213, 1205  # MySQL's numbers of errors


class Escapes:
    """Looks whether transactions end otherwise than by SQLAlchemy.

    The drivers of PostgreSQL and SQLite know at each moment whether one is open. Those of MySQL do
    not: there a savepoint is gone with its transaction.

    Args:
        statements: is told of it.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._open: set[int] = set()
        self._marked: tuple[Connection, int] | None = None

    @contextmanager
    def looked_for(self, connection: Connection | None) -> Iterator[None]:
        """Look for the end of the transaction that a revision runs in.

        Args:
            connection: its own; None where a script is written.
        """
        if connection is not None and connection.in_transaction() and not is_autocommit(connection):
            self._begin(connection)
        try:
            yield
        except Exception as error:
            self._end(error)
            raise
        self._end(None)

    def _begin(self, connection: Connection) -> None:
        dialect = connection.dialect.name
        if dialect in _OPENS:
            connection.exec_driver_sql(_OPENS[dialect])
        elif dialect in {"mysql", "mariadb"}:
            connection.exec_driver_sql(f"SAVEPOINT {_MARK}")
            self._marked = (connection, self._statements.commits)

    def _end(self, error: Exception | None) -> None:
        marked, self._marked = self._marked, None
        if marked is None:
            return
        connection, commits = marked
        if commits != self._statements.commits or connection.closed or connection.invalidated:
            return
        try:
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {_MARK}")
        except SQLAlchemyError as gone:
            if code_of(gone) == _NO_SAVEPOINT and not _rolled_back(connection, error):
                self._statements.escaped()

    def look(self, connection: Connection) -> None:
        """Look whether a transaction has ended since the last statement in it.

        Then look no more until the next one has succeeded: one that fails may end it by itself, as
        SQLite's do that are interrupted.
        """
        raw = id(_raw(connection))
        if raw in self._open:
            self._open.discard(raw)
            if in_transaction(connection) is False:
                self._statements.escaped()

    def executed(self, connection: Connection, *, is_open: bool | None) -> None:
        """Note whether a transaction is open after a statement."""
        if is_open and not is_autocommit(connection):
            self._open.add(id(_raw(connection)))

    def ended(self, connection: Connection) -> None:
        """Look once more when SQLAlchemy ends a transaction."""
        if not connection.invalidated:
            self.look(connection)


def in_transaction(connection: Connection) -> bool | None:
    """Tell whether a transaction is open, by the driver's word; None: it does not say."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        return on_driver(_raw(connection), lambda raw: getattr(raw, "in_transaction", None))
    if dialect != "postgresql":
        return None
    driver: Any = connection.connection.driver_connection
    if hasattr(driver, "is_in_transaction"):  # asyncpg's
        return None if driver.is_closed() else bool(driver.is_in_transaction())
    status = getattr(getattr(driver, "info", None), "transaction_status", _UNKNOWN)
    return None if status == _UNKNOWN else status != _IDLE


def _rolled_back(connection: Connection, error: Exception | None) -> bool:
    """Tell whether the server has rolled a transaction back with the error of its statement."""
    code = code_of(error) if error is not None else None
    if code == _LOCK_TIMEOUT:
        return bool(connection.exec_driver_sql("SELECT @@innodb_rollback_on_timeout").scalar())
    return code == _DEADLOCK


def _raw(connection: Connection) -> object:
    return connection.connection.dbapi_connection
