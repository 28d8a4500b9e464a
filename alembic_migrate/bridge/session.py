"""The migrating session: its own lock, its limits, whom it waits for, and its end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from alembic_migrate.bridge.limits import limit, lock_timeout
from alembic_migrate.bridge.truth import invalid_indexes
from alembic_migrate.databases.connecting import guarded
from alembic_migrate.databases.faults import code_of
from alembic_migrate.databases.holding import held
from alembic_migrate.databases.settings import put_back
from alembic_migrate.databases.sockets import cut
from alembic_migrate.databases.timeouts import ConnectTimeout
from alembic_migrate.databases.urls import mask
from alembic_migrate.locks.blockers import Blockers
from alembic_migrate.locks.ending import end_session, number_of
from alembic_migrate.locks.pooler import refuse_pooler
from alembic_migrate.locks.sessions import SessionLock, lock_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.sites import Site
    from alembic_migrate.databases.holding import Held
    from alembic_migrate.locks.holder import Holder
    from alembic_migrate.targets import Target

# The isolation levels at which each statement sees what was committed before it.
_SEES_COMMITS = {"READ UNCOMMITTED", "READ COMMITTED", "AUTOCOMMIT"}

_CHANGED_SINCE = "40001"  # PostgreSQL's, of a row

_SOON = ConnectTimeout(2.0, configured=True)
_ENDING = 3.0  # seconds that ending a session may take


class StartAgain(BaseException):
    """Somebody else moved the database, or still works on it: begin anew with what is there now.

    No ``Exception``, so that an environment script's own ``except Exception`` lets it through.

    Args:
        moved: the database was moved, and nobody works on it any more.
    """

    def __init__(self, *, moved: bool = False) -> None:
        super().__init__()
        self.moved = moved


class Session:
    """The session that migrates, from when Alembic has connected until its lock is given back.

    Args:
        target: what is migrated.
        beside: another connection to the server; None where there is none.

    Attributes:
        awaited: who had the lock when it was tried for last; None where nobody had it, or nobody is
            known.
    """

    def __init__(self, target: Target, beside: Held | None) -> None:
        self.target = target
        self.awaited: Holder | None = None
        self._invalid: dict[str | None, tuple[str, ...]] = {}
        self._beside = beside
        self._on: tuple[Connection, Any] | None = None
        self._number: int | None = None
        self._lock: SessionLock | None = None
        self._resetting: list[str] = []
        self._blockers: Blockers | None = None
        self._watching = contextlib.ExitStack()

    def enter(
        self, connection: Connection, context: MigrationContext, heads: Sequence[str]
    ) -> None:
        """Take the session's lock, and set its limits.

        Args:
            connection: the session's.
            context: Alembic's.
            heads: ids in the version table as Alembic read them, before this lock was ours.

        Raises:
            StartAgain: another session, whose process may be dead, still works; or the version
                table has changed since.
        """
        self._on = (connection, connection.connection.dbapi_connection)
        self._number = number_of(connection)
        lock = self._lock_for(connection, context)
        self._refuse_pooler(connection, lock)
        if lock is not None:
            if not lock.try_acquire(connection):
                self.awaited = lock.holder(connection)
                raise StartAgain
            self.awaited, self._lock = None, lock
            if _heads_now(connection, context) != set(heads):
                raise StartAgain(moved=True)
        self._resetting = limit(connection, self.target, self._beside)
        if connection.dialect.name == "postgresql":
            if (where := self._database_of(connection)) not in self._invalid:
                self._invalid[where] = invalid_indexes(connection, self.target)
            self._watch_blockers(connection)

    def _refuse_pooler(self, connection: Connection, lock: SessionLock | None) -> None:
        if connection.dialect.name != "postgresql":
            return
        if lock is not None:
            refuse_pooler(connection, self.target.config["pooler"])
        elif self.target.schema is not None:
            refuse_pooler(connection, self.target.config["pooler"], "a tenant's search path")

    def _database_of(self, connection: Connection) -> str | None:
        return None if self.target.environment == "builtin" else mask(connection.engine.url)

    def invalid_before(self, site: Site) -> tuple[str, ...]:
        """Return the indexes of a database that were invalid before the run's first attempt."""
        return self._invalid.get(None if site.engine is None else site.database, ())

    def _lock_for(self, connection: Connection, context: MigrationContext) -> SessionLock | None:
        if self.target.config["lock"] == "off":
            return None
        table, schema = context.version_table, context.version_table_schema
        return lock_for(connection.dialect.name, "session", schema, table)

    def _watch_blockers(self, connection: Connection) -> None:
        lock = lock_timeout(self.target, connection)
        if self._beside is not None and lock and self._number is not None:
            self._blockers = Blockers(self._beside, self._number, min(1.0, lock / 3))
            self._watching.enter_context(self._blockers.watching())

    @property
    def blocked_by(self) -> str | None:
        """Return whom the session was last seen waiting for."""
        return self._blockers.last if self._blockers is not None else None

    def end(self) -> bool:
        """End the session after a signal or a cut: its server does not notice by itself.

        MySQL's would even finish an ALTER, and keep the session's lock meanwhile.

        Returns:
            Whether that was possible.
        """
        number, beside = self._number, self._beside
        if number is None or beside is None:
            return False
        try:
            beside.call(lambda c: end_session(c, number), _ENDING)
        except Exception:  # noqa: BLE001 - the truth is looked up in any case
            return not beside.lost and self._end_from_elsewhere(number)
        return True

    def _end_from_elsewhere(self, number: int) -> bool:
        """End the session from a new connection, where the one beside it was cut with it.

        A server that was started anew may have given the number to somebody else, who does not have
        our lock.
        """
        url, lock = self.target.configured_url(), self._lock
        if url is None or lock is None:
            return False

        def end(connection: Connection) -> None:
            holder = lock.holder(connection)
            if holder is not None and holder.number == number:
                end_session(connection, number)

        with (
            contextlib.suppress(Exception),
            guarded(timeout=_SOON, reading=True),
            held(url, self.target.engine_factory, _SOON) as connection,
        ):
            connection.call(end, _ENDING)
            return True
        return False

    def give_up(self) -> None:
        """Let nothing more be asked on its connection, which was cut."""
        if self._on is not None:
            with contextlib.suppress(Exception):
                self._on[0].invalidate()

    def ran(self) -> None:
        """Give its lock back, unless a transaction for all revisions waits to commit.

        Then it is given back with the connection: later the environment script does not let us.
        """
        if self._on is None or not self._on[0].in_transaction():
            self.leave()

    def returned(self, raw: Any, record: Any) -> None:
        """Give its lock back with its connection, which has committed or rolled back."""
        if self._on is not None and self._on[1] is raw and not self.leave(returned=True):
            record.invalidate()

    def leave(self, *, returned: bool = False) -> bool:
        """Give its lock and its settings back: they would outlive the return to a pool.

        Args:
            returned: SQLAlchemy's connection is being closed, so that the driver's own is used.

        Returns:
            Whether that could be done; the driver's connection is closed where it could not.
        """
        self._watching.close()
        if self._on is None:
            return True
        (connection, raw), self._on = self._on, None
        statements, self._resetting = self._resetting, []
        if self._lock is not None:
            statements = [self._lock.releasing(connection), *statements]
            self._lock = None
        if not statements:
            return True
        gone = connection.closed or connection.invalidated
        if gone and not returned and connection.dialect.is_async:
            cut(raw)  # its event loop has ended
            return False
        try:
            if returned or gone:
                # A pool may have kept the session, and the lock with it.
                _execute(raw, statements)
            else:
                begun = connection.in_transaction()
                put_back(connection, statements)
                if not begun:
                    connection.commit()
        except Exception:  # noqa: BLE001 - whatever it is, the session has to end then
            with contextlib.suppress(Exception):
                raw.close()
            return False
        return True


def _heads_now(connection: Connection, context: MigrationContext) -> set[str]:
    """Return the ids in the version table now: a transaction may see them as they were before.

    Its snapshot is taken when it first reads, and the lock came after that.

    Raises:
        StartAgain: PostgreSQL says no more than that they have changed.
    """
    if connection.get_isolation_level() in _SEES_COMMITS:
        return set(context.get_current_heads())
    if not context._has_version_table():  # noqa: SLF001 - as Alembic looks for it itself
        return set()
    # What is read to be locked is read as it is now, by MySQL's and MariaDB's word.
    statement = select(context._version.c.version_num).with_for_update(read=True)  # noqa: SLF001
    try:
        return set(connection.execute(statement).scalars())
    except DBAPIError as error:
        if code_of(error) == _CHANGED_SINCE:
            raise StartAgain(moved=True) from error
        raise


def _execute(raw: Any, statements: Sequence[str]) -> None:
    raw.rollback()
    cursor = raw.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()
    raw.commit()
