"""The statements of a run: which were executed, which are committed, and how to cancel one."""

from __future__ import annotations

import contextlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.sockets import cut
from alembic_migrate.databases.statements import commits_by_itself, is_commit, is_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection

# Drivers that a signal does not reach while they wait.
_BLOCKING = frozenset({"psycopg2", "MySQLdb"})
_PATIENCE = 2.0  # seconds that a server has to cancel a statement

# An execution option: a connection that does none of the migration's own work.
OURS = "alembic_migrate_ours"


class Statements:
    """What one run executed on its connections.

    Attributes:
        done: statements that changed something and whose revision the version table may not name.
        committed: how many of them are committed.
        commits: how often something was committed.
        unknown: the statement that was begun and of whose end nothing is known, where it commits by
            itself: the server may have finished it or not. None where there is none.
    """

    def __init__(self) -> None:
        self.done: list[str] = []
        self.committed = 0
        self.commits = 0
        self.unknown: str | None = None
        self._doubtful: tuple[list[str], int, int, int] | None = None  # before the last commit
        self._whole = 0  # how many of them belong to revisions that came to their end

    def begin_step(self) -> None:
        """Note that another revision begins: what the ones before it did is whole.

        With one transaction for all revisions it is not committed yet, though, and what one of them
        committed in between stays when the others are rolled back.
        """
        self._whole = len(self.done)
        self._forget_whole()

    @property
    def kept(self) -> list[str]:
        """The statements that are committed although their revision is not, whatever happens."""
        return self.done[: self.committed]

    @property
    def settled(self) -> bool:
        """Whether nothing waits for a commit."""
        return self.committed == len(self.done)

    def starts(self, connection: Connection, statement: str) -> None:
        """Note a statement that begins: DDL commits what was before it, even if it fails itself."""
        self._doubtful = None
        alone = commits_by_itself(connection, statement)
        if alone:
            self.commit()
        self.unknown = None
        # SQLite's are over when they return, however they do.
        if (alone or is_autocommit(connection)) and connection.dialect.name != "sqlite":
            self.unknown = None if is_read(statement) else _on_one_line(statement)

    def executed(self, connection: Connection, statement: str) -> None:
        """Note a statement that succeeded."""
        self.unknown = None
        commits = is_commit(statement, connection.dialect.name)
        if not is_read(statement):
            self.done.append(_on_one_line(statement))
        elif not commits:
            return
        if commits:  # op.execute("COMMIT"), of which SQLAlchemy knows nothing
            self.commit()
        if commits_by_itself(connection, statement) or is_autocommit(connection):
            self.committed = len(self.done)

    def failed(self) -> None:
        """Note that the server says that the statement failed which was begun last."""
        self.unknown = None

    def commit(self) -> None:
        """Note that what was executed so far is being committed."""
        self._doubtful = (self.done[:], self.committed, self.commits, self._whole)
        self.committed = len(self.done)
        self.commits += 1
        self._forget_whole()

    def commit_failed(self) -> None:
        """Note that the commit failed that was begun last, as one with deferred constraints may."""
        if self._doubtful is not None:
            self.done, self.committed, self.commits, self._whole = self._doubtful
            self.rollback()

    def rollback(self) -> None:
        """Note that what was not committed is gone."""
        self._doubtful = None
        del self.done[self.committed :]
        self._whole = min(self._whole, self.committed)

    def _forget_whole(self) -> None:
        """Forget the revisions that are committed up to their rows in the version table."""
        if self._whole <= self.committed:
            del self.done[: self._whole]
            self.committed -= self._whole
            self._whole = 0


def _on_one_line(statement: str) -> str:
    return " ".join(statement.split())


def is_autocommit(connection: Connection) -> bool:
    """Tell whether every statement on a connection is committed at once."""
    level = connection.get_execution_options().get("isolation_level")
    if level is None:  # what the engine was made with
        level = getattr(connection.dialect, "_on_connect_isolation_level", None)
    return level == "AUTOCOMMIT"


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
def watched(statements: Statements) -> Iterator[None]:
    """Note what is executed meanwhile, on whatever connection but our own."""

    @_not_ours
    def starts(c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        statements.starts(c, statement)
        _running.add(_raw(c))

    @_not_ours
    def executed(c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        _running.discard(_raw(c))
        statements.executed(c, statement)

    def failed(context: Any) -> None:
        if context.connection is not None:
            _left(_raw(context.connection), context.original_exception)
            if context.statement is None:
                statements.commit_failed()
            elif _was_answered(context):
                statements.failed()

    @_not_ours
    def committed(_c: Connection) -> None:
        statements.commit()

    @_not_ours
    def rolled_back(_c: Connection) -> None:
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
