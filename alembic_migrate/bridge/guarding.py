"""What surrounds a run that changes a database: the locks, the timeouts, the truth afterwards."""

from __future__ import annotations

import contextlib
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alembic_migrate.bridge.journal import Journal
from alembic_migrate.bridge.rehearsing import check_deferred, nothing_commits
from alembic_migrate.bridge.truth import invalid_indexes
from alembic_migrate.databases.holding import held
from alembic_migrate.databases.settings import set_mysql, set_postgres
from alembic_migrate.databases.sqlite import SqliteCare, migrating_sqlite
from alembic_migrate.databases.urls import sqlite_file
from alembic_migrate.databases.watching import Statements, watched
from alembic_migrate.events import Event
from alembic_migrate.locks.blockers import Blockers
from alembic_migrate.locks.ending import end_session, number_of
from alembic_migrate.locks.gate import Gate, Wish, gate
from alembic_migrate.locks.pooler import refuse_pooler
from alembic_migrate.locks.sessions import SessionLock, lock_for
from alembic_migrate.locks.sidecar import SidecarLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from sqlalchemy.engine import URL, Connection

    from alembic_migrate.databases.holding import Held
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target

_POSTGRES_LOCK_TIMEOUT = 5.0  # seconds


class StartAgain(BaseException):
    """Somebody else moved the database, or still works on it: begin anew with what is there now.

    No ``Exception``, so that an environment script's own ``except Exception`` lets it through.
    """


class Guard:
    """The locks and limits of one run.

    Args:
        target: what is migrated.
        held: the gate, held already.
        noting: what the journal is written on; None: after the run.
        statements: what the run executes.
        sqlite: looks after SQLite's foreign keys.
    """

    def __init__(
        self,
        target: Target,
        held: Gate,
        statements: Statements,
        sqlite: SqliteCare,
        noting: Held | None,
    ) -> None:
        self.target = target
        self.gate = held
        self.statements = statements
        self.sqlite = sqlite
        self.journal = Journal(target, noting) if target.keeps_journal else None
        self._blockers: Blockers | None = None
        self._watching = contextlib.ExitStack()
        self._resetting: list[str] = []
        self.invalid_before: tuple[str, ...] = ()
        self._sidecars: dict[Path, SidecarLock] = {}
        self._inner: tuple[SessionLock, Connection, Any] | None = None
        self._number: int | None = None

    def enter(self, context: MigrationContext, heads: Sequence[str]) -> None:
        """Take the lock of the migrating session itself, and set its limits.

        Args:
            context: Alembic's, connected.
            heads: ids in the version table as Alembic read them, before this lock was ours.

        Raises:
            StartAgain: another session, whose process may be dead, still works; or the version
                table has changed since.
        """
        connection = context.connection
        if connection is None or self._inner is not None:
            return
        self._enter_sqlite(connection)
        self._number = number_of(connection)
        lock = self._lock(connection, context)
        if lock is not None:
            if connection.dialect.name == "postgresql":
                refuse_pooler(connection, self.target.config["pooler"])
            if not lock.try_acquire(connection):
                raise StartAgain
            self._inner = (lock, connection, connection.connection.dbapi_connection)
            if set(context.get_current_heads()) != set(heads):
                raise StartAgain
        self._limit(connection)

    def _enter_sqlite(self, connection: Connection) -> None:
        """Take the lock of a SQLite file that an environment script chose in place of ours."""
        file = sqlite_file(connection.engine.url)
        if file is None or self.target.config["lock"] == "off":
            return
        configured = self.target.configured_url()
        ours = sqlite_file(configured) if configured is not None else None
        lock = SidecarLock(file)
        if (ours is not None and ours.resolve() == file.resolve()) or lock.path in self._sidecars:
            return
        if not lock.try_acquire():
            raise StartAgain
        self._sidecars[lock.path] = lock

    def rehearsed(self, connection: Connection) -> None:
        """Check, before what was rehearsed is rolled back, what a commit would check.

        Raises:
            MigrationError: rows would refer to rows that are gone.
            DBAPIError: a deferred constraint does not hold.
        """
        check_deferred(connection)
        self.sqlite.check(connection)

    def _lock(self, connection: Connection, context: MigrationContext) -> SessionLock | None:
        if self.target.config["lock"] == "off":
            return None
        table, schema = context.version_table, context.version_table_schema
        return lock_for(connection.dialect.name, "session", schema, table)

    def _limit(self, connection: Connection) -> None:
        """Set the session's own timeouts: plain settings, which a commit does not take away."""
        config = self.target.config
        statement, lock = config["statement_timeout"], lock_timeout(self.target, connection)
        if connection.dialect.name == "postgresql":
            wanted = {"lock_timeout": lock, "statement_timeout": statement}
            settings = {k: f"{round(v * 1000)}ms" for k, v in wanted.items() if v is not None}
            if self._server_checks_clients():
                settings["client_connection_check_interval"] = "1s"
            self._resetting = set_postgres(connection, settings)
            self.invalid_before = invalid_indexes(connection)
            self._watch_blockers(connection, lock)
        elif connection.dialect.name in {"mysql", "mariadb"}:
            numbers: dict[str, float] = {}
            if lock is not None:
                seconds = max(1, round(lock)) if lock else 31536000
                numbers = {"lock_wait_timeout": seconds, "innodb_lock_wait_timeout": seconds}
            if getattr(connection.dialect, "is_mariadb", False) and statement is not None:
                numbers["max_statement_time"] = float(statement)
            self._resetting = set_mysql(connection, numbers)

    def _server_checks_clients(self) -> bool:
        """Tell whether the server can notice a dead client in the middle of a statement.

        Where its system cannot, it refuses the setting; that is tried on the gate's connection.
        """
        if self.gate.connection is None:
            return False
        setting = {"client_connection_check_interval": "1s"}
        try:
            self.gate.connection.call(lambda c: set_postgres(c, setting))
        except DBAPIError:
            return False
        return True

    def _watch_blockers(self, connection: Connection, lock: float | None) -> None:
        if self.gate.connection is None or not lock or connection.dialect.name != "postgresql":
            return
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        self._blockers = Blockers(self.gate.connection, pid, min(1.0, lock / 3))
        self._watching.enter_context(self._blockers.watching())

    @property
    def blocked_by(self) -> str | None:
        """Return whom the migrating session was last seen waiting for."""
        return self._blockers.last if self._blockers is not None else None

    def begins(self, revision: str, direction: str, step: RevisionStep | StampStep) -> None:
        """Make sure that the gate is still ours; called before each revision.

        Raises:
            LockError: it is not.
        """
        self.statements.begin_step()
        self.gate.check()
        if self.journal is not None:
            script = getattr(step, "revision", None)
            path = getattr(script, "path", None)
            ran = path is not None and not getattr(step, "by_hand", False)
            self.journal.begin(revision, direction if ran else "stamp", path)

    def ended(self, outcome: str) -> None:
        """Note how the revision ended that began last."""
        if self.journal is not None:
            self.journal.end(outcome, self.statements.commits, settled=self.statements.settled)

    def end_session(self) -> None:
        """End the migrating session after a signal: a server does not notice that nobody listens.

        MySQL's would even finish an ALTER, and keep the session's lock meanwhile.
        """
        number = self._number
        if number is not None and self.gate.connection is not None:
            with contextlib.suppress(Exception):  # the truth is looked up in any case
                self.gate.connection.call(lambda c: end_session(c, number))

    def leave(self) -> None:
        """Give the session's lock back: it would outlive the connection's return to a pool."""
        self._watching.close()
        if self._inner is None:
            return
        lock, connection, raw = self._inner
        self._inner = None
        statements = [lock.releasing(connection), *self._resetting]
        try:
            if connection.closed or connection.invalidated:
                # A pool may have kept the session, and the lock with it.
                raw.rollback()
                cursor = raw.cursor()
                for statement in statements:
                    cursor.execute(statement)
                cursor.close()
                raw.commit()
            else:
                begun = connection.in_transaction()
                for statement in statements:
                    connection.exec_driver_sql(statement)
                if not begun:
                    connection.commit()
        except Exception:  # noqa: BLE001 - whatever it is, the session has to end then
            with contextlib.suppress(Exception):
                raw.close()

    def close(self) -> None:
        """Give every lock back, those beside files too, which are held for the whole run."""
        self.leave()
        try:
            if self.journal is not None:
                self.journal.close()
        finally:
            while self._sidecars:
                self._sidecars.popitem()[1].release()


