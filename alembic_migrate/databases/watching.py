"""The statements of a run: which were executed, which are committed, and how to cancel one."""

from __future__ import annotations

import contextlib
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection

_READS = re.compile(
    r"\s*(SELECT|SHOW|PRAGMA|EXPLAIN|DESCRIBE|SET|BEGIN|COMMIT|ROLLBACK)\b", re.IGNORECASE
)
_DDL = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE|GRANT|REVOKE)\b", re.IGNORECASE)
_COMMITS_WITH_DDL = ("mysql", "mariadb", "oracle")


class Statements:
    """What one run executed on its connections.

    Attributes:
        done: statements that changed something, in their order, since the last ``begin_step``.
        committed: how many of them are committed.
    """

    def __init__(self) -> None:
        self.done: list[str] = []
        self.committed = 0

    def begin_step(self) -> None:
        """Forget what was executed: another revision begins."""
        self.done, self.committed = [], 0

    @property
    def kept(self) -> list[str]:
        """The statements that are committed already, whatever happens next."""
        return self.done[: self.committed]

    def executed(self, connection: Connection, statement: str) -> None:
        """Note a statement that succeeded."""
        if _READS.match(statement):
            return
        self.done.append(" ".join(statement.split()))
        implicit = connection.dialect.name in _COMMITS_WITH_DDL and _DDL.match(statement)
        if implicit or _is_autocommit(connection):
            self.committed = len(self.done)

    def commit(self) -> None:
        """Note that what was executed so far is committed."""
        self.committed = len(self.done)

    def rollback(self) -> None:
        """Note that what was not committed is gone."""
        del self.done[self.committed :]


def _is_autocommit(connection: Connection) -> bool:
    level = connection.get_execution_options().get("isolation_level")
    return level == "AUTOCOMMIT"


@contextmanager
def watched(statements: Statements) -> Iterator[None]:
    """Note what is executed meanwhile, on whatever connection; a gate's own only reads."""

    def executed(c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        _running.discard(_raw(c))
        statements.executed(c, statement)

    def starts(c: Connection, *_rest: object) -> None:
        _running.add(_raw(c))

    def failed(context: Any) -> None:
        if context.connection is not None:
            _running.discard(_raw(context.connection))

    def committed(_c: Connection) -> None:
        statements.commit()

    def rolled_back(_c: Connection) -> None:
        statements.rollback()

    listeners: tuple[tuple[str, Callable[..., None]], ...] = (
        ("before_cursor_execute", starts),
        ("after_cursor_execute", executed),
        ("handle_error", failed),
        ("commit", committed),
        ("rollback", rolled_back),
    )
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


class _Running:
    """The drivers' connections that execute something right now."""

    def __init__(self) -> None:
        self._raw: dict[int, Any] = {}
        self._guard = threading.Lock()

    def add(self, raw: Any) -> None:
        with self._guard:
            self._raw[id(raw)] = raw

    def discard(self, raw: Any) -> None:
        with self._guard:
            self._raw.pop(id(raw), None)

    def all(self) -> list[Any]:
        with self._guard:
            return list(self._raw.values())


_running = _Running()


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def cancel_running() -> None:
    """Cancel the statements that run now; to be called from another thread than theirs.

    SQLite works in C, where Python's signal handlers have to wait until it is done; so does
    psycopg2. Drivers that can be interrupted anyway have nothing to cancel here.
    """
    for raw in _running.all():
        cancel = getattr(raw, "interrupt", None) or getattr(raw, "cancel", None)
        if cancel is not None:
            with contextlib.suppress(Exception):
                cancel()
