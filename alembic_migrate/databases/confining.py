"""Confinement: what runs on a scratch database reaches nothing else.

Whatever makes a connection meanwhile (an environment script, an ``engine`` hook, a revision), the
connection has to lead to the scratch database, whose name nothing else bears. A server is more than
its databases, though: what would change its roles or another of its databases is refused too.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.urls import mask, sqlite_file
from alembic_migrate.errors import ConfigError, MigrationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL, Connection, Dialect

_COMMENTS = re.compile(r"(\s+|--[^\n]*(\n|$)|/\*(?!!).*?\*/)*", re.DOTALL)
_OBJECT = r"(ROLE|USER(?!\s+MAPPING)|GROUP|TABLESPACE|DATABASE)\b"
_POSTGRES = re.compile(
    rf"(CREATE|ALTER|DROP|COMMENT\s+ON)\s+{_OBJECT}|ALTER\s+SYSTEM\b|(DROP|REASSIGN)\s+OWNED\b"
    r"|CREATE\s+SUBSCRIPTION\b|(GRANT|REVOKE)\s(?!.*\sON\s)",
    re.IGNORECASE | re.DOTALL,
)
_IN_BLOCK = re.compile(rf"\b(CREATE|ALTER|DROP)\s+{_OBJECT}", re.IGNORECASE)
_MYSQL = re.compile(
    r"(CREATE|ALTER|DROP|RENAME)\s+(OR\s+REPLACE\s+)?(ROLE|USER|DATABASE|SCHEMA|TABLESPACE|SERVER)\b"
    r"|USE\s|SET\s+(@@)?(GLOBAL|PERSIST)\b|(GRANT|REVOKE)\b|FLUSH\b",
    re.IGNORECASE,
)
# database.table, where a statement names one; a column's table stands behind ON or in brackets.
_QUALIFIED = re.compile(
    r"\b(?:TABLE|EXISTS|INTO|UPDATE|IGNORE|FROM|JOIN|VIEW|REFERENCES|TRIGGER|PROCEDURE|FUNCTION|TO"
    r"|INDEX\s+\S+\s+ON)\s+`?(?P<database>\w+)`?\s*\.\s*`?\w",
    re.IGNORECASE,
)
_FROM_OF_FUNCTIONS = re.compile(r"\b(EXTRACT|TRIM|SUBSTR(ING)?)\s*\([^()]*?\bFROM\b", re.IGNORECASE)
_SYSTEM = frozenset({"information_schema", "performance_schema", "mysql", "sys"})

_NAMES = {
    "postgresql": "SELECT current_database()",
    "mysql": "SELECT DATABASE()",
    "mariadb": "SELECT DATABASE()",
    "sqlite": "PRAGMA database_list",
}


class _Fence:
    """What is let through on the way to one scratch database.

    Args:
        url: the scratch database.
        shared: it is on a server that holds other things.
        mend: what lets a script come here, for messages.
    """

    def __init__(self, url: URL, *, shared: bool, mend: str) -> None:
        self._url = url
        # A file's own path may be told in another spelling; the folder made for it is unique.
        file = sqlite_file(url)
        self._name = file.parent.name if file is not None else str(url.database)
        self._shared = shared
        self._mend = mend
        self._others: frozenset[str] | None = None

    def connecting(
        self, _dialect: Dialect, _record: object, arguments: Any, parameters: dict[str, Any]
    ) -> None:
        """Refuse a connection that is about to be made to another database."""
        if not any(self._name in str(value) for value in (*arguments, *parameters.values())):
            raise self._elsewhere()

    def connected(self, connection: Connection) -> None:
        """Refuse a connection that was there already, or that a ``creator`` made."""
        if self._name not in _asked_name(connection):
            connection.close()
            raise self._elsewhere()

    def executing(
        self, connection: Connection, _cursor: object, statement: str, *_rest: object
    ) -> None:
        """Refuse a statement that reaches out of the database."""
        start = _COMMENTS.match(statement)
        text = statement[start.end() :] if start else statement
        backend = connection.dialect.name
        if backend == "sqlite":
            refused = text[:6].upper() == "ATTACH"
        elif not self._shared:
            refused = False
        elif backend == "postgresql":
            in_block = text[:2].upper() == "DO" and _IN_BLOCK.search(text) is not None
            refused = in_block or _POSTGRES.match(text) is not None
        else:
            refused = _MYSQL.match(text) is not None or self._names_another(connection, text)
        if refused:
            raise MigrationError(
                "this reaches out of the scratch database, and was not run: "
                f"{' '.join(text.split())[:200]}",
                hint="it needs a server of its own to be tried on: "
                f'scratch_url = "{self._url.drivername}://user:${{PASSWORD}}@localhost/name"'
                if backend != "sqlite"
                else None,
            )

    def _names_another(self, connection: Connection, text: str) -> bool:
        plain = _FROM_OF_FUNCTIONS.sub("(", text)
        named = {found["database"].lower() for found in _QUALIFIED.finditer(plain)}
        named -= {self._name.lower(), *_SYSTEM}
        if not named:
            return False
        if self._others is None:
            cursor = connection.connection.dbapi_connection.cursor()  # type: ignore[union-attr]
            cursor.execute("SHOW DATABASES")
            self._others = frozenset(str(row[0]).lower() for row in cursor.fetchall())
            cursor.close()
        return bool(named & self._others)

    def _elsewhere(self) -> ConfigError:
        return ConfigError(
            "something connects to another database than the scratch one, where nothing was run: "
            f"{mask(self._url)} was meant",
            hint=self._mend,
        )


def _asked_name(connection: Connection) -> str:
    """Return the name of the database that a new connection is in, asked past SQLAlchemy."""
    raw: Any = connection.connection.dbapi_connection
    backend = connection.dialect.name
    cursor = raw.cursor()
    try:
        cursor.execute(_NAMES[backend])
        row = cursor.fetchone()
    finally:
        cursor.close()
    if backend != "sqlite":
        raw.rollback()  # to ask has begun a transaction
        return str(row[0])
    return str(row[2])


@contextmanager
def confined(url: URL, *, shared: bool, mend: str) -> Iterator[None]:
    """Refuse meanwhile whatever would reach another database than a scratch one.

    Args:
        url: the scratch database.
        shared: its server holds other things, whose roles and databases are left alone.
        mend: what lets a script come here, for messages.

    Raises:
        ConfigError: something connects elsewhere; nothing was executed there.
        MigrationError: a statement reaches out of the scratch database; it was not executed.
    """
    fence = _Fence(url, shared=shared, mend=mend)
    with listening(
        {
            "do_connect": fence.connecting,
            "engine_connect": fence.connected,
            "before_cursor_execute": fence.executing,
        }
    ):
        yield


@contextmanager
def hasty(url: URL) -> Iterator[None]:
    """Let a SQLite file that is thrown away be written without waiting for the disk."""

    def relax(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            raw: Any = connection.connection.dbapi_connection
            if not getattr(raw, "in_transaction", False):
                cursor = raw.cursor()
                cursor.execute("PRAGMA synchronous = OFF")
                cursor.execute("PRAGMA journal_mode = MEMORY")
                cursor.close()

    with listening({"engine_connect": relax} if url.get_backend_name() == "sqlite" else {}):
        yield