def lock_timeout(target: Target, connection: Connection) -> float | None:
    """Return how many seconds a statement may wait for another session's lock, or None."""
    configured = target.config["lock_timeout"]
    if configured is not None:
        return float(configured)
    return _POSTGRES_LOCK_TIMEOUT if connection.dialect.name == "postgresql" else None


@contextmanager
def guarding(target: Target, report: Report) -> Iterator[Guard]:
    """Hold the gate of a target, and note what is executed meanwhile.

    Raises:
        LockError: another process holds it.
    """
    statements = Statements()
    url = target.configured_url()
    with contextlib.ExitStack() as stack:
        open_gate = Gate(lambda: True)
        if url is not None:
            wish = Wish(
                url=url,
                schema=target.version_table_schema,
                table=target.version_table,
                mode=target.config["lock"],
                wait=target.lock_wait,
                pooler=target.config["pooler"],
                factory=target.engine_factory,
                timeout=float(target.config["connect_timeout"]),
            )
            tell = lambda said: report(Event("warning", said, target.name))  # noqa: E731
            open_gate = stack.enter_context(gate(wish, tell))
        sqlite = stack.enter_context(migrating_sqlite())
        if target.rehearsing:
            # Before it is noted what is committed: nothing is.
            stack.enter_context(nothing_commits())
        stack.enter_context(watched(statements))
        noting = stack.enter_context(_noting(target, url, open_gate))
        guard = Guard(target, open_gate, statements, sqlite, noting)
        try:
            yield guard
        except BaseException:
            with contextlib.suppress(Exception):  # what failed matters more than its row
                guard.close()
            raise
        guard.close()


@contextmanager
def _noting(target: Target, url: URL | None, open_gate: Gate) -> Iterator[Held | None]:
    """Hand out what the journal is written on: the gate's connection, or one where it has none."""
    needed = target.keeps_journal and url is not None and url.get_backend_name() != "sqlite"
    if url is None or not needed or open_gate.connection is not None:
        yield open_gate.connection
        return
    with held(url, target.engine_factory) as connection:
        yield connection


def pause_before_retry(attempt: int) -> None:
    """Wait a little longer each time: 0.5, 1, 2, 4 seconds and no more."""
    time.sleep(min(0.5 * 2**attempt, 4.0))
