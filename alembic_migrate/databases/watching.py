"""The statements of a run while they are executed: noted, and cancelled where that is asked."""

from __future__ import annotations

import contextlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic_migrate.databases.escaping import in_transaction
from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.sockets import cut
from alembic_migrate.databases.statements import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.escaping import Escapes
    from alembic_migrate.databases.executed import Statements

# Drivers that a signal does not reach while they wait.
_BLOCKING = frozenset({"psycopg2", "MySQLdb"})
_PATIENCE = 2.0  # seconds that a server has to cancel a statement

# An execution option: a connection that does none of the migration's own work.
OURS = "alembic_migrate_ours"


def _left(raw: Any, error: BaseException) -> None:
    """Note that a statement is not waited for any more."""
    _running.discard(raw)
    if not isinstance(error, Exception):
        # A signal ended the wait; aiosqlite's thread works on, and what follows waits for it.
        with contextlib.suppress(Exception):
            _interrupt(raw)


def _was_answered(context: Any) -> bool:
    """Tell whether it was the server that called a statement failed: not a signal, nor a cut."""
    return isinstance(context.original_exception, Exception) and not context.is_disconnect


def _not_ours(listener: Callable[..., None]) -> Callable[..., None]:
    def others(connection: Connection, *more: object) -> None:
        if OURS not in connection.get_execution_options():
            listener(connection, *more)

    return others


@contextmanager
def watched(statements: Statements, escapes: Escapes) -> Iterator[None]:
    """Note what is executed meanwhile, on whatever connection but our own.

    Args:
        statements: is told of each statement, commit and rollback.
        escapes: looks for the end of a transaction that was none of these.
    """

    @_not_ours
    def starts(c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        escapes.look(c)
        statements.starts(c, statement)
        _running.add(_raw(c))

    @_not_ours
    def executed(c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        _running.discard(_raw(c))
        is_open = in_transaction(c)
        for each in apart(statement):
            statements.executed(c, each, in_transaction=is_open)
        escapes.executed(c, is_open=is_open)

    def failed(context: Any) -> None:
        if context.connection is not None:
            _left(_raw(context.connection), context.original_exception)
            if context.statement is None:
                statements.commit_failed()
            elif _was_answered(context):
                statements.failed()

    @_not_ours
    def committed(c: Connection) -> None:
        escapes.ended(c)
        statements.commit()

    @_not_ours
    def rolled_back(c: Connection) -> None:
        escapes.ended(c)
        statements.rollback()

    listeners = {
        "before_cursor_execute": starts,
        "after_cursor_execute": executed,
        "handle_error": failed,
        "commit": committed,
        "rollback": rolled_back,
    }
    with listening(listeners):
        yield


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

    SQLite works in C, where Python's signal handlers have to wait until it is done; so do psycopg2
    and mysqlclient. Drivers that can be interrupted anyway have less to cancel here.
    """
    for raw in _running.all():
        with contextlib.suppress(Exception):
            _cancel(raw)


def _cancel(raw: Any) -> None:
    if _interrupt(raw):
        return
    # The older cancel() of psycopg and psycopg2 holds every thread up until the server answers.
    if hasattr(raw, "cancel_safe"):
        raw.cancel_safe(timeout=_PATIENCE)
    elif type(raw).__module__.partition(".")[0] in _BLOCKING:
        cut(raw)


def _interrupt(raw: Any) -> bool:
    """Interrupt SQLite; return whether it is."""
    below = getattr(getattr(raw, "_connection", None), "_conn", None)  # of aiosqlite
    driver = below if hasattr(below, "interrupt") else raw
    interrupt = getattr(driver, "interrupt", None)
    if interrupt is not None:
        interrupt()
    return interrupt is not None
