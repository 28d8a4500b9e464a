"""Rows of a SQLite database that refer to rows that are gone: counted, and looked for where due.

``PRAGMA foreign_key_check`` looks every row of every child up: seconds for a million of them. It is
so done once for the whole database, and then for the tables alone that were written to, which
SQLite's own authorizer tells of, triggers and all.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy.engine import Connection

T = TypeVar("T")

# How many rows of a table refer to nothing in another. Row numbers may change when a batch
# operation makes a table anew, so rows are counted and not named.
Counts = Counter[tuple[str, str]]

_FIRST = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_FIRST |= {sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_DROP_TABLE}

# As much of the file as SQLite maps at the most: what is looked up lies all over it.
_MAPPED = 0x7FFF0000


def on_driver(raw: Any, work: Callable[[Any], T]) -> T:
    """Do work on the driver's connection below SQLAlchemy's wrapping, in the thread it belongs to.

    Args:
        raw: a ``sqlite3.Connection``, or SQLAlchemy's one of aiosqlite.
        work: gets the ``sqlite3.Connection``.
    """
    if not hasattr(raw, "run_async"):
        return work(raw)

    async def there(wrapping: Any) -> T:
        done: T = await wrapping._execute(lambda: work(wrapping._conn))  # noqa: SLF001 - its only way
        return done

    found: T = raw.run_async(there)
    return found


def below(raw: Any) -> Any:
    """Return the driver's connection below SQLAlchemy's wrapping; in any thread, while it rests."""
    return raw._connection._conn if hasattr(raw, "run_async") else raw  # noqa: SLF001 - as above


class Violations:
    """The violations of foreign keys that come up on one connection.

    Args:
        connection: to SQLite; what is there already is counted now.

    Attributes:
        is_closed: no transaction may be ended, by whatever means.
        refused: one was to be.
    """

    is_closed = False
    refused = False

    def __init__(self, connection: Connection) -> None:
        self._tables = {each.casefold() for each in _tables(connection)}
        self._touched: set[str] | None = set()
        try:
            on_driver(_raw(connection), lambda driver: driver.set_authorizer(self._authorize))
        except (AttributeError, sqlite3.Error):
            self._touched = None  # another driver: everything is looked at each time
        self._before = _count(connection, None)

    def _authorize(self, action: int, first: str | None, second: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_TRANSACTION and first != "BEGIN" and self.is_closed:
            self.refused = True
            return sqlite3.SQLITE_DENY
        # It is asked when a statement is compiled, and statements are kept: nothing is forgotten.
        if self._touched is not None:
            if action in _FIRST and first is not None:
                self._touched.add(first.casefold())
            elif action == sqlite3.SQLITE_ALTER_TABLE and second is not None:
                self._touched.add(second.casefold())
        return sqlite3.SQLITE_OK

    def new(self, connection: Connection) -> Counts:
        """Return those that were not there when counting began."""
        return _count(connection, self._suspects(connection)) - self._before

    def _suspects(self, connection: Connection) -> Collection[str] | None:
        """Return the tables whose rows may refer to nothing by now; None for all."""
        if self._touched is None:
            return None
        # A table may have got another name since; one that was dropped is there no more.
        changed = self._touched | ({each.casefold() for each in _tables(connection)} - self._tables)
        return sorted(
            {
                table
                for table, parent in references(connection)
                if not changed.isdisjoint((table.casefold(), parent.casefold()))
            }
        )


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _tables(connection: Connection) -> list[str]:
    statement = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return list(connection.exec_driver_sql(statement).scalars())


def _quoted(table: str) -> str:
    return '"' + table.replace('"', '""') + '"'


def references(connection: Connection) -> list[tuple[str, str]]:
    """Return each table that has a foreign key, with the table that it refers to."""
    statement = (
        'SELECT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f '
        "WHERE m.type = 'table'"
    )
    return [(str(row[0]), str(row[1])) for row in connection.exec_driver_sql(statement)]


def _count(connection: Connection, tables: Collection[str] | None) -> Counts:
    found: Counts = Counter()
    parts = [""] if tables is None else [f"({_quoted(table)})" for table in tables]
    with _mapped(connection):
        for part in parts:
            # A foreign key to columns that are not unique cannot be checked at all.
            with contextlib.suppress(DBAPIError):
                rows = connection.exec_driver_sql(f"PRAGMA foreign_key_check{part}").all()
                found.update((str(row[0]), str(row[2])) for row in rows)
    return found


@contextlib.contextmanager
def _mapped(connection: Connection) -> Iterator[None]:
    """Read the file by way of the memory meanwhile: several times as fast."""
    before = connection.exec_driver_sql("PRAGMA mmap_size").scalar()
    connection.exec_driver_sql(f"PRAGMA mmap_size = {_MAPPED}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA mmap_size = {before or 0}")
